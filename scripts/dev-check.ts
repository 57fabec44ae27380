import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connect } from "../local/clients.ts";
import { ROOT, run } from "../local/tool.ts";

/**
 * Two stacks of `npm run dev` side by side: each keeps to itself, a cron trigger is fired by hand, and a contract and
 * the console that change are there a moment later. It changes files, so it wants a checkout of its own.
 */
if (!process.argv.includes("--changes-files")) {
  console.error("This adds a topic and changes the console. In a copy of the repository, run it with --changes-files.");
  process.exit(2);
}

const TOPIC = "device.ecobee.zone.renamed";
const CONTRACT = `import * as z from "zod";
import { defineContract } from "../define.ts";
import { clearing } from "../entities/alert.ts";

export const ecobeeZoneRenamed = defineContract({
  topic: "${TOPIC}",
  summary: "A topic that came while the Workers ran.",
  data: z.object({ acknowledgeRef: z.string() }),
  toChange: ({ acknowledgeRef }) => clearing(acknowledgeRef, undefined),
  example: { acknowledgeRef: "a-1" },
});
`;

/** A busy machine takes its time over ten Workers. */
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
  change("src/shared/contracts/index.ts", /^/, () => 'import { ecobeeZoneRenamed } from "./ecobee/zone-renamed.ts";\n');
  change("src/shared/contracts/index.ts", "\n  ecobeeAlertCleared,", (found) => `${found}\n  ecobeeZoneRenamed,`);
  await check("ingest knows the new topic", async () => (await textOf(first, "/contracts")).includes(TOPIC));
  await check("the replay plan knows the new topic", async () => {
    const { stdout } = run(process.execPath, ["cli/concord.ts", "dlq", "plan", "--topic", TOPIC], {
      env: { ...process.env, CONCORD_URL: first.url.origin },
      timeout: 10_000,
    });
    return /will be sent +1\b/.test(stdout);
  });

  change("workers/dlq/console/index.html", "Concord operations", () => "Concord, changed");
  await check("the console's page is the new one", async () => (await textOf(first, "/ops")).includes("changed"));
  change("workers/dlq/console/main.tsx", /$/, () => '\nconsole.debug("a line of this check");\n');
  await check("its script too", async () => (await textOf(first, "/ops/console.js")).includes("a line of this check"));

  const lines = first.log.length;
  await wait(3_000);
  await check(
    "then nothing is built any more",
    async () => !first.log.slice(lines).some((line) => /build|reload/i.test(line)),
  );
} finally {
  await Promise.all(stacks.map(({ stop }) => stop()));
}

type Dev = { readonly url: URL; readonly log: readonly string[]; stop(): Promise<void> };

async function startDev(): Promise<Dev> {
  const port = await freePort();
  const child = spawn(process.execPath, ["scripts/dev.ts", "--port", String(port)], { cwd: ROOT });
  process.on("exit", () => child.kill());
  const ended = once(child, "exit");
  const log = linesOf(child);
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

function linesOf({ stdout, stderr }: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [stdout, stderr]) stream?.on("data", (text) => lines.push(...String(text).split("\n")));
  return lines;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Not longer than a moment: a request that a reload comes across may never be answered. */
function ask({ url }: Pick<Dev, "url">, path: string, withinMs = 5_000): Promise<Response> {
  return fetch(new URL(path, url), { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(withinMs) });
}

async function textOf(dev: Dev, path: string): Promise<string> {
  return (await ask(dev, path)).text();
}

function change(file: string, find: string | RegExp, replacement: (found: string) => string): void {
  const path = join(ROOT, file);
  const text = readFileSync(path, "utf8");
  const changed = text.replace(find, replacement);
  if (changed === text) throw new Error(`${file} does not hold ${find}.`);
  writeFileSync(path, changed);
}

/** @throws Error where it is still not so after two minutes */
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
