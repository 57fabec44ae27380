import { describe, expect, it } from "vitest";
import { decodeTexts, encodeTexts } from "#archive/lines.ts";
import { bucketName, FOLDS_PREFIX } from "#archive/names.ts";
import { randomOf } from "../../../samples/random.ts";
import { compaction } from "../../../workers/archive/jobs/compaction.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { toText } from "../../../workers/archive/jobs/pieces.ts";
import { FOLD_VERSION } from "../../../workers/archive/jobs/verification/fold-version.ts";
import { rereadOf } from "../../../workers/archive/jobs/verification/load.ts";
import { readResults } from "../../../workers/archive/jobs/verification/results.ts";
import type { VerificationState } from "../../../workers/archive/jobs/verification/state.ts";
import { BUCKETS_A_NIGHT, type VerificationParams, verification } from "../../../workers/archive/jobs/verification.ts";
import { streamOf } from "../../simulation/stream.ts";
import { emptyTables } from "../seeds.ts";
import { clockedBucket } from "./clocked-bucket.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { Flow } from "./verification-flow.ts";
import { ARCHIVE, beginEmpty, DB, HISTORY, inBatches, recordOf, START_MS, shown } from "./verification-support.ts";

beginEmpty();

const DAY_MS = 86_400_000;

/** A consumer, a bucket and jobs on one clock, which the test moves. */
async function inAWorld(seed: number, run: (world: World) => Promise<void>): Promise<void> {
  await inAJob((deps) => run(new World(deps, seed)));
}

class World {
  readonly flow: Flow;
  readonly calls: ReturnType<typeof clockedBucket>["calls"];
  readonly #deps: JobDeps;

  constructor(deps: JobDeps, seed: number) {
    const { bucket, calls } = clockedBucket(deps.bucket, () => this.flow.nowMs);
    this.#deps = { ...deps, bucket };
    this.calls = calls;
    this.flow = new Flow(this.#deps, randomOf(seed), START_MS);
  }

  get deps(): JobDeps {
    return { ...this.#deps, nowMs: this.flow.nowMs };
  }

  /** Archives and merges these, and lets an hour pass. */
  async consume(records: Parameters<Flow["accept"]>[0]): Promise<void> {
    for (const batch of inBatches(records, 50)) this.flow.accept(batch);
    await this.flow.drain();
    this.flow.nowMs += 3_600_000;
  }

  async compact(): Promise<void> {
    await runToEnd(compaction, {}, this.deps);
    this.flow.nowMs += 3_600_000;
  }

  /** A run that waits an hour at a time. @param meanwhile what happens once it has read the archive */
  async verify(params: VerificationParams, meanwhile = async () => {}): Promise<VerificationState> {
    const kind = hurried(this.flow);
    let isRead = false;
    const state = await runToEnd<VerificationParams, VerificationState>(
      {
        ...kind,
        step: async (before, deps) => {
          if (before.phase === "gather" && !isRead) {
            isRead = true;
            await meanwhile();
          }
          return kind.step(before, deps);
        },
      },
      params,
      this.deps,
    );
    this.flow.nowMs += 3_600_000;
    return state;
  }

  /** What the last run found. Its results do not say when and in which run. */
  async found() {
    const { results, differences, differenceCount } = await readResults(this.#deps.storage, {});
    return {
      differenceCount,
      differences: shown(differences).sort(),
      results: results.map(({ verifiedAt: _, run: __, wholeAt: ___, ...result }) => result),
    };
  }
}

const hurried = (flow: Flow): typeof verification => ({
  ...verification,
  step: (state, deps) => {
    if (state.phase === "wait") flow.nowMs += 3_600_000;
    return verification.step(state, { ...deps, nowMs: flow.nowMs });
  },
});

const storedFolds = async (): Promise<string[]> => {
  const keys: string[] = [];
  for (let startAfter = ""; ; ) {
    const page = await ARCHIVE.list({ prefix: FOLDS_PREFIX, ...(startAfter && { startAfter }) });
    keys.push(...page.objects.map(({ key }) => key));
    if (!page.truncated) return keys;
    startAfter = keys.at(-1) as string;
  }
};

const ALL = { buckets: "all" } as const;

describe("a verification that begins with stored folds", () => {
  it("reads what was archived since, however long the history is", async () => {
    const read: { readonly whole: number; readonly since: number; readonly gets: number }[] = [];
    for (const days of [4, 12]) {
      await emptyTables();
      await emptyBucket(ARCHIVE);
      await inAWorld(days, async (world) => {
        const stream = streamOf(6, days * 40 + 40, `bounded-${days}`);
        for (const day of inBatches(stream.slice(0, days * 40), 40)) {
          await world.consume(day);
          world.flow.nowMs += DAY_MS;
          await world.compact();
        }
        const whole = await world.verify(ALL);
        expect(whole.figures).toMatchObject({ differences: 0 });
        world.flow.nowMs += DAY_MS;
        await world.consume(stream.slice(days * 40));
        world.flow.nowMs += DAY_MS;
        await world.compact();
        world.calls.get = 0;
        const since = await world.verify(ALL);
        expect(since.figures).toMatchObject({ differences: 0, devices: whole.figures.devices });
        // Without index and pieces, which are of the fleet.
        const pieces = (await storedFolds()).length;
        read.push({ whole: whole.figures.records, since: since.figures.records, gets: world.calls.get - pieces });
      });
    }
    const [few, many] = read as [(typeof read)[0], (typeof read)[0]];
    console.log(`a run reads ${few.since} and ${many.since} of ${few.whole} and ${many.whole} records`);
    expect(many.whole).toBeGreaterThan(few.whole * 2);
    expect(many.since).toBe(few.since);
    expect(many.since).toBeLessThanOrEqual(40);
    expect(many.since).toBeGreaterThan(20);
    expect(many.gets).toBeLessThanOrEqual(few.gets + 5);
  }, 120_000);

  it.each([1, 2])(
    "finds what one finds that reads everything, seed %i",
    async (seed) => {
      await inAWorld(seed, async (world) => {
        const random = randomOf(seed);
        const stream = streamOf(6, 180, `equal-${seed}`);
        for (const week of inBatches(stream, 60)) {
          await world.consume(week.slice(0, 40));
          if (random.chance(0.5)) {
            world.flow.nowMs += 2 * DAY_MS;
            await world.compact();
          }
          if (random.chance(0.6)) await DB.exec(random.pick(FAULTS(seed)));
          const before = (await storedFolds()).length;
          await world.verify(ALL, () => world.consume(week.slice(40)));
          await world.verify(ALL);
          const withFolds = await world.found();
          await world.verify({ ...ALL, fromBeginning: true });
          expect(withFolds, `${before} files were stored`).toEqual(await world.found());
          world.flow.nowMs += 7 * DAY_MS;
        }
        expect((await storedFolds()).length).toBeGreaterThan(3);
      });
    },
    120_000,
  );

  it("keeps none of a bucket in which anything differs, and reads that one from its beginning", async () => {
    await inAWorld(5, async (world) => {
      await world.consume(streamOf(5, 60, "wrong"));
      await world.verify(ALL);
      const pieces = (await storedFolds()).filter((key) => key.endsWith(".gz"));
      await DB.exec("UPDATE devices SET updated_on = '2020-01-01' WHERE key = 'elt:wrong-1'");
      await world.verify(ALL);
      expect((await world.found()).differences).toEqual(["device elt:wrong-1 columns.updatedOn derived"]);
      const left = (await storedFolds()).filter((key) => key.endsWith(".gz"));
      expect(left.length).toBe(pieces.length - 1);
      await DB.exec("UPDATE devices SET updated_on = substr(latest, 1, 10) WHERE key = 'elt:wrong-1'");
      const state = await world.verify(ALL);
      expect(Object.keys(state.loaded).length).toBe(255);
      expect((await world.found()).differenceCount).toBe(0);
      expect((await storedFolds()).filter((key) => key.endsWith(".gz")).length).toBe(pieces.length);
    });
  }, 60_000);

  const said = '"dealer elt:D-77"';
  it.each([
    [
      "says something else of a dealer",
      (line: string) => (line.includes(said) ? [line.replace('"name":"Dealer"', '"name":"Other"')] : [line]),
      "dealer elt:D-77 value.name sameVersion",
    ],
    [
      "says nothing of a dealer",
      (line: string) => (line.includes(said) ? [] : [line]),
      "dealer elt:D-77 * notArchived",
    ],
  ])("is alone in what it finds where a stored fold %s: the next run reads the archive", async (_, spoil, found) => {
    await inAWorld(11, async (world) => {
      await world.consume(HISTORY.map(([action, data], index) => recordOf(index, action, data, "party-1")));
      await world.verify(ALL);
      const piece = (await storedFolds()).find((key) => key.endsWith(".gz")) as string;
      const lines: string[] = [];
      for await (const text of decodeTexts(((await ARCHIVE.get(piece)) as R2ObjectBody).body))
        lines.push(...spoil(text));
      await ARCHIVE.put(piece, await encodeTexts(lines));
      await world.verify(ALL);
      expect((await world.found()).differences).toEqual([found]);
      await world.verify(ALL);
      expect((await world.found()).differences).toEqual([]);
    });
  });

  it("reads the archive's files once for all buckets without a stored fold, wherever these lie", async () => {
    await inAWorld(13, async (world) => {
      for (const day of inBatches(streamOf(6, 90, "scattered"), 30)) {
        await world.consume(day);
        world.flow.nowMs += DAY_MS;
        await world.compact();
      }
      const getsOf = async (params: VerificationParams): Promise<number> => {
        world.calls.get = 0;
        await world.verify(params);
        return world.calls.get;
      };
      const whole = await getsOf(ALL);
      const index = (await (await ARCHIVE.get(`${FOLDS_PREFIX}index.json`))?.json()) as object;
      const everyOther = Object.entries(index).filter((_, i) => i % 2 === 0);
      await ARCHIVE.put(`${FOLDS_PREFIX}index.json`, JSON.stringify(Object.fromEntries(everyOther)));
      expect(await getsOf(ALL)).toBeLessThan(whole * 2);
    });
  }, 60_000);

  it("that dies at any call of a store ends with the results of one that does not", async () => {
    await inAWorld(6, async (world) => {
      const stream = streamOf(5, 60, "dies");
      await world.consume(stream.slice(0, 40));
      const random = randomOf(8);
      const kind = hurried(world.flow);
      const params = { buckets: "all" } as const;
      await world.verify(params);
      await world.consume(stream.slice(40));
      await DB.exec("DELETE FROM devices WHERE key = 'elt:dies-1'");
      const calls = await countCalls(kind, params, world.deps);
      const undisturbed = await world.found();
      expect(undisturbed.differenceCount).toBeGreaterThan(0);
      for (let run = 0; run < 6; run++) {
        const deaths = Array.from({ length: 3 }, () => ({
          call: random.int(1, Math.ceil(calls / 3)),
          when: random.pick(["before", "after"] as const),
        }));
        await runDying(kind, params, world.deps, deaths);
        expect(await world.found(), JSON.stringify(deaths)).toEqual(undisturbed);
      }
    });
  }, 120_000);

  it.each([
    ["a piece is gone", (keys: readonly string[]) => ARCHIVE.delete(keys.find((key) => key.endsWith(".gz")) as string)],
    ["a piece is damaged", (keys: readonly string[]) => damage(keys, ".gz")],
    ["the index is damaged", (keys: readonly string[]) => damage(keys, "index.json")],
    [
      "its version is another",
      async (keys: readonly string[]) => {
        const key = keys.find((each) => each.endsWith("index.json")) as string;
        const index = (await (await ARCHIVE.get(key))?.json()) as object;
        const older = Object.entries(index).map(([bucket, fold]) => [bucket, { ...fold, version: "0-0" }]);
        await ARCHIVE.put(key, JSON.stringify(Object.fromEntries(older)));
      },
    ],
  ])(
    "reads from the beginning where %s",
    async (_, spoil) => {
      await inAWorld(7, async (world) => {
        await world.consume(streamOf(5, 60, "spoiled"));
        const { figures } = await world.verify(ALL);
        await spoil(await storedFolds());
        world.flow.nowMs += DAY_MS;
        const again = await world.verify(ALL);
        expect(Object.keys(again.loaded).length).toBeLessThan(256);
        expect(again.figures).toMatchObject({ differences: 0, devices: figures.devices });
        expect(again.figures.records).toBeGreaterThan(0);
      });
    },
    60_000,
  );

  it("stores nothing of somebody who is being forgotten, or was since the run began", async () => {
    await inAWorld(8, async (world) => {
      const id = "kept-1";
      await world.consume(HISTORY.map(([action, data], index) => recordOf(index, action, data, id)));
      const kind = hurried(world.flow);
      let state = JSON.parse(JSON.stringify(await kind.begin(ALL, world.deps)));
      while (state.phase !== "keep") state = JSON.parse(JSON.stringify((await kind.step(state, world.deps)).state));
      // Between the comparison and the keeping, and done at once.
      await DB.exec(
        `INSERT INTO forgotten VALUES ('customer elt:C-77', ${START_MS}, 'r', ${world.flow.nowMs}), ('device elt:${id}', ${START_MS}, 'r', ${world.flow.nowMs})`,
      );
      while (state.phase !== "done") state = JSON.parse(JSON.stringify((await kind.step(state, world.deps)).state));
      expect((await storedFolds()).filter((key) => key.endsWith(".gz"))).toEqual([]);
      await DB.exec("DELETE FROM forgotten");
    });
  });

  it("notes nothing of somebody who was noted as forgotten before the run began, also where folds are still stored", async () => {
    await inAWorld(8, async (world) => {
      const id = "noted-1";
      await world.consume(HISTORY.map(([action, data], index) => recordOf(index, action, data, id)));
      await world.verify(ALL);
      expect((await storedFolds()).filter((key) => key.endsWith(".gz")).length).toBe(1);
      await DB.exec(
        `INSERT INTO forgotten VALUES ('customer elt:C-77', ${world.flow.nowMs}, 'r', NULL), ('device elt:${id}', ${world.flow.nowMs}, 'r', NULL)`,
      );
      world.flow.nowMs += DAY_MS;
      let state = await verification.begin(ALL, world.deps);
      while (state.phase !== "wait") {
        state = (await verification.step(state, world.deps)).state;
        const notes = [...world.deps.storage.kv.list({ prefix: "verify:" })];
        expect(notes.filter(([, value]) => toText(value).includes("Ann")).map(([name]) => name)).toEqual([]);
      }
      await DB.exec("DELETE FROM forgotten");
    });
  });

  it("stores nothing that two releases have folded", async () => {
    await inAWorld(10, async (world) => {
      await world.consume(streamOf(5, 60, "deployed"));
      const kind = hurried(world.flow);
      const until = async (phase: VerificationState["phase"], begun: VerificationState) => {
        let state = begun;
        while (state.phase !== phase) state = (await kind.step(state, world.deps)).state;
        return state;
      };
      const folded = await until("keep", await kind.begin(ALL, world.deps));
      // The release before has begun the run.
      await until("done", { ...folded, foldVersion: "0-0" });
      expect((await storedFolds()).filter((key) => key.endsWith(".gz"))).toEqual([]);
    });
  });

  it.each([[[]], [[20]], [[20, 33]]])(
    "reads one bucket of each night from the beginning, and each within 37 weeks and the days of nights that fail: %j",
    (failed: readonly number[]) => {
      const stored = (day: number) => ({
        version: FOLD_VERSION,
        run: "r",
        pieces: 0,
        throughMs: 0,
        wholeAtMs: day * DAY_MS,
      });
      const index = Object.fromEntries(Array.from({ length: 256 }, (_, bucket) => [bucketName(bucket), stored(0)]));
      let [from, oldest] = [0, 0];
      for (let day = 0; day < 2 * 37 * 7; day++) {
        if (failed.includes(day)) continue;
        const range = { from, to: Math.min(from + BUCKETS_A_NIGHT, 256) - 1 };
        const again = rereadOf({ range, reread: "oldest" }, index);
        expect(again.size).toBe(1);
        for (let bucket = range.from; bucket <= range.to; bucket++) {
          const name = bucketName(bucket);
          oldest = Math.max(oldest, day - (index[name] as { wholeAtMs: number }).wholeAtMs / DAY_MS);
          if (again.has(name)) index[name] = stored(day);
        }
        from = (range.to + 1) % 256;
      }
      expect(oldest).toBeLessThanOrEqual(37 * 7 + failed.length);
    },
  );

  it("sees a lost file of the archive when its turn to be read from the beginning comes", async () => {
    await inAWorld(9, async (world) => {
      await world.consume(streamOf(5, 60, "lost"));
      world.flow.nowMs += 2 * DAY_MS;
      await world.compact();
      await world.verify(ALL);
      const { objects } = await ARCHIVE.list({ prefix: "days/" });
      await ARCHIVE.delete(objects.filter(({ key }) => key.endsWith(".parquet")).map(({ key }) => key));
      world.flow.nowMs += DAY_MS;
      await world.verify(ALL);
      await expect(world.verify({ ...ALL, fromBeginning: true })).rejects.toThrow("is missing from the archive");
    });
  }, 60_000);
});

/** What a store or a consumer may have got wrong. */
const FAULTS = (seed: number): string[] => [
  `DELETE FROM devices WHERE key = 'elt:equal-${seed}-1'`,
  `UPDATE devices SET aspects = json_set(aspects, '$.status.value.online', 'no') WHERE key = 'elt:equal-${seed}-2'`,
  `UPDATE dealer_records SET name = 'Other'`,
  `UPDATE devices SET aspects = json_set(aspects, '$.status.version', '2026-12-02T00:00:00.000Z/new') WHERE key = 'elt:equal-${seed}-3'`,
];

const damage = (keys: readonly string[], end: string): Promise<unknown> =>
  ARCHIVE.put(keys.find((key) => key.endsWith(end)) as string, "{ no");
