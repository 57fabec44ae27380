import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeLines } from "#archive/lines.ts";
import { archiveLog, type LogPosition } from "#archive/log.ts";
import { dayOf, rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../../../workers/archive/files/compact-day.ts";
import { archivedRecord } from "../../support/archived-records.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";

async function writeRaw(memory: MemoryBucket, records: readonly ArchivedRecord[]): Promise<void> {
  for (const batch of Map.groupBy(records, rawPrefixOf).values())
    await memory.put(await rawKeyOf(batch), await encodeLines(batch));
}

/** Compacts days one step after the other, beginning over at the end. */
class Compaction {
  readonly #memory: MemoryBucket;
  readonly #days: readonly string[];
  #day = 0;
  #place: DayPlace = DAY_BEGINS;

  constructor(memory: MemoryBucket, days: readonly string[]) {
    this.#memory = memory;
    this.#days = days;
  }

  async step(): Promise<void> {
    const day = this.#days[this.#day % this.#days.length];
    if (day === undefined) return;
    const { place } = await compactDay({ bucket: this.#memory, nowMs: 0, isKept: () => true }, day, this.#place);
    this.#place = place ?? DAY_BEGINS;
    if (place === null) this.#day += 1;
  }

  async all(): Promise<void> {
    for (const begun = this.#day; this.#day < begun + this.#days.length && this.#days.length > 0; ) await this.step();
  }
}

/** What is written from now on is later. */
const nowOf = (memory: MemoryBucket): number =>
  Math.max(0, ...[...memory.objects.values()].map(({ uploaded }) => uploaded.getTime())) + 1;

async function readSince(
  memory: MemoryBucket,
  writtenSinceMs: number,
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<string[]> {
  const log = archiveLog(memory, { writtenSinceMs });
  const found: string[] = [];
  let position: LogPosition | null = null;
  for (let reads = 0; reads < 5_000; reads++) {
    const read = await log.read(JSON.parse(JSON.stringify(position)), { records: limit });
    expect(read.records.length).toBeLessThanOrEqual(limit);
    found.push(...read.records.map(({ receipt }) => receipt));
    if (read.isEnd) return found;
    position = read.position;
    await between();
  }
  throw new Error("the log has no end");
}

const receipts = (records: readonly ArchivedRecord[]): string[] => records.map(({ receipt }) => receipt).sort();
const daysOf = (records: readonly ArchivedRecord[]): string[] => [
  ...new Set(records.map(({ receivedAtMs }) => dayOf(receivedAtMs))),
];
/** With receipts of their own: a drawn receipt may come twice. */
const numbered = (records: readonly ArchivedRecord[], name: string): ArchivedRecord[] =>
  records.map((record, i) => ({ ...record, receipt: `${name}.${i}` }));
const drawn = (count: number, name: string, days = 3): ArchivedRecord[] =>
  numbered(fc.sample(archivedRecord({ days }), { numRuns: count, seed: 4 }), name);

describe("what was written to the archive since a moment", () => {
  it.each([1, 7, 1_000])("is read whole and once, %i records at a time, raw objects and parts", async (limit) => {
    const memory = new MemoryBucket();
    const [old, older] = [drawn(20, "old"), drawn(20, "older")];
    await writeRaw(memory, older);
    await new Compaction(memory, daysOf(older)).all();
    await writeRaw(memory, old);
    const since = nowOf(memory);
    const [fresh, compacted] = [drawn(30, "fresh", 2), drawn(15, "compacted", 1)];
    await writeRaw(memory, fresh);
    expect((await readSince(memory, since, limit)).sort()).toEqual(receipts(fresh));
    await writeRaw(memory, compacted);
    const day = daysOf(compacted);
    await new Compaction(memory, day).all();
    const found = new Set(await readSince(memory, since, limit));
    for (const { receipt } of [...fresh, ...compacted]) expect(found).toContain(receipt);
    expect(await readSince(memory, nowOf(memory), limit)).toEqual([]);
  });

  it("does not open what was written before, however much that is", async () => {
    const memory = new MemoryBucket();
    const old = drawn(400, "old", 40);
    await writeRaw(memory, old);
    await new Compaction(memory, daysOf(old)).all();
    const since = nowOf(memory);
    const late = drawn(3, "late", 1);
    await writeRaw(memory, late);
    memory.calls.length = 0;
    expect((await readSince(memory, since, 100)).sort()).toEqual(receipts(late));
    expect(memory.calls.filter(({ operation }) => operation === "get").length).toBeLessThan(8);
    expect(memory.calls.length).toBeLessThan(20);
  });

  it("is read whole while days are compacted at every call of the bucket", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(archivedRecord({ days: 4 }), { maxLength: 30 }),
        fc.array(archivedRecord({ days: 4 }), { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        async (before, after, isCompacted, limit, turns) => {
          const memory = new MemoryBucket();
          const [old, fresh] = [numbered(before, "old"), numbered(after, "fresh")];
          const compaction = new Compaction(memory, daysOf([...old, ...fresh]));
          await writeRaw(memory, old);
          if (isCompacted) await compaction.all();
          const since = nowOf(memory);
          await writeRaw(memory, fresh);
          let [call, isBusy] = [0, false];
          memory.turn = async () => {
            // Of the reader alone: compaction's own calls have no turn.
            if (isBusy || !turns[call++ % turns.length]) return;
            isBusy = true;
            await compaction.step();
            isBusy = false;
          };
          const found = new Set(await readSince(memory, since, limit));
          expect(fresh.filter(({ receipt }) => !found.has(receipt))).toEqual([]);
        },
      ),
      { numRuns: 100, seed: Number(process.env.PROPERTY_SEED ?? Date.now() % 100_000) },
    );
  }, 60_000);
});
