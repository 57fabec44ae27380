import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeLines } from "#archive/lines.ts";
import { readManifest } from "#archive/manifest.ts";
import { dayOf, rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import type { ArchiveCheck } from "#ops/archive-files-api.ts";
import { checkArchive } from "../../../workers/archive/files/check.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../../../workers/archive/files/compact-day.ts";
import { countArchive, keepFigures, readFigures } from "../../../workers/archive/files/figures.ts";
import { ARCHIVE_DAY_MS, archivedRecord } from "../../support/archived-records.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";

const records = fc.sample(archivedRecord({ days: 3 }), { numRuns: 60, seed: 3 });
const dayAt = (index: number) => dayOf(ARCHIVE_DAY_MS + index * 86_400_000);

async function writeRaw(memory: MemoryBucket, all: readonly ArchivedRecord[]): Promise<void> {
  for (const batch of Map.groupBy(all, rawPrefixOf).values())
    await memory.put(await rawKeyOf(batch), await encodeLines(batch));
}

/** Three days of which the first two are compacted. */
async function prepare(): Promise<MemoryBucket> {
  const memory = new MemoryBucket();
  await writeRaw(memory, records);
  for (const day of [dayAt(0), dayAt(1)]) {
    let place: DayPlace | null = DAY_BEGINS;
    while (place) ({ place } = await compactDay({ bucket: memory, nowMs: 0, isKept: () => true }, day, place));
  }
  return memory;
}

async function checkAll(memory: MemoryBucket, day?: string): Promise<ArchiveCheck> {
  const [days, problems]: [ArchiveCheck["days"][number][], ArchiveCheck["problems"][number][]] = [[], []];
  let after: string | undefined;
  for (;;) {
    const page = await checkArchive(memory, { ...(day && { day }), ...(after && { after }) });
    days.push(...page.days);
    problems.push(...page.problems);
    if (page.next === null) return { days, problems, next: null };
    after = page.next;
  }
}

const isClosed = ({ receivedAtMs }: ArchivedRecord) => dayOf(receivedAtMs) !== dayAt(2);

it("counts what waits and what is compacted", async () => {
  const memory = await prepare();
  const parts = memory.keys("days/").filter((key) => key.endsWith(".parquet"));
  const waiting = records
    .filter((record) => !isClosed(record))
    .map(({ receivedAtMs }) => receivedAtMs)
    .sort();
  const figures = await countArchive(memory, 7);
  expect(figures).toMatchObject({
    ...{ atMs: 7, rawObjects: memory.keys("events/").length, days: 2, firstDay: dayAt(0), lastDay: dayAt(1) },
    ...{ parts: parts.length, records: records.filter(isClosed).length, isWhole: true },
    oldestRawHour: `${new Date(waiting[0] as number).toISOString().slice(0, 13)}:00:00.000Z`,
  });
  expect(figures.rawObjects).toBeGreaterThan(5);
  expect(await readFigures(memory)).toBeNull();
  await keepFigures(memory, 7);
  expect(await readFigures(memory)).toEqual(figures);
});

it("says that it has not counted everything, rather than give a part for the whole", async () => {
  expect(await countArchive(await prepare(), 7, 3)).toMatchObject({ rawObjects: 3, isWhole: false });
});

it("an empty archive counts as nothing", async () => {
  expect(await countArchive(new MemoryBucket(), 7)).toMatchObject({
    rawObjects: 0,
    oldestRawHour: null,
    days: 0,
    firstDay: null,
  });
});

it("finds nothing in files that are as their manifests say, of all days or of one", async () => {
  const memory = await prepare();
  const all = await checkAll(memory);
  expect(all.problems).toEqual([]);
  expect(all.days.map(({ day }) => day)).toEqual([dayAt(0), dayAt(1)]);
  expect(all.days.reduce((sum, { records: count }) => sum + count, 0)).toBe(records.filter(isClosed).length);
  expect((await checkAll(memory, dayAt(1))).days).toEqual(all.days.slice(1));
});

it.each<[string, (memory: MemoryBucket, key: string) => Promise<unknown>, string]>([
  ["is gone", (memory, key) => memory.delete(key), "is missing"],
  ["is shorter", (memory, key) => cut(memory, key, (bytes) => bytes.slice(1)), "bytes instead of"],
  [
    "has another byte",
    (memory, key) => cut(memory, key, (bytes) => bytes.with(9, 255 - (bytes[9] as number))),
    "SHA-256",
  ],
])("finds a file that %s", async (_, damage, problem) => {
  const memory = await prepare();
  const { manifest } = await readManifest(memory, dayAt(1));
  const key = manifest.parts[0]?.key as string;
  await damage(memory, key);
  expect((await checkAll(memory)).problems).toEqual([{ key, problem: expect.stringContaining(problem) }]);
});

async function cut(
  memory: MemoryBucket,
  key: string,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
) {
  await memory.put(key, change(new Uint8Array(await ((await memory.get(key))?.arrayBuffer() as Promise<ArrayBuffer>))));
}

it("finds a manifest that says another number of records, and a file that no manifest names", async () => {
  const memory = await prepare();
  const { manifest } = await readManifest(memory, dayAt(0));
  const parts = manifest.parts.map((part, index) => (index === 0 ? { ...part, records: part.records + 1 } : part));
  await memory.put(`days/day=${dayAt(0)}/manifest.json`, JSON.stringify({ ...manifest, parts }));
  const stray = `days/day=${dayAt(0)}/source=elt/topic=t/0.parquet`;
  await memory.put(stray, "x");
  const { problems } = await checkAll(memory);
  expect(problems).toEqual([
    { key: parts[0]?.key, problem: expect.stringMatching(/has \d+ records instead of/) },
    { key: stray, problem: expect.stringContaining("in no manifest") },
  ]);
});
