import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type Unload, writeUnload } from "../../backfill/run/unload-fixture.ts";
import { randomOf } from "../../samples/random.ts";
import { type BoundaryServer, type Received, startBoundaryServer } from "../support/boundary-server.ts";

const ROWS = 4_000;
const CHUNK_ROWS = 100;
const KILLS = 20;
/** No more than three events are made of a row. */
const CHUNK_EVENTS = CHUNK_ROWS * 3;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

async function world(): Promise<{
  boundary: BoundaryServer;
  unload: Unload;
  start: (...more: string[]) => ReturnType<typeof spawn>;
}> {
  const boundary = await startBoundaryServer();
  const unload = writeUnload(ROWS);
  undo.push(boundary.stop, () => rmSync(dirname(unload.state), { recursive: true, force: true }));
  const { folder, mapping, state, faults } = unload;
  const args = ["--mapping", mapping, "--state", state, "--faults", faults, "--url", boundary.url];
  const more = ["--chunk-rows", String(CHUNK_ROWS), "--json"];
  const start = (...others: string[]) =>
    spawn(process.execPath, ["cli/main.mjs", "backfill", "run", folder, ...args, ...more, ...others], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  return { boundary, unload, start };
}

/** The report of a run that ends by itself. */
async function finish(child: ReturnType<typeof spawn>) {
  const [out, said] = await Promise.all([child.stdout?.toArray(), child.stderr?.toArray(), once(child, "exit")]);
  expect(child.exitCode, String(said)).toBe(4);
  return JSON.parse(String(out));
}

const idOf = ({ topic, value }: Received): string => `${topic} ${JSON.parse(value).eventId} ${value}`;
const distinct = ({ received }: BoundaryServer): string[] => [...new Set(received.map(idOf))].sort();

describe("a backfill that is killed at 20 points and begun again each time", () => {
  it("ends as one that nobody disturbed, and repeats at most a chunk each time", async () => {
    const calm = await world();
    const expected = await finish(calm.start());
    expect(expected).toMatchObject({ gaps: [], isComplete: true });

    const seed = Number(process.env.SEED ?? Date.now() % 100_000);
    const random = randomOf(seed);
    const rough = await world();
    for (let kill = 0; kill < KILLS; kill++) {
      const child = rough.start();
      const [soonest, latest] = [rough.boundary.requests.length + 1, rough.boundary.requests.length + 5];
      const at = random.int(soonest, latest);
      const [isBefore, delayMs] = [random.chance(0.5), random.int(0, 40)];
      // Before the answer, or some time after it: while the state is written, or the next rows are read.
      rough.boundary.before = async (request) => {
        if (request < at) return false;
        if (isBefore) child.kill("SIGKILL");
        else void wait(delayMs).then(() => child.kill("SIGKILL"));
        return false;
      };
      await once(child, "exit");
      expect(child.signalCode, `seed ${seed}, kill ${kill}`).toBe("SIGKILL");
    }
    rough.boundary.before = () => false;
    const report = await finish(rough.start());

    expect(report.tally, `seed ${seed}`).toEqual(expected.tally);
    expect(distinct(rough.boundary), `seed ${seed}`).toEqual(distinct(calm.boundary));
    expect(readFileSync(rough.unload.faults, "utf8")).toBe(readFileSync(calm.unload.faults, "utf8"));
    const repeated = rough.boundary.received.length - calm.boundary.received.length;
    expect(repeated, `seed ${seed}`).toBeGreaterThan(0);
    expect(repeated).toBeLessThanOrEqual(KILLS * CHUNK_EVENTS);
    expect(statSync(rough.unload.state).mode & 0o077, "state and faults are their owner's").toBe(0);
  }, 300_000);
});

describe("a backfill that is interrupted by Ctrl-C", () => {
  it("ends when the rows on their way are done, says how to go on, and goes on there", async () => {
    const { boundary, start } = await world();
    const child = start("--rate", "500");
    boundary.before = (request) => {
      if (request === 5) child.kill("SIGINT");
      return false;
    };
    const [out, said] = await Promise.all([child.stdout?.toArray(), child.stderr?.toArray(), once(child, "exit")]);
    expect([child.exitCode, child.signalCode]).toEqual([4, null]);
    expect(String(said)).toMatch(
      /ending when the rows that are being sent are done[\s\S]*The same command goes on where it has stopped/,
    );
    const first = JSON.parse(String(out));
    expect(first.tally.rows).toBeLessThan(ROWS);
    expect(first.tally.accepted + first.tally.deadLettered).toBe(boundary.received.length);
    boundary.before = () => false;
    const { tally, gaps } = await finish(start());
    expect([tally.accepted + tally.deadLettered, gaps]).toEqual([boundary.received.length, []]);
  }, 60_000);
});
