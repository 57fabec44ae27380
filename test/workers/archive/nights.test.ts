import { expect, it } from "vitest";
import type { JobDeps, JobKind } from "../../../workers/archive/jobs/job-kind.ts";
import { JobRunner, SCHEDULE } from "../../../workers/archive/jobs/job-runner.ts";
import { verificationSchedule } from "../../../workers/archive/jobs/verification.ts";
import { inAJob } from "./dying.ts";

const at = (day: number, time: string) => Date.parse(`2026-12-0${day}T${time}:00Z`);

type Fault = { isThrown: boolean };

/** The object in which verifications run, with a clock, and runs of two steps that may fail. */
function verifying(deps: JobDeps, fault: Fault) {
  const clock = { nowMs: 0 };
  const kind: JobKind<unknown, number> = {
    begin: async () => 0,
    step: async (steps) => {
      if (fault.isThrown) throw new TypeError("undefined is not an object");
      return { state: steps + 1, isDone: steps === 1 };
    },
    report: (steps) => ({ phase: "", done: steps, total: null, unit: "steps", figures: {} }),
  };
  const { kv } = deps.storage;
  const runner = new JobRunner("verification", {
    storage: { kv, setAlarm: async () => {}, getAlarm: async () => null } as unknown as DurableObjectStorage,
    kinds: { verification: { kind, schedule: verificationSchedule } },
    jobDeps: () => deps,
    now: () => clock.nowMs,
    random: () => 0,
  });
  /** What the cron trigger does at a time. @returns who started what runs afterwards; `null` if nothing does */
  const tick = async (ms: number): Promise<string | null> => {
    clock.nowMs = ms;
    await runner.tick();
    const { state, actor } = runner.status();
    return state === "running" ? actor : null;
  };
  const finish = async (): Promise<void> => {
    for (let step = 0; step < 2; step++) await runner.alarm();
  };
  const byHand = () => runner.start({ kind: "verification", params: {}, actor: "ann" });
  return { runner, tick, finish, byHand };
}

it("a night verifies its part once, whatever operators verified that day", () =>
  inAJob(async (deps) => {
    const { tick, finish, byHand } = verifying(deps, { isThrown: false });
    expect(await tick(at(1, "01:00"))).toBeNull();
    await byHand();
    await finish();
    expect(await tick(at(1, "02:00"))).toBe(SCHEDULE);
    await finish();
    expect(await tick(at(1, "02:05"))).toBeNull();
    expect(await tick(at(2, "02:00"))).toBe(SCHEDULE);
  }, "verification"));

it("a night that gave way to an operator has its turn afterwards; one that an operator canceled does not", () =>
  inAJob(async (deps) => {
    const { runner, tick, finish, byHand } = verifying(deps, { isThrown: false });
    expect(await tick(at(1, "02:00"))).toBe(SCHEDULE);
    await byHand();
    await finish();
    expect(await tick(at(1, "02:30"))).toBe(SCHEDULE);
    runner.order("cancel", "ann");
    expect(await tick(at(1, "02:35"))).toBeNull();
    expect(await tick(at(1, "23:55"))).toBeNull();
    expect(await tick(at(2, "02:00"))).toBe(SCHEDULE);
  }, "verification"));

it("a night that failed is begun again an hour later", () =>
  inAJob(async (deps) => {
    const fault = { isThrown: true };
    const { tick, finish } = verifying(deps, fault);
    expect(await tick(at(1, "02:00"))).toBe(SCHEDULE);
    await finish();
    expect(await tick(at(1, "02:55"))).toBeNull();
    fault.isThrown = false;
    expect(await tick(at(1, "03:00"))).toBe(SCHEDULE);
    await finish();
    expect(await tick(at(1, "04:00"))).toBeNull();
  }, "verification"));
