import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Unload, writeUnload } from "../../../backfill/run/unload-fixture.ts";
import { type BoundaryServer, startBoundaryServer } from "../../../test/support/boundary-server.ts";
import { concord } from "../../../test/support/fake-terminal.ts";

let boundary: BoundaryServer;
let unload: Unload;
beforeAll(async () => {
  boundary = await startBoundaryServer();
  unload = writeUnload(100);
});
afterAll(() => {
  boundary.stop();
  rmSync(dirname(unload.state), { recursive: true, force: true });
});
beforeEach(() => {
  boundary.received.length = 0;
  boundary.before = () => false;
  for (const path of [unload.state, unload.faults]) rmSync(path, { force: true });
});

const run = (...more: string[]) => {
  const { folder, mapping, state, faults } = unload;
  const files = ["--mapping", mapping, "--state", state, "--faults", faults];
  return concord(["backfill", "run", folder, ...files, ...more], { url: boundary.url });
};

describe("concord backfill run", () => {
  it("tells what became of every row and every event, and where the bad ones are", async () => {
    const { code, out, err } = await run();
    expect(code).toBe(4);
    expect(out).toMatch(/^Rows: 110\n +103 {2}good\n +1 {2}skipped/);
    expect(out).toMatch(/^ +1 {2}bad: unreadable_row$/m);
    const [, sent, accepted, deadLettered] = (
      /^Events sent: (\d+)\n +(\d+) {2}accepted\n +(\d+) {2}dead-lettered/m.exec(out) ?? []
    ).map(Number);
    expect(Number(accepted) + Number(deadLettered)).toBe(sent);
    expect(sent).toBe(boundary.received.length);
    expect(out).toMatch(
      /1 × bad_value \(devices, device\.elt\.status\.reported\)\n +ONLINE is neither true nor false\n +devices\/b\.csv\.gz line 5/,
    );
    expect(out).toContain(`Their rows are in ${unload.faults}`);
    expect(err).toContain("6 rows became dead letters; all others are with the platform");
  });

  it("shows with --dry-run what would be sent, an event of each topic and each fault, and sends nothing", async () => {
    const { code, out, err } = await run("--dry-run");
    expect([code, boundary.received.length, existsSync(unload.state)]).toEqual([4, 0, false]);
    expect(out).toMatch(/^Events that would be sent: \d+$/m);
    expect(out).toMatch(/^device\.elt\.profile\.updated\n\{"eventId":"!01.*"name":"Attic, 0"/m);
    expect(out).toMatch(/1 × bad_time/);
    expect(err).toContain("6 rows would be dead letters");
  });

  it("prints its summary as JSON", async () => {
    const report = JSON.parse((await run("--json")).out);
    expect(report).toMatchObject({
      isComplete: true,
      gaps: [],
      rows: 110,
      tally: { rows: 110, good: 103, skipped: 1 },
    });
    expect(report.faults[0]).toMatchObject({
      reason: expect.any(String),
      count: expect.any(Number),
      examples: expect.arrayContaining([{ file: expect.any(String), place: expect.stringMatching(/^line/) }]),
    });
  });

  it("stops at --limit, and the next call goes on there", async () => {
    const first = await run("--limit", "10");
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^Rows: 10\n/) });
    const second = await run();
    expect(second.err).toContain("going on behind 10 rows of runs before");
    expect(second.out).toMatch(/^Rows: 110\n/);
  });

  it("ends with 6 if the state is of another backfill", async () => {
    await run("--limit", "10");
    const other = await concord(
      [
        "backfill",
        "run",
        unload.folder,
        "--mapping",
        unload.mapping,
        "--state",
        unload.state,
        "--url",
        "http://localhost:1",
      ],
      {},
    );
    expect(other).toMatchObject({ code: 6, err: expect.stringMatching(/state of another backfill.*--restart/) });
  });

  it("ends with 1 if the credential is refused, and says which variable it is", async () => {
    boundary.before = (_, response) => {
      response.writeHead(401).end('{"message":"no"}');
      return true;
    };
    expect(await run()).toMatchObject({ code: 1, err: expect.stringMatching(/CONCORD_CREDENTIAL/) });
  });

  it.each<[string, readonly string[], number, RegExp]>([
    ["no mapping", ["x"], 2, /--mapping is required/],
    ["a mapping that is not there", ["x", "--mapping", "nowhere.yaml"], 2, /there is no mapping nowhere\.yaml/],
    ["a rate that is none", ["x", "--mapping", "m", "--rate", "fast"], 2, /--rate has to be a whole number above 0/],
    [
      "another platform without a credential",
      ["x", "--mapping", "m", "--url", "https://concord.example"],
      2,
      /CONCORD_CREDENTIAL is not set/,
    ],
  ])("ends with a reason for %s", async (_, args, code, message) => {
    expect(await concord(["backfill", "run", ...args])).toMatchObject({ code, err: expect.stringMatching(message) });
  });

  it("does not repeat a credential that cannot be one", async () => {
    const { code, err } = await concord(["backfill", "run", "x", "--mapping", "m"], {
      env: { CONCORD_CREDENTIAL: "s3cret" },
    });
    expect([code, err]).toEqual([2, "CONCORD_CREDENTIAL has to be id:secret"]);
  });

  it("ends with 3 if there are no files, and with 2 if a file lacks a column", async () => {
    const mapping = join(dirname(unload.mapping), "other.yaml");
    const text = readFileSync(unload.mapping, "utf8");
    const call = () => concord(["backfill", "run", unload.folder, "--mapping", mapping, "--dry-run"]);
    writeFileSync(mapping, text.replace("devices/*", "thermostats/*"));
    expect(await call()).toMatchObject({
      code: 3,
      err: expect.stringMatching(/table devices: no file below .* matches thermostats\/\*/),
    });
    writeFileSync(mapping, text.replaceAll("ONLINE", "IS_ONLINE"));
    expect(await call()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/devices\/a\.csv has no column IS_ONLINE.*It has ID, SRC/),
    });
    writeFileSync(mapping, text.replace("key: DEALER_ID", "key: D_ID"));
    expect(await call()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/lookup dealers: dealers\/dealers\.csv has no column D_ID/),
    });
  });
});

describe("concord backfill inspect", () => {
  const file = () => join(unload.folder, "devices/a.csv");

  it("shows the columns and a first mapping", async () => {
    const { code, out } = await concord(["backfill", "inspect", file()]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ID +text +0 % +49 +"DEV-0", "DEV-1"/m);
    expect(out).toMatch(/^cannot be read: line 19: it has 2 fields/m);
    expect(out).toMatch(/^tables:\n {2}devices:\n {4}files: devices\/\*\.csv/m);
  });

  it("writes the mapping to a file, and to none that exists", async () => {
    const out = join(dirname(unload.mapping), "first.yaml");
    const args = ["backfill", "inspect", file(), "--out", out];
    expect(await concord(args)).toMatchObject({ code: 0, err: expect.stringContaining("--dry-run") });
    const written = readFileSync(out, "utf8");
    expect(await concord(args)).toMatchObject({ code: 6, err: expect.stringContaining("exists and was not changed") });
    expect(readFileSync(out, "utf8")).toBe(written);
  });

  it("numbers the columns of a file without a header", async () => {
    const { out } = await concord(["backfill", "inspect", file(), "--no-header", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ columns: [{ name: "C1" }, { name: "C2" }, {}, {}, {}, {}, {}], rows: 51 });
  });
});
