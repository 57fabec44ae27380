import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connect } from "../local/clients.ts";
import { freePort } from "../local/free-port.ts";
import { ROOT, run } from "../local/tool.ts";

/**
 * Runs two stacks of `npm run dev` side by side: each has its own state, a cron trigger is fired by hand, and changes
 * of a contract and of the console are reloaded within seconds. It changes files, so it needs a checkout of its own.
 */
if (!process.argv.includes("--changes-files")) {
  console.error("This adds a topic and changes the console. In a copy of the repository, run it with --changes-files.");
  process.exit(2);
}

const TOPIC = "device.ecobee.zone.renamed";
/** The file of another topic, under a new name. */
const CONTRACT = readFileSync(join(ROOT, "src/shared/contracts/ecobee/alert-cleared.ts"), "utf8")
  .replaceAll("ecobeeAlertCleared", "ecobeeZoneRenamed")
  .replace("device.ecobee.alert.cleared", TOPIC);

/** A busy machine takes a while to start twelve Workers. */
const PATIENCE_MS = 120_000;

const stacks = await Promise.all([0, 1].map(() => startDev()));
try {
  const [first, second] = stacks as [Dev, Dev];
  await check("a cron trigger is fired", async () => {
    const answer = await ask(first, "/cdn-cgi/local/scheduled");
    return answer.status === 200 && (await answer.text()) === "ok";
  });

  const clients = await connect(first.url);
  const value = {
    eventId: "e-1",
    occurredAt: "2026-11-01T08:00:00Z",
    deviceId: "t-1",
    data: { acknowledgeRef: "a-1" },
  };
  await clients.push(TOPIC, [{ topic: TOPIC, key: "t-1", value: JSON.stringify(value) }]);
  await check("a record of no topic is parked", async () => (await clients.deadLetters()).deadLetters.length === 1);
  await check("the other stack has nothing of it", async () => {
    const others = await connect(second.url);
    return (await others.deadLetters()).deadLetters.length === 0;
  });

  writeFileSync(join(ROOT, "src/shared/contracts/ecobee/zone-renamed.ts"), CONTRACT);
  run(process.execPath, ["scripts/contracts/sources.ts"]);
  await check("ingest knows the new topic", async () => (await fetchText(first, "/contracts")).includes(TOPIC));
  await check("the replay plan knows the new topic", async () => {
    const { stdout } = run(process.execPath, ["cli/concord.ts", "dlq", "plan", "--topic", TOPIC], {
      env: { ...process.env, CONCORD_URL: first.url.origin },
      timeout: 10_000,
    });
    return /will be sent +1\b/.test(stdout);
  });

  change("console/index.html", "Concord operations", () => "Concord, changed");
  await check("the console's page is the new one", async () => (await fetchText(first, "/ops")).includes("changed"));
  change("console/main.tsx", /$/, () => '\nconsole.debug("a line of this check");\n');
  await check("its script too", async () =>
    (await fetchText(first, "/ops/console.js")).includes("a line of this check"),
  );

  const lines = first.log.length;
  await wait(3_000);
  await check(
    "then nothing is built any more",
    async () => !first.log.slice(lines).some((line) => /build|reload/i.test(line)),
  );
} finally {
  await Promise.all(stacks.map(({ stop }) => stop()));
}
// Whatever still holds one of the stacks' pipes open is not waited for.
process.exit(0);

type Dev = { readonly url: URL; readonly log: readonly string[]; stop(): Promise<void> };

async function startDev(): Promise<Dev> {
  const port = await freePort();
  const child = spawn(process.execPath, ["scripts/dev.ts", "--port", String(port)], { cwd: ROOT });
  process.on("exit", () => child.kill());
  const ended = once(child, "exit");
  const log = collectLines(child);
  const url = new URL(`http://localhost:${port}`);
  const stop = async () => {
    child.kill();
    await ended;
  };
  await check(`a stack is ready on port ${port}`, async () => {
    if (child.exitCode !== null) throw new Error(`It ended:\n${log.join("\n")}`);
    return (await ask({ url }, "/readyz", 30_000)).status === 200;
  });
  return { url, log, stop };
}

function collectLines({ stdout, stderr }: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [stdout, stderr]) stream?.on("data", (text) => lines.push(...String(text).split("\n")));
  return lines;
}

/** With a short timeout: a request during a reload may never be answered. */
function ask({ url }: Pick<Dev, "url">, path: string, withinMs = 5_000): Promise<Response> {
  return fetch(new URL(path, url), { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(withinMs) });
}

async function fetchText(dev: Dev, path: string): Promise<string> {
  return (await ask(dev, path)).text();
}

function change(file: string, find: string | RegExp, replacement: (found: string) => string): void {
  const path = join(ROOT, file);
  const text = readFileSync(path, "utf8");
  const changed = text.replace(find, replacement);
  if (changed === text) throw new Error(`${file} does not hold ${find}.`);
  writeFileSync(path, changed);
}

/** @throws Error if it does not hold within two minutes */
async function check(what: string, holds: () => Promise<boolean>): Promise<void> {
  const began = performance.now();
  let fault: unknown;
  const isSo = () =>
    holds().catch((thrown: unknown) => {
      fault = thrown;
      return false;
    });
  while (!(await isSo())) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`It still does not hold: ${what}.`, { cause: fault });
    await wait(300);
  }
  console.log(`  ✓ ${what}`);
}
