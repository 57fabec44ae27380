import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { expect, it } from "vitest";
import type { ArchiveBucket } from "#archive/bucket.ts";
import { encodeLines } from "#archive/lines.ts";
import { archiveLog, type LogPosition } from "#archive/log.ts";
import { type Manifest, ManifestConflict, readManifest } from "#archive/manifest.ts";
import { dayOf, manifestKey, RAW_PREFIX, rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { compactDay, DAY_BEGINS, type DayPlace, type DayStep } from "../../../workers/archive/files/compact-day.ts";
import { LIMITS, type Limits } from "../../../workers/archive/files/limits.ts";
import { finishDeletions } from "../../../workers/archive/files/replace.ts";
import { ARCHIVE_DAY_MS, archivedRecord } from "../../support/archived-records.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";
import { cases } from "../../support/property-budget.ts";

const TOPIC = "device.infinity.status.reported";
const DAY = dayOf(ARCHIVE_DAY_MS);
/** A case writes and reads some dozens of Parquet files. */
const TIMEOUT_MS = 120_000;

const DEPS = { nowMs: 0, isKept: () => true };

/** Limits at which a few records are several parts and steps. */
const narrow = fc.record({
  partRecords: fc.integer({ min: 2, max: 12 }),
  partCharacters: fc.integer({ min: 10, max: 400 }),
  rawObjects: fc.integer({ min: 1, max: 6 }),
  rawRecords: fc.integer({ min: 1, max: 10 }),
  rawCharacters: fc.integer({ min: 1, max: 400 }),
  rawListed: fc.integer({ min: 1, max: 8 }),
  foldedParts: fc.integer({ min: 2, max: 4 }),
});

/**
 * Writes raw objects as the consumer does: only if the name is free, so that of the same records the first outcome stays.
 * @returns what was written
 */
async function writeRaw(memory: MemoryBucket, records: readonly ArchivedRecord[]): Promise<ArchivedRecord[]> {
  const written: ArchivedRecord[] = [];
  for (const batch of Map.groupBy(records, rawPrefixOf).values()) {
    const key = await rawKeyOf(batch);
    if (memory.objects.has(key)) continue;
    await memory.put(key, await encodeLines(batch));
    written.push(...batch);
  }
  return written;
}

/** Steps until the day is compacted; a step that dies is repeated from the place that it began with. */
async function compact(
  memory: ArchiveBucket,
  { limits = LIMITS, between = async () => {} }: { limits?: Limits; between?: () => Promise<void> } = {},
): Promise<void> {
  let place: DayPlace | null = DAY_BEGINS;
  while (place) {
    try {
      place = (await compactDay({ ...DEPS, bucket: memory, limits }, DAY, place)).place;
    } catch (error) {
      const isDeath = error instanceof Error && error.message.startsWith("the bucket failed");
      if (error instanceof ManifestConflict) place = DAY_BEGINS;
      else if (!isDeath) throw error;
    }
    await between();
  }
}

/** What counts of copies, by the rule as it is written: settled well before badly, and early before late. */
function countingCopies(written: readonly ArchivedRecord[]): Map<string, ArchivedRecord> {
  const ranks = ["applied", "unchanged", "duplicate", "superseded", "deadLettered"];
  const rank = ({ outcome, settledAtMs }: ArchivedRecord) => ranks.indexOf(outcome) * 1e15 + settledAtMs;
  const best = new Map<string, ArchivedRecord>();
  for (const record of written) {
    const other = best.get(record.receipt);
    if (!other || rank(record) < rank(other)) best.set(record.receipt, record);
  }
  return best;
}

/** Every file of the day that is there, as an engine reads it that knows only the pattern of the names. */
async function readByPattern(memory: MemoryBucket) {
  const files = memory.keys(`days/day=${DAY}/`).filter((key) => key.endsWith(".parquet"));
  const rows = await Promise.all(
    files.map((key) => parquetReadObjects({ file: memory.objects.get(key)?.bytes.buffer as ArrayBuffer })),
  );
  return rows.flat();
}

async function readLog(memory: MemoryBucket, limit = 50): Promise<ArchivedRecord[]> {
  const records: ArchivedRecord[] = [];
  let position: LogPosition | null = null;
  for (;;) {
    const read = await archiveLog(memory).read(position, { records: limit });
    records.push(...read.records);
    if (read.isEnd) return records;
    position = read.position;
  }
}

const sorted = (records: Iterable<ArchivedRecord>): ArchivedRecord[] =>
  [...records].sort((a, b) => (a.receipt < b.receipt ? -1 : 1));

async function expectExactly(memory: MemoryBucket, written: readonly ArchivedRecord[]): Promise<void> {
  const wanted = countingCopies(written);
  expect(memory.keys(RAW_PREFIX)).toEqual([]);
  expect(sorted(await readLog(memory))).toEqual(sorted(wanted.values()));
  const rows = await readByPattern(memory);
  expect(rows.map(({ receipt }) => receipt).sort()).toEqual([...wanted.keys()].sort());
  for (const { receipt, outcome } of rows) expect(outcome).toBe(wanted.get(receipt)?.outcome);
  if (written.length === 0) return;
  const manifest = JSON.parse(new TextDecoder().decode(memory.objects.get(manifestKey(DAY))?.bytes)) as Manifest;
  expect(manifest.parts.reduce((sum, { records }) => sum + records, 0)).toBe(wanted.size);
  expect([manifest.replaced, manifest.retired]).toEqual([[], []]);
}

/** Batches of new records and of some that were in earlier ones, settled again with another outcome. */
const batches = fc
  .array(
    fc.record({
      fresh: fc.array(archivedRecord(), { maxLength: 5 }),
      again: fc.array(fc.record({ of: fc.nat(), outcome: fc.constantFrom("applied", "duplicate", "deadLettered") }), {
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((drawn) => {
    const all: ArchivedRecord[] = [];
    return drawn.map(({ fresh, again }) => {
      const copies = again.flatMap(({ of, outcome }) => {
        const copy = all[of % all.length];
        return copy
          ? { ...copy, outcome: outcome as ArchivedRecord["outcome"], settledAtMs: copy.settledAtMs + 1 }
          : [];
      });
      const unique = fresh.map((record, at) => ({ ...record, receipt: `${record.receipt}.${all.length + at}` }));
      all.push(...unique);
      return [
        ...unique,
        ...copies.filter((copy, at) => copies.findIndex(({ receipt }) => receipt === copy.receipt) === at),
      ];
    });
  });

it(
  "for any batches, deaths, late records and repetitions, each record is in the day exactly once",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.array(fc.tuple(fc.integer({ min: 1, max: 25 }), fc.constantFrom("before" as const, "after" as const)), {
          maxLength: 12,
        }),
        narrow,
        async (drawn, deaths, limits) => {
          const memory = new MemoryBucket();
          const waiting = [...drawn];
          const written: ArchivedRecord[] = [];
          const left = [...deaths];
          let calls = 0;
          memory.fault = () => {
            calls += 1;
            const [at, when] = left[0] ?? [];
            if (at === undefined || calls < at) return undefined;
            left.shift();
            calls = 0;
            return when;
          };
          const write = async () => {
            const { fault } = memory;
            memory.fault = () => undefined;
            // A step that died in its deletions ends them first: an object of the same name, written meanwhile, has the same
            // records, and goes with the one that it repeats, as if that were still there.
            await finishDeletions(memory, await readManifest(memory, DAY));
            written.push(...(await writeRaw(memory, waiting.shift() ?? [])));
            memory.fault = fault;
          };
          await write();
          await compact(memory, { limits, between: write });
          memory.fault = () => undefined;
          // What came late, and what comes for the second time when the first was compacted long ago.
          for (const batch of [...waiting, ...drawn]) written.push(...(await writeRaw(memory, batch)));
          await compact(memory, { limits });
          await compact(memory, { limits });
          expect(new Set(written.map(({ receipt }) => receipt))).toEqual(
            new Set(drawn.flat().map(({ receipt }) => receipt)),
          );
          await expectExactly(memory, written);
        },
      ),
      cases(50),
    );
  },
  TIMEOUT_MS,
);

it(
  "a death at each call of a compaction, before and after it, changes nothing of its result",
  async () => {
    const records = fc
      .sample(archivedRecord(), { numRuns: 16, seed: 5 })
      .map((record) => ({ ...record, receivedAtMs: ARCHIVE_DAY_MS + (record.receivedAtMs % 7_200_000), topic: TOPIC }));
    const copies = records.slice(0, 4).map((record) => ({ ...record, outcome: "applied" as const, settledAtMs: 0 }));
    const before = new MemoryBucket();
    await writeRaw(before, records.slice(0, 8));
    await compact(before);
    await writeRaw(before, records.slice(8));
    await writeRaw(before, copies);
    const prepare = () => before.copy();
    const whole = prepare();
    await compact(whole);
    await expectExactly(whole, [...records, ...copies]);
    const calls = whole.calls.length;
    expect(calls).toBeGreaterThan(30);
    for (let at = 0; at < calls; at += 1) {
      for (const when of ["before", "after"] as const) {
        const memory = prepare();
        let call = -1;
        memory.fault = () => {
          call += 1;
          return call === at ? when : undefined;
        };
        await compact(memory);
        memory.fault = () => undefined;
        await expectExactly(memory, [...records, ...copies]);
      }
    }
  },
  TIMEOUT_MS,
);

it(
  "a reader that began before a compaction, and reads while it goes on, misses nothing",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.infiniteStream(fc.boolean()),
        fc.integer({ min: 1, max: 9 }),
        narrow,
        async (drawn, turns, limit, limits) => {
          const memory = new MemoryBucket();
          for (const batch of drawn) await writeRaw(memory, batch);
          const wanted = new Set(drawn.flat().map(({ receipt }) => receipt));
          const read = new Set<string>();
          let position: LogPosition | null = null;
          let [place, isEnd, passes]: [DayPlace | null, boolean, number] = [DAY_BEGINS, false, 0];
          while (!isEnd) {
            if (place && turns.next().value) {
              place = (await compactDay({ ...DEPS, bucket: memory, limits }, DAY, place)).place;
              // Once more from the beginning, as a late record brings it about.
              if (!place && passes++ < 2) place = DAY_BEGINS;
              continue;
            }
            const answer = await archiveLog(memory).read(position, { records: limit });
            for (const { receipt } of answer.records) read.add(receipt);
            ({ position, isEnd } = answer);
          }
          expect(read).toEqual(wanted);
        },
      ),
      cases(50),
    );
  },
  TIMEOUT_MS,
);

it("of a topic that is not kept any longer, parts and raw objects are removed, and the manifest says how many records it were", async () => {
  const isKept = (topic: string) => topic !== TOPIC;
  const records = fc.sample(archivedRecord(), { numRuns: 40, seed: 8 });
  const [kept, old] = [records.filter(({ topic }) => isKept(topic)), records.filter(({ topic }) => !isKept(topic))];
  const memory = new MemoryBucket();
  await writeRaw(memory, records.slice(0, 20));
  await compact(memory);
  await writeRaw(memory, records.slice(20));
  let place: DayPlace | null = DAY_BEGINS;
  let expired = 0;
  while (place) {
    const step: DayStep = await compactDay({ nowMs: 9, isKept, bucket: memory }, DAY, place);
    expired += step.expired;
    place = step.place;
  }
  expect(sorted(await readLog(memory))).toEqual(sorted(kept));
  expect((await readByPattern(memory)).length).toBe(kept.length);
  expect((await readManifest(memory, DAY)).manifest.expired).toEqual([
    { topic: TOPIC, records: old.length, removedAtMs: 9 },
  ]);
  expect(expired).toBe(old.filter((record) => records.indexOf(record) < 20).length);
});

it("a part that reads otherwise than it was written does not count, and nothing is deleted", async () => {
  const memory = new MemoryBucket();
  const records = fc.sample(archivedRecord(), { numRuns: 10, seed: 2 });
  await writeRaw(memory, records);
  const before = memory.keys();
  const damaged = Object.assign(Object.create(memory) as MemoryBucket, {
    get: async (key: string) => {
      const stored = await memory.get(key);
      if (!key.endsWith(".parquet") || !stored) return stored;
      const bytes = new Uint8Array(await stored.arrayBuffer());
      bytes[40] = (bytes[40] as number) ^ 1;
      return { ...stored, arrayBuffer: async () => bytes.buffer };
    },
    put: memory.put.bind(memory),
    list: memory.list.bind(memory),
    delete: memory.delete.bind(memory),
  });
  await expect(compactDay({ ...DEPS, bucket: damaged }, DAY, DAY_BEGINS)).rejects.toThrow(/its hash differs/);
  expect(memory.keys().filter((key) => !key.endsWith(".parquet"))).toEqual(before);
  await compact(memory);
  await expectExactly(memory, records);
});

it(
  "two compactions of a day at once, as of an object that was replaced and does not know it, leave each record once",
  async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.scheduler(), narrow, async (drawn, scheduler, limits) => {
        const memory = new MemoryBucket();
        const written: ArchivedRecord[] = [];
        for (const batch of drawn.slice(1)) written.push(...(await writeRaw(memory, batch)));
        await compact(memory, { limits });
        written.push(...(await writeRaw(memory, drawn[0] ?? [])));
        memory.turn = () => scheduler.schedule(Promise.resolve());
        await scheduler.waitFor(Promise.all([compact(memory, { limits }), compact(memory, { limits })]));
        memory.turn = async () => undefined;
        await compact(memory, { limits });
        await expectExactly(memory, written);
      }),
      cases(40),
    );
  },
  TIMEOUT_MS,
);

it(
  "a compaction that stops at any call, and goes on once another has compacted the day, changes nothing that counts",
  async () => {
    const records = fc
      .sample(archivedRecord(), { numRuns: 16, seed: 9 })
      .map((record) => ({ ...record, receivedAtMs: ARCHIVE_DAY_MS + (record.receivedAtMs % 7_200_000), topic: TOPIC }));
    const limits = { ...LIMITS, rawObjects: 2, partRecords: 6 };
    const before = new MemoryBucket();
    for (let at = 0; at < 12; at += 3) await writeRaw(before, records.slice(at, at + 3));
    for (let stop = 1, calls = 2; stop < calls; stop += 1) {
      const memory = before.copy();
      let call = 0;
      let goOn = () => {};
      let isStopped = () => {};
      const stopped = new Promise<void>((resolve) => (isStopped = resolve));
      const going = new Promise<void>((resolve) => (goOn = resolve));
      const slow = memory.seenBy(async () => {
        call += 1;
        if (call !== stop) return;
        isStopped();
        await going;
      });
      const slowly = compact(slow, { limits });
      await stopped;
      await writeRaw(memory, records.slice(12));
      await compact(memory, { limits });
      goOn();
      await slowly;
      calls = call;
      await compact(memory, { limits });
      await expectExactly(memory, records);
    }
  },
  TIMEOUT_MS,
);
