import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { CommandEntry, CommandGroup } from "../../cli/command/command.ts";
import { CONCORD } from "../../cli/commands/index.ts";
import { GUIDES } from "../../cli/guides.ts";
import type { Ended } from "../../local/concord.ts";
import { startStack } from "../../local/stack.ts";
import { SHELL_FILES, tryShells } from "../../scripts/cli/shells.ts";
import { StandInBroker } from "../bridge/broker.ts";
import { HABITS } from "../bridge/habits.ts";
import { StandInProxy } from "../bridge/stand-in-proxy.ts";
import { startBoundaryServer } from "../support/boundary-server.ts";

export type CliStep = { readonly name: string; readonly run: () => unknown };
type Node = { readonly version: string; readonly path: string };

const ROW_TIME = "2026-11-01T10:00:00Z";
const MAPPING = `tables:
  devices:
    files: "*.csv"
    key: ID
    device: ID
    source: elt
    time: UPDATED_AT
    events:
      - topic: device.elt.profile.updated
        data: { name: NAME }
`;
/**
 * What an operator does with the installed command line, in each of these Nodes.
 * @param installed the folder that it is installed in
 */
export function cliSteps(installed: string, nodes: readonly Node[]): CliStep[] {
  const work = join(installed, "work");
  return [
    { name: "an operator's folder", run: () => fill(work) },
    ...nodes.flatMap(({ version, path }) => {
      const steps = stepsWith((args, env) => concordIn(work, path, args, env));
      return Object.entries(steps).map(([name, run]) => ({ name: `concord ${name} in Node ${version}`, run }));
    }),
    {
      name: "concord completes in real shells",
      run: async () => {
        const { tried, missing, untested, wrong } = await tryShells(join(installed, "node_modules/.bin"), work);
        assert.deepEqual(wrong, []);
        const skipped = missing.length > 0 ? `; skipped, as they are not here: ${missing.join(", ")}` : "";
        console.log(`  ${tried.join(", ")}${skipped}; no test tries ${untested.join(", ")}`);
      },
    },
  ];
}

type Run = (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ended>;

const stepsWith = (concord: Run): Readonly<Record<string, () => Promise<unknown>>> => ({
  "says its version, and helps with each command": async () => {
    const { version } = JSON.parse(readFileSync("packages/cli/package.json", "utf8"));
    assert.match((await succeeded(concord(["--version"]))).out, new RegExp(`^concord ${version}\\b`));
    for (const words of callsOf(CONCORD))
      assert.match((await succeeded(concord([...words, "--help"]))).out, /^Usage$/m);
  },
  "signs a token": async () => {
    assert.match((await succeeded(concord(["token", "--role", "ops"]))).out, /^ey[\w.-]+\s*$/);
  },
  "prints its guides": async () => {
    for (const name of Object.keys(GUIDES)) assert.notEqual((await succeeded(concord(["guide", name]))).out.trim(), "");
  },
  "calls a platform: dlq, and a backfill": async () => {
    const stack = await startStack();
    try {
      const env = { CONCORD_URL: stack.url.href };
      const { code, err } = await concord(["dlq", "list"], env);
      assert.deepEqual([code, err], [3, "concord: no dead letters match\n"]);
      const { out } = await succeeded(
        concord(["backfill", "run", ".", "--mapping", "mapping.yaml", "--json", "--restart"], env),
      );
      assert.equal(JSON.parse(out).rows, 2);
    } finally {
      await stack.stop();
    }
  },
  "looks at files of a warehouse": async () => {
    for (const file of ["devices.csv", "devices.parquet"])
      assert.match((await succeeded(concord(["backfill", "inspect", file]))).out, /^UPDATED_AT +time/m);
    const { out } = await succeeded(concord(["backfill", "run", ".", "--mapping", "mapping.yaml", "--dry-run"]));
    assert.match(out, /device\.elt\.profile\.updated/);
  },
  "checks what a bridge would carry, from a REST proxy": checkProxy.bind(undefined, concord),
  "shows what a comparison would compare": async () => {
    assert.match(
      (await succeeded(concord(["parity", "--dry-run"], { OLD_API_KEY: "k", CONCORD_TOKEN: "t" }))).out,
      /device, for the items of devices/,
    );
  },
});

async function checkProxy(concord: Run): Promise<void> {
  const boundary = await startBoundaryServer();
  const habits = HABITS.karapace;
  const broker = new StandInBroker({ rebalanceMs: 50, keepsPositions: false, startOf: habits.startOf });
  broker.addTopic("device.ecobee.status.reported", 1);
  broker.append("device.ecobee.status.reported", 0, { key: null, value: btoa("{}"), timestamp: 1_000 });
  const proxy = new StandInProxy({ habits, broker, nextFault: () => "none", pollLimit: 20, expiryMs: 60_000 });
  const front = await proxy.listen();
  try {
    const settings = ["--url", boundary.url, "--proxy", front.url.href, "--proxy-poll-timeout-ms", "200"];
    const { code, out, err } = await concord(["bridge", "--dry-run", ...settings], { CONCORD_CREDENTIAL: "dev:dev" });
    assert.equal(code, 4, err);
    assert.match(out, /1 read, 0 would be accepted, 1 would become dead letters/);
    assert.deepEqual(boundary.received, []);
  } finally {
    proxy.close();
    boundary.stop();
  }
}

/** The words of every command and group. */
const callsOf = (found: CommandGroup | CommandEntry, words: readonly string[] = []): string[][] => [
  [...words],
  ...("commands" in found
    ? Object.entries(found.commands).flatMap(([word, each]) => callsOf(each, [...words, word]))
    : []),
];

function fill(work: string): void {
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, "devices.csv"), `ID,NAME,UPDATED_AT\nT-1,One,${ROW_TIME}\nT-2,Two,${ROW_TIME}\n`);
  const columns = { ID: ["T-1", "T-2"], NAME: ["One", "Two"], UPDATED_AT: [ROW_TIME, ROW_TIME] };
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }));
  writeFileSync(join(work, "devices.parquet"), Buffer.from(parquetWriteBuffer({ columnData })));
  writeFileSync(join(work, "mapping.yaml"), MAPPING);
  copyFileSync("samples/legacy/parity.yaml", join(work, "parity.yaml"));
  for (const file of SHELL_FILES.files) writeFileSync(join(work, file), "");
  for (const folder of SHELL_FILES.folders) mkdirSync(join(work, folder), { recursive: true });
}

/** Without blocking this process, which plays the other side; and without its variables, which a stranger has not. */
async function concordIn(
  work: string,
  node: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const program = join(dirname(work), "node_modules/concord/dist/bin/concord.js");
  const child = spawn(node, [program, ...args], {
    cwd: work,
    env: { PATH: ["/usr/bin", "/bin"].join(delimiter), HOME: work, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, "close")]);
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

async function succeeded(ending: Promise<Ended>): Promise<Ended> {
  const ended = await ending;
  assert.equal(ended.code, 0, ended.err || ended.out);
  return ended;
}
