import { describe, expect, it, vi } from "vitest";
import { randomOf } from "../../../samples/random.ts";
import { compaction } from "../../../workers/archive/jobs/compaction.ts";
import type { RebuildState } from "../../../workers/archive/jobs/rebuild/state.ts";
import { countCalls, type Death, inAJob, runDying, runToEnd } from "./dying.ts";
import {
  archive,
  clear,
  consume,
  DB,
  detailsOf,
  objectsOf,
  rowsIn,
  type Sample,
  shuffled,
  timedRebuild,
  yearOf,
} from "./rebuild-world.ts";

vi.setConfig({ testTimeout: 240_000 });

const ASKED = { into: "D1", switch: true, pace: 100_000 };
const keysIn = (samples: readonly Sample[]) => samples.map(({ event }) => event.deviceKey);
const seen = async (samples: readonly Sample[]) => ({
  rows: await rowsIn(DB),
  objects: await objectsOf(keysIn(samples)),
});

/** A consumer that lost a batch, and a column that is wrong. */
async function damaged(samples: readonly Sample[]): Promise<void> {
  await clear(keysIn(samples));
  await consume(samples, (event, index) => (index % 10 === 3 ? null : event));
  await DB.prepare("UPDATE devices SET status = 'RETIRED' WHERE key = (SELECT min(key) FROM devices)").run();
  await archive(samples, 25);
}

async function right(samples: readonly Sample[]) {
  await clear(keysIn(samples));
  await consume(samples);
  return seen(samples);
}

describe("a rebuild that is killed", () => {
  it("ends like one that is not, wherever it dies", async () => {
    const samples = yearOf(30, 60, 3);
    const expected = await right(samples);
    await damaged(samples);
    const calls = await inAJob((deps) => countCalls(timedRebuild(), ASKED, deps));
    expect(await seen(samples)).toEqual(expected);
    expect(calls).toBeGreaterThan(40);
    const random = randomOf(30);
    for (let call = 1; call <= calls; call += random.int(5, 11)) {
      const deaths: Death[] = [
        { call, when: random.chance(0.5) ? "before" : "after" },
        { call: random.int(1, 12), when: "after" },
      ];
      await damaged(samples);
      const state = await inAJob((deps) => runDying(timedRebuild(), ASKED, deps, deaths));
      expect([deaths, detailsOf(state).left?.total, await seen(samples)]).toEqual([deaths, 0, expected]);
    }
  });
});

describe("a rebuild while events flow", () => {
  it.each([40, 41, 42])("finds no difference that is none, seed %i", async (seed) => {
    const { samples, run } = flowing(seed);
    const state = await run(() => true);
    expect(detailsOf(state)).toMatchObject({ found: { total: 0 } });
    expect(await seen(samples)).toEqual(await right(samples));
  });

  it.each([50, 51, 52])("repairs what is wrong, and loses no event, seed %i", async (seed) => {
    const { samples, run } = flowing(seed);
    const state = await run((index) => index % 7 !== 2);
    expect(detailsOf(state).found.total).toBeGreaterThan(0);
    expect(detailsOf(state).left).toMatchObject({ total: 0 });
    expect(await seen(samples)).toEqual(await right(samples));
  });
});

describe("a rebuild while files are compacted", () => {
  it.each([60, 61])("leaves no record out, seed %i", async (seed) => {
    const samples = yearOf(seed, 240, 6);
    const expected = await right(samples);
    await clear(keysIn(samples));
    await consume(samples, (_, index) => (index % 5 === 1 ? null : _));
    await archive(shuffled(samples, seed), 20);
    const random = randomOf(seed);
    await inAJob(async (deps) => {
      let compacting = await compaction.begin({}, deps);
      let isCompacted = false;
      const kind = timedRebuild(async () => {
        for (let step = 0; step < random.int(1, 3) && !isCompacted; step++) {
          const { state, isDone } = await compaction.step(compacting, deps);
          [compacting, isCompacted] = [state, isDone];
        }
      });
      const state = await runToEnd(kind, { ...ASKED, pace: 40 }, deps);
      expect(isCompacted).toBe(true);
      expect(detailsOf(state).left).toMatchObject({ total: 0 });
    });
    expect(await seen(samples)).toEqual(expected);
  });
});

/** How long after its merge a batch may be archived: less than a comparison waits. */
const SLOW_MS = 100_000;

/** Events arrive at random moments of a rebuild, and are archived long after they were merged. */
function flowing(seed: number) {
  const samples = yearOf(seed, 240, 6);
  const random = randomOf(seed);
  const [old, newer] = [samples.slice(0, 160), samples.slice(160)];
  const run = async (isConsumed: (index: number) => boolean): Promise<RebuildState> => {
    await clear(keysIn(samples));
    await consume(old, (event, index) => (isConsumed(index) ? event : null));
    await archive(shuffled(old, seed));
    let waiting: { readonly batch: readonly Sample[]; readonly dueMs: number }[] = [];
    let arrived = 0;
    const kind = timedRebuild(async (state, nowMs) => {
      if (!state.plan.includes("judge")) return;
      if (random.chance(0.5)) {
        const batch = newer.slice(arrived, arrived + random.int(1, 12));
        arrived += batch.length;
        await consume(batch);
        waiting.push({ batch, dueMs: nowMs + random.int(0, SLOW_MS) });
      }
      const due = waiting.filter(({ dueMs }) => dueMs <= nowMs);
      waiting = waiting.filter(({ dueMs }) => dueMs > nowMs);
      await archive(due.flatMap(({ batch }) => batch));
    });
    const state = await inAJob((deps) => runToEnd(kind, ASKED, deps));
    await consume(newer.slice(arrived));
    await archive([...waiting.flatMap(({ batch }) => batch), ...newer.slice(arrived)]);
    return state;
  };
  return { samples, run };
}
