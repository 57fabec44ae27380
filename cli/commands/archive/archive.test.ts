import { afterEach, describe, expect, it } from "vitest";
import type { JobStatus } from "#ops/archive-api.ts";
import { concord } from "../../../test/support/fake-terminal.ts";
import { type Answers, type OpsStub, refusal, startOpsStub } from "../../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

const JOB: JobStatus = {
  ...{ name: "files", kind: "compaction", state: "running", why: null, actor: "schedule" },
  ...{ startedAt: "2026-11-30T12:00:00.000Z", endedAt: null, steps: 4, lastDone: {}, lastFailed: {} },
  report: { phase: "Compacts 2026-11-29.", done: 3, total: 24, unit: "hours", figures: { parts: 7 } },
};
const IDLE: JobStatus = {
  ...{ name: "rebuild", kind: null, state: "idle", why: null, actor: null },
  ...{ startedAt: null, endedAt: null, steps: 0, lastDone: {}, lastFailed: {}, report: null },
};
const DONE: JobStatus = { ...JOB, state: "done", endedAt: "2026-11-30T12:01:00.000Z" };
const FAILED: JobStatus = { ...DONE, state: "failed", why: "The database is full." };

async function run(args: readonly string[], answers: Answers) {
  stub = await startOpsStub(answers);
  return concord(args, { url: stub.url });
}

/** One answer after the other; the last one stays. */
const inTurn = (...jobs: readonly JobStatus[]) => {
  const left = [...jobs];
  return () => ({ json: left.length > 1 ? left.shift() : left[0] });
};

describe("concord archive jobs", () => {
  it("lists every job, also one that never ran", async () => {
    const { code, out } = await run(["archive", "jobs"], {
      "GET /archive/jobs": () => ({ json: { jobs: [JOB, IDLE] } }),
    });
    expect(code).toBe(0);
    expect(out).toMatch(/files +compaction +running .* 3\/24 +schedule +Compacts 2026-11-29\./);
    expect(out).toMatch(/rebuild +– +idle/);
  });

  it("shows one job with what it does and its counts", async () => {
    const { code, out } = await run(["archive", "jobs", "files"], { "GET /archive/jobs/files": inTurn(JOB) });
    expect(code).toBe(0);
    for (const text of ["compaction is running", "3 of 24 hours, 4 steps", "Compacts 2026-11-29.", "parts: 7"])
      expect(out).toContain(text);
  });

  it("shows what failed before it, and why", async () => {
    const failed = { at: "2026-11-30T10:00:00.000Z", actor: "ann", why: "A manifest is damaged." };
    const job = { ...DONE, lastFailed: { forgetting: failed } };
    const { out } = await run(["archive", "jobs", "files"], { "GET /archive/jobs/files": inTurn(job) });
    expect(out).toContain("forgetting last failed 2026-11-30 10:00:00Z, started by ann: A manifest is damaged.");
    expect(out).toContain("last      Compacts 2026-11-29.");
  });

  it("waits for its end, and ends with 4 if it fails", async () => {
    const waited = await run(["archive", "jobs", "files", "--wait"], {
      "GET /archive/jobs/files": inTurn(JOB, JOB, DONE),
    });
    expect([waited.code, stub?.requests.length]).toEqual([0, 3]);
    expect(waited.out).toContain("compaction is done");
    await stub?.stop();
    const failed = await run(["archive", "jobs", "files", "--wait"], {
      "GET /archive/jobs/files": inTurn(JOB, FAILED),
    });
    expect(failed).toMatchObject({ code: 4, err: expect.stringContaining("The database is full.") });
    expect(failed.err).toContain(
      "the compaction has failed: The database is full. To go on: concord archive resume files.",
    );
  });

  it("says that an environment has no archive, and ends with 1", async () => {
    const answer = () => refusal(503, "This environment has no archive");
    expect(await run(["archive", "jobs"], { "GET /archive/jobs": answer })).toMatchObject({
      ...{ code: 1, err: expect.stringContaining("has no archive") },
    });
  });
});

describe("an order to a job", () => {
  it.each(["pause", "resume", "cancel"])("to %s is sent with its reason", async (action) => {
    const route = `POST /archive/jobs/files/${action}`;
    const { code, out } = await run(["archive", action, "files", "--because", "an incident"], { [route]: inTurn(JOB) });
    expect([code, JSON.parse(stub?.requests[0]?.body ?? "")]).toEqual([0, { reason: "an incident" }]);
    expect(out).toContain("files: compaction is running");
  });

  it("that the job's state does not allow ends with 6", async () => {
    const answer = () => refusal(409, "Nothing was changed: the compaction is done.");
    const { code, err } = await run(["archive", "pause", "files"], { "POST /archive/jobs/files/pause": answer });
    expect([code, err]).toEqual([6, expect.stringContaining("the compaction is done")]);
  });
});
