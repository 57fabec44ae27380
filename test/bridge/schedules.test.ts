import { expect, it } from "vitest";
import type { StandInDialect } from "./habits.ts";
import { type Outcome, runSchedule } from "./schedule.ts";

const SEED = Number(process.env.BRIDGE_SEED ?? 1);
/** Of each dialect. */
const SCHEDULES = Number(process.env.BRIDGE_SCHEDULES ?? (process.env.BRIDGE_SEED ? 1 : 10));
/** They mostly wait; but with too many at once, a busy machine lets some wait too long. */
const SIDE_BY_SIDE = 10;

const PROXIES: readonly (readonly [name: string, dialects: readonly StandInDialect[]])[] = [
  ["Confluent REST Proxy", ["confluent"]],
  ["Karapace", ["karapace"]],
  ["Strimzi's bridge", ["strimzi"]],
  ["Redpanda's HTTP proxy, before and since 26.1", ["redpanda", "redpanda before 26.1"]],
];

/**
 * Drawn schedules of records, faults, kills and rebalances against a stand-in of each proxy. `BRIDGE_SEED=7` runs one of
 * them again, `BRIDGE_SCHEDULES=500` more of them, and both begin with that seed.
 */
it.concurrent.each(PROXIES)(
  `a bridge in front of %s loses no record and keeps the order of each key, in ${SCHEDULES} schedules`,
  { timeout: 180_000 + SCHEDULES * 6_000 },
  async (_, dialects) => {
    const failed: string[] = [];
    const seeds = Array.from({ length: SCHEDULES }, (_, index) => SEED + index);
    const runNext = async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const outcome = await runSchedule(dialects[seed % dialects.length] as StandInDialect, seed);
        if (outcome.problems.length > 0) failed.push(told(seed, outcome));
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, runNext));
    expect(failed.join("\n")).toBe("");
  },
);

const told = (seed: number, { problems, faults, log }: Outcome): string =>
  [`BRIDGE_SEED=${seed}: ${problems[0]}`, `  faults: ${faults.join(", ")}`, ...log.slice(-20)].join("\n  ");
