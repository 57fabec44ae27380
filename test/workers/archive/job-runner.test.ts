import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { JobOrdered, JobStatus } from "#ops/archive-api.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { type CountingParams, forgetFaults, gate, scheduled, type TestJob } from "./test-job.ts";

const { TEST_JOBS, ARCHIVE } = env as unknown as {
  readonly TEST_JOBS: DurableObjectNamespace<TestJob>;
  readonly ARCHIVE: R2Bucket;
};
type Job = DurableObjectStub<TestJob>;

/** Objects have the names of jobs, and every test has its own. */
let job: Job;
beforeEach(async () => {
  forgetFaults();
  gate.isClosed = false;
  scheduled.forgetting = false;
  job = TEST_JOBS.getByName("files");
  await job.order("cancel", "before a test");
  await job.loseAlarm();
  await job.age(1_000_000_000);
  await emptyBucket(ARCHIVE);
});

const start = (params: CountingParams, kind: "compaction" | "forgetting" = "forgetting", actor = "ann") =>
  job.start({ kind, params, actor }) as Promise<JobOrdered>;
const status = () => job.status() as Promise<JobStatus>;

/** Fires alarms as long as there are some. @returns how many fired */
async function runAlarms(atMost = 100): Promise<number> {
  for (let fired = 0; fired < atMost; fired++) if (!(await job.fire())) return fired;
  return atMost;
}

const counts = async (): Promise<Record<string, number>> => {
  const { objects } = await ARCHIVE.list({ prefix: "count/" });
  const each = objects.map(async ({ key }) => [key, Number(await (await ARCHIVE.get(key))?.text())] as const);
  return Object.fromEntries(await Promise.all(each));
};

describe("a job", () => {
  it("runs a step an alarm until it is done, and says how far it is", async () => {
    expect(await start({ to: 3 })).toMatchObject({ kind: "ok", job: { state: "running", actor: "ann", steps: 0 } });
    expect(await job.fire()).toBe(true);
    expect(await status()).toMatchObject({ state: "running", steps: 1, report: { done: 1, total: 3, unit: "steps" } });
    expect(await runAlarms()).toBe(2);
    const done = await status();
    expect(done).toMatchObject({ state: "done", steps: 3, report: { done: 3 }, kind: "forgetting", why: null });
    expect(done.lastDone.forgetting).toBe(done.endedAt);
    expect(await counts()).toEqual({ "count/0": 1, "count/1": 1, "count/2": 1 });
  });

  it("waits between its steps as long as they ask for", async () => {
    await start({ to: 2, waitMs: 60_000 });
    await job.fire();
    expect(await job.alarmInMs()).toBeGreaterThan(50_000);
    expect(await runAlarms()).toBe(1);
  });

  it("repeats a step that ended with the object, and fails if it always does", async () => {
    await start({ to: 1 });
    await job.die(7);
    await runAlarms();
    expect(await status()).toMatchObject({ state: "done" });
    await start({ to: 1 });
    await job.die(8);
    await runAlarms();
    const failed = await status();
    expect(failed).toMatchObject({ state: "failed", steps: 0, report: { done: 0 } });
    expect(failed.why).toContain("8 times");
    expect(await job.order("resume", "ann")).toMatchObject({ kind: "ok" });
    await runAlarms();
    expect(await status()).toMatchObject({ state: "done" });
  });

  it("waits for an outage to end, says what it waits for, and then repeats the step", async () => {
    await start({ to: 2, outageAt: 1 });
    await job.fire();
    await job.fire();
    const waiting = await status();
    expect(waiting).toMatchObject({ state: "running", steps: 1 });
    expect(waiting.why).toContain("does not answer");
    await runAlarms();
    expect(await status()).toMatchObject({ state: "done", steps: 2, why: null });
    expect(await counts()).toEqual({ "count/0": 1, "count/1": 1 });
  });

  it.each([
    ["problemAt", "The database is full"],
    ["faultAt", "in the log"],
  ] as const)("that meets %s fails with what happened, keeps its state, and can be resumed", async (fault, says) => {
    await start({ to: 2, [fault]: 1 });
    await runAlarms();
    const failed = await status();
    expect(failed).toMatchObject({ state: "failed", steps: 1, report: { done: 1 } });
    expect(failed.why).toContain(says);
    await job.order("resume", "ann");
    await runAlarms();
    expect(await status()).toMatchObject({ state: "done", steps: 2 });
  });

  it("whose kind refuses its parameters is not started", async () => {
    expect(await start({ to: 0.5 })).toEqual({
      kind: "refused",
      message: "Nothing was started: `to` is no whole number.",
    });
    expect(await runAlarms()).toBe(0);
    const unknown = await job.start({ kind: "rebuild", params: {}, actor: "ann" });
    expect(unknown).toMatchObject({ kind: "refused" });
  });

  it("is paused, resumed and canceled; other orders are refused", async () => {
    await start({ to: 3 });
    await job.fire();
    expect(await job.order("pause", "bob")).toMatchObject({
      kind: "ok",
      job: { state: "paused", why: "bob paused it" },
    });
    await runAlarms();
    expect(await status()).toMatchObject({ state: "paused", steps: 1 });
    expect(await job.order("pause", "bob")).toMatchObject({ kind: "wrong_state" });
    await job.order("resume", "bob");
    await job.fire();
    expect(await job.order("cancel", "bob")).toMatchObject({ job: { state: "canceled", steps: 2 } });
    await runAlarms();
    expect(await status()).toMatchObject({ state: "canceled", steps: 2 });
    expect(await job.order("resume", "bob")).toMatchObject({ kind: "wrong_state" });
  });

  it("keeps an order that comes in the middle of a step", async () => {
    for (const [order, after] of [
      ["pause", { state: "paused", steps: 1 }],
      ["cancel", { state: "canceled" }],
    ] as const) {
      await start({ to: 3 });
      const { release, stepping } = await inAStep();
      await job.order(order, "bob");
      release();
      await stepping;
      expect(await status()).toMatchObject(after);
      await job.order("cancel", "bob");
    }
  });

  it("is not started while another runs, unless that was started by the schedule", async () => {
    await start({ to: 3 });
    const refused = await start({ to: 3 }, "compaction");
    expect(refused).toMatchObject({ kind: "wrong_state" });
    expect((refused as { message: string }).message).toContain("the forgetting that ann started is running");
    await job.order("cancel", "ann");
    await start({ to: 3 }, "compaction", "schedule");
    const { release, stepping } = await inAStep();
    const started = start({ to: 1 });
    release();
    await stepping;
    expect(await started).toMatchObject({ kind: "ok", job: { kind: "forgetting", state: "running", steps: 0 } });
    await runAlarms();
    expect(await status()).toMatchObject({ kind: "forgetting", state: "done", steps: 1 });
  });

  it("of the schedule goes on if the order that it gave way to is refused", async () => {
    await start({ to: 3 }, "compaction", "schedule");
    await job.fire();
    expect(await start({ to: 0.5 })).toMatchObject({ kind: "refused" });
    expect(await status()).toMatchObject({ kind: "compaction", state: "running", why: null, steps: 1 });
    expect(await runAlarms()).toBe(2);
    expect(await status()).toMatchObject({ kind: "compaction", state: "done" });
    await start({ to: 3 }, "compaction", "schedule");
    await job.order("pause", "bob");
    expect(await start({ to: 0.5 })).toMatchObject({ kind: "refused" });
    expect(await status()).toMatchObject({ kind: "compaction", state: "paused", why: "bob paused it" });
  });

  it("that is due begins by itself, and goes on after its alarm was lost", async () => {
    await job.tick();
    expect(await status()).toMatchObject({ kind: "compaction", state: "running", actor: "schedule" });
    await job.loseAlarm();
    await job.tick();
    await vi.waitUntil(() => job.isArmed());
    expect(await runAlarms()).toBe(2);
    expect(await status()).toMatchObject({ state: "done" });
    await job.tick();
    expect(await runAlarms()).toBe(0);
    await job.age(61_000);
    await job.tick();
    expect(await status()).toMatchObject({ state: "running" });
  });

  it.each(["schedule", "ann"])(
    "of %s that failed rests for an hour, and then gives way to the schedule",
    async (actor) => {
      await start({ to: 2, faultAt: 0 }, "compaction", actor);
      await runAlarms();
      await job.age(3_500_000);
      await job.tick();
      expect(await status()).toMatchObject({ state: "failed", actor });
      await job.age(200_000);
      await job.tick();
      const { lastFailed, ...next } = await status();
      expect(next).toMatchObject({ state: "running", actor: "schedule" });
      expect(lastFailed.compaction).toMatchObject({ actor, why: expect.stringContaining("in the log") });
      await runAlarms();
      expect(await status()).toMatchObject({ state: "done", lastFailed });
    },
  );

  it("of an operator that failed gives way to another kind that is due", async () => {
    await start({ to: 2, faultAt: 1 });
    await runAlarms();
    await job.age(1_000_000_000);
    await job.tick();
    expect(await status()).toMatchObject({
      state: "running",
      kind: "compaction",
      lastFailed: { forgetting: { actor: "ann" } },
    });
  });

  it("that fails each time it is due keeps no other kind waiting that is due too", async () => {
    scheduled.forgetting = true;
    const started: (string | null)[] = [];
    for (let hour = 0; hour < 4; hour++) {
      await job.age(3_700_000);
      await job.tick();
      const { kind } = await status();
      started.push(kind);
      if (kind === "compaction") {
        // In the place of the scheduled one, which the tests give no faults.
        await job.order("cancel", "ann");
        forgetFaults();
        await start({ to: 2, faultAt: 0 }, "compaction", "schedule");
      }
      await runAlarms();
      expect(await status()).toMatchObject({ kind, state: kind === "compaction" ? "failed" : "done" });
    }
    expect(started.toSorted()).toEqual(["compaction", "compaction", "forgetting", "forgetting"]);
  });

  it("of an operator that failed waits for the operator, as long as nothing else has what was ordered", async () => {
    await start({ to: 2, faultAt: 0, isOrderOnlyHere: true });
    await runAlarms();
    await job.age(1_000_000_000);
    await job.tick();
    expect(await status()).toMatchObject({ state: "failed", kind: "forgetting" });
    await job.order("resume", "ann");
    await runAlarms();
    expect(await status()).toMatchObject({ state: "done", kind: "forgetting", steps: 2 });
  });
});

/** Fires an alarm and returns once its step waits at the gate. */
async function inAStep() {
  Object.assign(gate, { isClosed: true, isReached: false });
  const stepping = job.fire();
  await vi.waitUntil(() => gate.isReached);
  const release = (): void => {
    gate.isClosed = false;
  };
  return { release, stepping };
}
