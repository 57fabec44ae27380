import { beforeEach, describe, expect, it, vi } from "vitest";
import { bench, failing, letters, passing } from "./run-bench.ts";
import { emptyOps, env, letter, opsOf, recordNamed } from "./support.ts";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyOps();
  await env.DB.exec("DELETE FROM devices");
});

describe("a plan", () => {
  it("predicts what a replay would do with each letter, and changes nothing", async () => {
    const { plan, read } = bench();
    await letters.park([passing("new"), passing("same"), failing("bad1"), failing("bad2")]);
    await letters.park([passing("done"), passing("gone"), passing("going")]);
    await letters.settle([{ letterId: "done", outcome: "applied", settledAtMs: Date.now() }]);
    await letters.claim(["going"], { runId: "other", nowMs: Date.now() });
    const run = await plan({ ids: ["new", "same", "bad1", "bad2", "done", "going", "nobody"] });
    expect(run).toMatchObject({ state: "planned", name: null, progress: { total: 2, waiting: 2 } });
    expect(run.plan).toEqual({
      selected: 6,
      passes: 2,
      superseded: 0,
      duplicate: 0,
      tooLarge: 0,
      refused: expect.arrayContaining([
        { why: "resolved", count: 1 },
        { why: "replaying", count: 1 },
      ]),
      stillFailing: [{ group: expect.any(String), signature: expect.stringContaining("at data"), count: 2 }],
    });
    expect(await letters.find("new")).toMatchObject({ state: "open", replays: 0 });
    expect(await read(run.id)).toEqual(run);
  });

  it("counts letters as superseded or duplicate by the current devices", async () => {
    const ops = bench();
    const value = (eventId: string, occurredAt: string) => ({
      value: JSON.stringify({ eventId, occurredAt, deviceId: "run-x", data: { name: eventId } }),
    });
    const [older, newer] = ["2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z"];
    await letters.park([letter("seen", { record: recordNamed("seen", value("seen", newer)) })]);
    const first = await ops.plan({ ids: ["seen"] });
    await ops.start(first);
    await ops.step(first.id);
    await ops.consume();
    await letters.park([
      letter("late", { record: recordNamed("late", value("late", older)) }),
      letter("twin", { record: recordNamed("twin", value("seen", newer)) }),
    ]);
    expect((await ops.plan({ ids: ["late", "twin"] })).plan).toMatchObject({ passes: 0, superseded: 1, duplicate: 1 });
  });

  it("has a hash of its own, which a start has to send", async () => {
    await letters.park([passing("a"), passing("b")]);
    const { plan, start, post } = bench();
    const [one, both] = [await plan({ ids: ["a"] }), await plan({ ids: ["a", "b"] })];
    expect(one.hash).not.toBe(both.hash);
    const wrong = await start({ ...one, hash: both.hash });
    expect([wrong.status, wrong.body.error.code]).toEqual([409, "plan_changed"]);
    expect((await post(`/ops/api/runs/${one.id}/start`, { hash: one.hash })).body.error.code).toBe("invalid_parameter");
    expect((await start(one)).status).toBe(202);
    expect((await start(one)).body.error.code).toBe("conflict");
  });

  it("cannot be started after another version of the Worker was deployed, or after an hour", async () => {
    await letters.park([passing("a")]);
    const ops = bench();
    const run = await ops.plan({ ids: ["a"] });
    const later = opsOf({ nowMs: Date.now(), workerVersion: "after" });
    const answer = await later.post(`/ops/api/runs/${run.id}/start`, { hash: run.hash, name: "n" });
    expect(answer.body.error).toMatchObject({
      code: "plan_changed",
      message: expect.stringContaining("A new version of the Worker"),
    });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_700_000);
    expect((await ops.start(run)).body.error.message).toContain("older than an hour");
  });
});
