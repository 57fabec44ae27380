import { afterEach, describe, expect, it } from "vitest";
import type { JobStatus } from "#ops/archive-api.ts";
import type { VerificationJson } from "#ops/archive-verification.ts";
import { concord } from "../../test/support/fake-terminal.ts";
import { type Answers, type OpsStub, refusal, startOpsStub } from "../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

async function run(args: readonly string[], answers: Answers) {
  stub = await startOpsStub(answers);
  return concord(["verify", ...args], { url: stub.url });
}

const RESULT = {
  ...{ bucket: "a7", verifiedAt: "2026-11-30T02:00:00.000Z", run: "r", devices: 3, differences: 0 },
  ...{ archivedHash: "00000000000000aa", liveHash: "00000000000000aa" },
};
const RIGHT: VerificationJson = {
  ...{ buckets: 256, verified: 37, oldestVerifiedAt: RESULT.verifiedAt, differenceCount: 0 },
  ...{ results: [RESULT], differences: [] },
};
const WRONG: VerificationJson = {
  ...RIGHT,
  differenceCount: 2,
  differences: [
    {
      ...{ place: "device", subject: "elt:1", path: "aspects.status.humidityPct", cause: "sameVersion" },
      ...{ live: 41, archived: 40, sentence: "device elt:1 aspects.status.humidityPct: has another value" },
    },
  ],
};
const NEVER: VerificationJson = { ...RIGHT, verified: 0, oldestVerifiedAt: null, results: [] };
const JOB: JobStatus = {
  ...{ name: "verification", kind: "verification", state: "running", why: null, actor: "ann" },
  ...{ startedAt: "2026-11-30T12:00:00.000Z", endedAt: null, steps: 4, lastDone: {}, lastFailed: {} },
  report: { phase: "folds the archive", done: 3, total: null, unit: "devices", figures: {} },
};
const DONE: JobStatus = { ...JOB, state: "done", endedAt: "2026-11-30T12:01:00.000Z" };

const answers = (found: VerificationJson): Answers => ({
  "GET /archive/verification": () => ({ json: found }),
  "POST /archive/jobs/verification": () => ({ status: 202, json: JOB }),
  "GET /archive/jobs/verification": () => ({ json: DONE }),
});

describe("concord verify", () => {
  it("says how much was verified, and that nothing differs", async () => {
    const { code, out } = await run([], answers(RIGHT));
    expect(code).toBe(0);
    expect(out).toContain("37 of 256 buckets were verified, with 3 devices");
    expect(out).toContain("nothing differs");
  });

  it("says in its help when it ends with which code", async () => {
    const { code, out } = await run(["--help"], answers(RIGHT));
    expect(code).toBe(0);
    expect(out).toMatch(/Exit codes\n {2}0 {2}success\n[\s\S]*\n {2}4 {2}something differs/);
  });

  it("prints what differs and why, and ends with 4", async () => {
    const { code, out, err } = await run([], answers(WRONG));
    expect(code).toBe(4);
    for (const text of [
      "aspects.status.humidityPct: has another value",
      "stored   41",
      "archive  40",
      "1 more are not shown",
    ])
      expect(out).toContain(text);
    expect(err).toContain("2 values differ");
    expect(out).not.toContain("nothing differs");
  });

  it.each([
    [["--now"], { buckets: "all" }, {}],
    [["--now", "--archived-since", "2026-12-01T00:00:00Z"], { archivedSince: "2026-12-01T00:00:00Z" }, {}],
    [["--bucket", "a7", "--now"], { bucket: "a7" }, { bucket: "a7" }],
    [["--now", "--from-beginning"], { buckets: "all", fromBeginning: true }, {}],
    [["--bucket", "a7", "--now", "--from-beginning"], { bucket: "a7", fromBeginning: true }, { bucket: "a7" }],
    [["--device", "elt:1", "--now", "--because", "a call"], { device: "elt:1" }, { device: "elt:1" }],
  ])("%j starts a verification, waits for it, and asks for its result", async (args, params, query) => {
    const { code } = await run(args, answers(RIGHT));
    expect(code).toBe(0);
    const [started, ...others] = stub?.requests ?? [];
    expect(JSON.parse(started?.body ?? "")).toMatchObject({ kind: "verification", params });
    expect(others.at(-1)).toMatchObject({ route: "GET /archive/verification", query });
  });

  it("ends with 3 if nothing was ever verified, and with 4 if a verification fails", async () => {
    expect(await run(["--bucket", "00"], answers(NEVER))).toMatchObject({ code: 3 });
    await stub?.stop();
    const failed = { ...DONE, state: "failed", why: "A step failed." } as const;
    const all = { ...answers(RIGHT), "GET /archive/jobs/verification": () => ({ json: failed }) };
    expect(await run(["--now"], all)).toMatchObject({ code: 4, err: expect.stringContaining("A step failed.") });
  });

  it("says that an environment has no archive, and refuses two targets at once", async () => {
    const refused = { "GET /archive/verification": () => refusal(503, "This environment has no archive") };
    expect(await run([], refused)).toMatchObject({ code: 1, err: expect.stringContaining("has no archive") });
    await stub?.stop();
    for (const args of [
      ["--bucket", "00", "--device", "elt:1"],
      ["--from-beginning"],
      ["--now", "--device", "elt:1", "--from-beginning"],
    ])
      expect(await run(args, answers(RIGHT)), args.join(" ")).toMatchObject({ code: 2 });
  });
});
