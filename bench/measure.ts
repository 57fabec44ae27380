import { performance } from "node:perf_hooks";
import { percentile } from "../local/screen.ts";

export type Rate = {
  /** Calls that ended, a second. */
  readonly perSecond: number;
  /** Milliseconds a call. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly calls: number;
};

/** What one side of a comparison does again and again; `call` counts its calls. */
export type Act = (call: number) => Promise<unknown>;

type Pacing = {
  /** Calls that are under way at once. */
  readonly concurrency: number;
  /** How long one side runs before the other does. */
  readonly turnMs: number;
  /** How often each side has its turn. The first is to warm up, and is not counted. */
  readonly turns: number;
};

const DEFAULT: Pacing = { concurrency: 4, turnMs: 1_000, turns: 6 };

/**
 * Runs several acts in turns, so that whatever else the machine does meets all of them alike.
 * @returns what each came to, under its name
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
