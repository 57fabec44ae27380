import { performance } from "node:perf_hooks";
import { percentile } from "../local/screen.ts";

export type Rate = {
  /** Calls that ended, per second. */
  readonly perSecond: number;
  /** Milliseconds per call. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly calls: number;
};

/** One side of a comparison, which is called again and again; `call` is the number of the call. */
export type Act = (call: number) => Promise<unknown>;

type Pacing = {
  /** The number of concurrent calls. */
  readonly concurrency: number;
  /** How long one side runs before the other does. */
  readonly turnMs: number;
  /** How many turns each side has. The first is a warm-up and is not counted. */
  readonly turns: number;
};

const DEFAULT: Pacing = { concurrency: 4, turnMs: 1_000, turns: 6 };

/**
 * Runs several sides in turns, so that other load on the machine affects all of them alike.
 * @returns each side's result, under its name
 */
export async function takeTurns<Name extends string>(
  acts: Readonly<Record<Name, Act>>,
  { concurrency, turnMs, turns }: Pacing = DEFAULT,
): Promise<Record<Name, Rate>> {
  const names = Object.keys(acts) as Name[];
  const tallies = new Map(names.map((name) => [name, { times: [] as number[], elapsedMs: 0, calls: 0 }]));
  for (let turn = 0; turn < turns; turn++) {
    for (const name of names) {
      const tally = tallies.get(name);
      if (!tally) continue;
      const times: number[] = [];
      const began = performance.now();
      const worker = async () => {
        while (performance.now() - began < turnMs) {
          const at = performance.now();
          await acts[name](tally.calls++);
          times.push(performance.now() - at);
        }
      };
      await Promise.all(Array.from({ length: concurrency }, worker));
      if (turn === 0) continue;
      tally.times.push(...times);
      tally.elapsedMs += performance.now() - began;
    }
  }
  const rates = [...tallies].map(([name, { times, elapsedMs }]) => [
    name,
    {
      perSecond: (times.length / elapsedMs) * 1_000,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      calls: times.length,
    },
  ]);
  return Object.fromEntries(rates) as Record<Name, Rate>;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** @throws Error after a minute */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within a minute`);
    await sleep(2);
  }
}
