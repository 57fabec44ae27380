import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { boundary as boundaryAt } from "../../bridge/delivery/boundary.ts";
import { type BoundaryServer, byContract, startBoundaryServer } from "../../test/support/boundary-server.ts";
import { prepareBackfill } from "../prepare.ts";
import { Pace } from "./pace.ts";
import { type RunSettings, runBackfill, type Target } from "./run.ts";
import { findGaps, sumOf } from "./tally.ts";
import { type Unload, writeUnload } from "./unload-fixture.ts";

const ROWS = 500;
const SETTINGS: RunSettings = { chunkRows: 100, limit: Number.POSITIVE_INFINITY, requests: 4, records: 50 };

let boundary: BoundaryServer;
let unload: Unload;
beforeAll(async () => {
  boundary = await startBoundaryServer();
  unload = writeUnload(ROWS);
});
afterAll(() => {
  boundary.stop();
  rmSync(dirname(unload.state), { recursive: true, force: true });
});
beforeEach(() => {
  boundary.received.length = 0;
  boundary.requests.length = 0;
  boundary.before = () => false;
  boundary.accepts = byContract;
  for (const path of [unload.state, unload.faults]) rmSync(path, { force: true });
});

const order = (more = {}) => ({
  ...{ folder: unload.folder, mappingPath: unload.mapping, statePath: unload.state, url: boundary.url, restart: false },
  ...more,
});

type Call = {
  settings?: object;
  stop?: AbortSignal;
  isDry?: boolean;
  restart?: boolean;
  statePath?: string | undefined;
};

async function run({ settings = {}, stop = new AbortController().signal, isDry = false, ...more }: Call = {}) {
  const { files, state, isResumed } = await prepareBackfill(order(more));
  const retries: string[] = [];
  const send = boundaryAt({
    ...{ url: new URL(boundary.url), authorization: () => "Basic x", compression: "gzip", timeoutMs: 5_000 },
    headers: { "X-Concord-Lane": "backfill" },
  });
  const pace = new Pace(Number.POSITIVE_INFINITY, { now: Date.now, sleep: async () => undefined });
  const sending: Target = {
    ...{ kind: "boundary", send, pace, statePath: unload.state, faultsPath: unload.faults },
    onRetry: (reason) => retries.push(reason),
  };
  const deps = {
    target: isDry ? ({ kind: "dry" } as const) : sending,
    see: () => undefined,
    now: Date.now,
    onProgress: () => undefined,
  };
  await runBackfill(files, state, { ...SETTINGS, ...settings }, deps, stop);
  return { state, isResumed, retries };
}

const idsOf = ({ received }: BoundaryServer): string[] =>
  received.map(({ topic, value }) => `${topic} ${value}`).sort();
const faultLines = () =>
  readFileSync(unload.faults, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a run", () => {
  it("accounts for every row and every event, exactly", async () => {
    const { state } = await run();
    const { tally } = state;
    expect(tally.rows).toBe(ROWS + 50);
    expect(tally.bad).toEqual({ unreadable_row: 5, unknown_source: 5, bad_value: 5, bad_time: 5, unknown_value: 8 });
    expect(tally.skipped).toBe(5);
    expect(tally.good).toBe(tally.rows - 5 - 28);
    expect(tally.accepted).toBe(boundary.received.filter(({ accepted }) => accepted).length);
    expect(tally.deadLettered).toBe(boundary.received.filter(({ accepted }) => !accepted).length);
    expect([tally.accepted, tally.deadLettered]).toEqual([sumOf(tally.events), sumOf(tally.letters)]);
    expect(findGaps(tally, true)).toEqual([]);
  });

  it("goes through the lane of its own", async () => {
    await run();
    expect(boundary.requests.every((headers) => headers["x-concord-lane"] === "backfill")).toBe(true);
  });

  it("makes of each bad row a dead letter that names file, line and fault, and a line in the file of faults", async () => {
    await run();
    const letters = boundary.received.filter(({ accepted }) => !accepted);
    const lines = faultLines();
    expect(letters).toHaveLength(lines.length);
    const places = (all: readonly (readonly [string, string])[]) => all.map((each) => each.join(" ")).sort();
    expect(places(lines.map(({ file, place }) => [file, place]))).toEqual(
      places(
        letters.map(({ headers }) => [headers["concord-backfill-file"] ?? "", headers["concord-backfill-place"] ?? ""]),
      ),
    );
    expect(lines).toContainEqual({
      ...{ table: "devices", file: "devices/a.csv", place: "line 19", topic: "device.elt.profile.updated" },
      ...{
        reason: "unreadable_row",
        message: "it has 2 fields, and the file has 7 columns",
        row: { text: '["DEV-17","ELT"]' },
      },
    });
    expect(letters.map(({ headers }) => headers["concord-backfill-fault"])).toContain(
      "bad_value: ONLINE is neither true nor false",
    );
    expect(boundary.received.filter(({ accepted, headers }) => accepted && Object.keys(headers).length > 0)).toEqual(
      [],
    );
  });

  it("that is done sends nothing again, unless it is asked to begin anew", async () => {
    await run();
    const [sent, before] = [boundary.received.length, idsOf(boundary)];
    const again = await run();
    expect([again.isResumed, boundary.received.length]).toEqual([true, sent]);
    boundary.received.length = 0;
    await run({ restart: true });
    expect(idsOf(boundary)).toEqual(before);
  });

  it("stops after the rows of its limit, and the next one goes on there", async () => {
    const whole = (await run()).state.tally;
    const all = idsOf(boundary);
    rmSync(unload.state);
    boundary.received.length = 0;
    for (const rows of [7, 100, 243, 10_000]) await run({ settings: { limit: rows } });
    expect(idsOf(boundary)).toEqual(all);
    expect((await run()).state.tally).toEqual(whole);
  });

  it("stops when it is asked to, behind the rows that were on their way", async () => {
    const stop = new AbortController();
    boundary.before = (request) => {
      if (request === 3) stop.abort();
      return false;
    };
    const { state } = await run({ stop: stop.signal });
    expect(state.tally.rows).toBeGreaterThan(0);
    expect(state.tally.rows).toBeLessThan(ROWS);
    expect(findGaps(state.tally, true)).toEqual([]);
    boundary.before = () => false;
    expect((await run()).state.tally.rows).toBe(ROWS + 50);
  });

  it("sends again what the boundary did not take, and counts it once", async () => {
    boundary.before = (request, response) => {
      if (request % 3 !== 0) return false;
      response.writeHead(503, { "Retry-After": "0" }).end('{"message":"under pressure"}');
      return true;
    };
    const { state, retries } = await run();
    expect(retries.length).toBeGreaterThan(5);
    expect(retries[0]).toBe("503: under pressure");
    expect(findGaps(state.tally, true)).toEqual([]);
    expect(state.tally.accepted).toBe(boundary.received.filter(({ accepted }) => accepted).length);
  });

  it("says what the platform makes of events that the contracts here accept", async () => {
    let refusals = 50;
    boundary.accepts = (record) => refusals-- <= 0 && byContract(record);
    const { state } = await run();
    expect(findGaps(state.tally, true)).toEqual([
      expect.stringMatching(/dead letters of \d+ events that the contracts here accept/),
    ]);
  });

  it("names the file and the line of an event that the boundary refuses whatever is sent of it", async () => {
    boundary.before = (_request, response) => {
      response.writeHead(400).end('{"message":"no"}');
      return true;
    };
    await expect(run()).rejects.toThrow(/devices\/a\.csv line \d+, of device\.[a-z.]+, \(400: no\)/);
  });

  it("cannot go on without credentials, and keeps what was answered for before", async () => {
    boundary.before = (request, response) => {
      if (request < 20) return false;
      response.writeHead(401).end('{"message":"no"}');
      return true;
    };
    await expect(run()).rejects.toThrow(/refused the credentials/);
    boundary.before = () => false;
    const { state, isResumed } = await run();
    expect(isResumed).toBe(true);
    expect(state.tally.rows).toBe(ROWS + 50);
    expect(findGaps(state.tally, true)).toEqual([]);
  });

  it("drops the faults of rows that a run before it had not done, and all of them when it begins anew", async () => {
    await run();
    const whole = readFileSync(unload.faults, "utf8");
    rmSync(unload.state);
    rmSync(unload.faults);
    await run({ settings: { limit: 250 } });
    appendFileSync(unload.faults, '{"of":"rows that come again"}\n');
    await run();
    expect(readFileSync(unload.faults, "utf8")).toBe(whole);
    await run({ restart: true });
    expect(readFileSync(unload.faults, "utf8")).toBe(whole);
  });

  it("that sends nothing writes nothing", async () => {
    const { state } = await run({ isDry: true, statePath: undefined });
    expect(boundary.received).toEqual([]);
    expect([existsSync(unload.state), existsSync(unload.faults)]).toEqual([false, false]);
    const { accepted, deadLettered, ...dry } = state.tally;
    expect([accepted, deadLettered]).toEqual([0, 0]);
    expect((await run()).state.tally).toMatchObject(dry);
  });
});

describe("a state", () => {
  const refused = (more = {}) => prepareBackfill(order(more)).catch((error: Error) => error.message);

  it("is of one mapping, one set of files and one platform, and says what differs", async () => {
    await run();
    const file = join(unload.folder, "devices/a.csv");
    const [mapping, devices] = [readFileSync(unload.mapping), readFileSync(file)];
    expect(await refused({ url: "http://other" })).toMatch(/it sent to .*127.0.0.1.*http:\/\/other.*--restart/s);
    writeFileSync(unload.mapping, `${mapping}\n# changed`);
    expect(await refused()).toMatch(/the mapping .* has been changed since.*`revision`/);
    writeFileSync(unload.mapping, mapping);
    writeFileSync(file, `${devices}x`);
    expect(await refused()).toMatch(/devices\/a\.csv \(devices\) has another content/);
    writeFileSync(file, devices);
    const more = join(unload.folder, "devices/c.csv");
    writeFileSync(more, devices);
    expect(await refused()).toMatch(/devices\/c\.csv \(devices\) has been added/);
    rmSync(more);
    expect(await refused()).toMatchObject({ isResumed: true });
  });

  it("that is none is not touched", async () => {
    writeFileSync(unload.state, "{");
    expect(await refused()).toMatch(/is no state of a backfill.*--state/);
    expect(readFileSync(unload.state, "utf8")).toBe("{");
  });
});
