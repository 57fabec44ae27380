/// <reference types="vite/types/importMeta.d.ts" />
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { Figures } from "./figures.ts";
import { KEEP_MARK, type KeptSchedule } from "./kept.ts";
import { type Schedule, type Step, schedules } from "./schedule.ts";
import { RECORDS, simulate } from "./simulate.ts";

const { SIMULATE_RUNS, SIMULATE_SEED, SIMULATE_PATH } = env as unknown as Record<string, string>;

const kept = import.meta.glob<KeptSchedule<Step>>("./kept/*.json", { eager: true, import: "default" });

describe("any schedule of any faults", () => {
  beforeAll(() => {
    for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
    // Time is simulated, so a producer's second attempt does not wait.
    const { setTimeout } = globalThis;
    vi.stubGlobal("setTimeout", (callback: () => void, ms = 0) => setTimeout(callback, ms < 1_000 ? 0 : ms));
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  for (const { found, ...schedule } of Object.values(kept)) {
    it(`that was kept because it failed with "${found}" fails no more`, () => simulate(schedule, new Figures()));
  }

  it(`ends with every accepted record in exactly one place (${SIMULATE_RUNS} schedules of ${RECORDS} records)`, async () => {
    const figures = new Figures();
    const runs = Number(SIMULATE_RUNS);
    const property = fc.asyncProperty(schedules, async (schedule) => {
      await simulate(schedule, figures);
      const { schedules, deliveries, faults } = figures;
      if (schedules % 25 || schedules >= runs) return;
      console.log(`${schedules} of ${runs} schedules: ${deliveries} deliveries, ${faults.total} faults, 0 violations`);
    });
    const details = await fc.check(property, {
      numRuns: runs,
      ...(SIMULATE_SEED && { seed: Number(SIMULATE_SEED) }),
      ...(SIMULATE_PATH && { path: SIMULATE_PATH }),
    });
    if (details.failed) throw violation(details);
    console.log(`${figures}; 0 violations`);
  });
});

/** Prints the shrunk schedule, to be kept. @returns the error with the seed and path that repeat it */
function violation(details: fc.RunDetails<[Schedule]>): Error {
  const { counterexample, errorInstance, seed, counterexamplePath } = details;
  const cause = errorInstance instanceof Error ? errorInstance : new Error(String(errorInstance));
  const found = cause.message.split("\n")[0] ?? "";
  console.log(`${KEEP_MARK}${JSON.stringify({ found, ...counterexample?.[0] })}`);
  return new Error(`A schedule broke a promise: --seed ${seed} --path ${counterexamplePath} repeats it.`, { cause });
}
