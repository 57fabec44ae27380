import { afterEach, describe, expect, it } from "vitest";
import type { JobStatus } from "#ops/archive-api.ts";
import type { RebuildDetails } from "#ops/rebuild-api.ts";
import { concord } from "../../test/support/fake-terminal.ts";
import { type Answers, type OpsStub, refusal, startOpsStub } from "../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

const NOTHING = { total: 0, counts: {}, first: [] };
const DETAILS: RebuildDetails = { into: "D1", found: NOTHING, left: null, bookmark: null, through: null };
const RUNNING: JobStatus = {
  ...{
    name: "rebuild",
    kind: "rebuild",
    state: "running",
    why: null,
    actor: "ann",
    steps: 4,
    lastDone: {},
    lastFailed: {},
  },
  ...{ startedAt: "2026-11-30T12:00:00.000Z", endedAt: null },
  report: { phase: "replays the archive", done: 800, total: null, unit: "records", figures: {}, details: DETAILS },
};
const done = (details: Partial<RebuildDetails>): JobStatus => ({
  ...RUNNING,
  ...{ state: "done", endedAt: "2026-11-30T12:01:00.000Z" },
  report: { ...(RUNNING.report as NonNullable<JobStatus["report"]>), details: { ...DETAILS, ...details } },
});
const FOUND = {
  total: 2,
  counts: { "alert older": 2 },
  first: [
    {
      place: "alert",
      subject: "elt:T-1",
      path: "alerts[A-1].progress",
      cause: "older",
      text: "alert of elt:T-1 is of an older version",
    },
  ],
};

async function run(args: readonly string[], end: JobStatus = done({}), more: Answers = {}) {
  stub = await startOpsStub({
    "POST /archive/jobs/rebuild": () => ({ json: RUNNING }),
    "GET /archive/jobs/rebuild": () => ({ json: end }),
    ...more,
  });
  return concord(["rebuild", ...args], { url: stub.url });
}

const sent = () => JSON.parse(stub?.requests[0]?.body ?? "{}");

describe("concord rebuild", () => {
  it("into D1 keeps what it rebuilt, unless it is compared", async () => {
    expect(await run(["--from", "archive", "--into", "D1", "--pace", "500"])).toMatchObject({ code: 0 });
    expect(sent()).toEqual({
      kind: "rebuild",
      params: { into: "D1", compare: false, switch: false, keep: true, follow: false, restart: false, pace: 500 },
    });
    await stub?.stop();
    await run(["--into", "D1", "--compare", "--restart"]);
    expect(sent().params).toMatchObject({ compare: true, keep: false, restart: true });
    await stub?.stop();
    await run(["--into", "D1", "--clear"]);
    expect(sent().params).toMatchObject({ clear: true });
  });

  it("ends with 4 and says what differs, and how to repair it", async () => {
    const { code, out, err } = await run(["--into", "D1", "--compare"], done({ found: FOUND }));
    expect(code).toBe(4);
    for (const text of ["2 differences found: 2 alert older", "alert of elt:T-1 is of an older version", "and 1 more"])
      expect(out).toContain(text);
    expect(err).toContain("concord rebuild --into D1 --switch");
  });

  it("is content with a switch that left nothing, and prints the bookmark from before it", async () => {
    const end = done({ found: FOUND, left: NOTHING, bookmark: "00000085-0000024c" });
    const { code, out } = await run(["--into", "D1", "--switch", "--because", "a fault", "--yes"], end);
    expect(code).toBe(0);
    expect(out).toContain("00000085-0000024c");
    expect(sent()).toMatchObject({ reason: "a fault", params: { switch: true, compare: true, keep: false } });
  });

  it.each([
    [{ "device notArchived": 2, "history notArchived": 1 }, ["Of no archived event: 3.", "docs/operations.md"]],
    [{ "device newer": 1 }, ["Newer than any archived event: 1.", "docs/operations.md"]],
    [{ "alert older": 4, "device newer": 1 }, ["Newer than any archived event: 1.", "Wrong once more: 4."]],
    [{ "history missing": 2 }, ["Wrong once more: 2."]],
  ])("says of what a switch left, %j, why it is left and what to do", async (counts, sentences) => {
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const end = done({ found: FOUND, left: { total, counts, first: [] } });
    const { code, err } = await run(["--into", "D1", "--switch", "--because", "a fault", "--yes"], end);
    expect(code).toBe(4);
    for (const sentence of sentences) expect(err).toContain(sentence);
    for (const other of ["Of no archived event", "Newer than", "Wrong once more"])
      expect(err.includes(other)).toBe(sentences.some((sentence) => sentence.startsWith(other)));
  });

  it.each([
    [["--into", "D1", "--switch", "--yes"], "--because is required"],
    [["--into", "live", "--yes"], "--because is required"],
    [["--into", "live", "--because", "x"], "there is no terminal to ask at"],
    [["--into", "live", "--compare", "--because", "x"], "are for --into D1"],
    [["--into", "elsewhere"], "--into is required"],
    [["--into", "D1", "--from", "kafka"], "--from can only be archive"],
    [["--into", "D1", "--pace", "0"], "--pace has to be"],
  ])("%j is refused before anything is sent", async (args, message) => {
    const { code, err } = await run(args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(stub?.requests).toEqual([]);
  });

  it("says why it was not started, and why it failed", async () => {
    const refused = await run(["--into", "D1"], done({}), {
      "POST /archive/jobs/rebuild": () => refusal(409, "Nothing was started: the second database has rows."),
    });
    expect(refused).toMatchObject({ code: 6, err: expect.stringContaining("has rows") });
    await stub?.stop();
    const failed = await run(["--into", "D1"], { ...RUNNING, state: "failed", why: "D1 is full." });
    expect(failed).toMatchObject({ code: 4, err: expect.stringContaining("D1 is full.") });
  });
});
