import { type ArchiveBucket, listObjects } from "#archive/bucket.ts";
import { DAYS_PREFIX, FIGURES_KEY, parseRawKey, RAW_PREFIX } from "#archive/names.ts";
import type { ArchiveFigures } from "#ops/archive-files-api.ts";

/** Objects of either kind that one look counts: 20 lists. Our choice. */
const COUNTED = 20_000;

/** Counts what the bucket holds, by the names and sizes of its objects. */
export async function countArchive(
  bucket: Pick<ArchiveBucket, "list">,
  nowMs: number,
  limit = COUNTED,
): Promise<ArchiveFigures> {
  const raw = await listObjects(bucket, { prefix: RAW_PREFIX, limit });
  const files = await listObjects(bucket, { prefix: DAYS_PREFIX, limit });
  const parts = files.objects.filter(({ key }) => key.endsWith(".parquet"));
  const days = [...new Set(parts.map(({ key }) => key.slice(DAY_START, DAY_START + "2026-11-23".length)))];
  const oldest = raw.objects[0] && parseRawKey(raw.objects[0].key);
  return {
    atMs: nowMs,
    rawObjects: raw.objects.length,
    rawBytes: raw.objects.reduce((sum, { size }) => sum + size, 0),
    oldestRawHour: oldest ? `${oldest.day}T${oldest.hour}:00:00.000Z` : null,
    days: days.length,
    firstDay: days[0] ?? null,
    lastDay: days.at(-1) ?? null,
    parts: parts.length,
    bytes: parts.reduce((sum, { size }) => sum + size, 0),
    records: parts.reduce((sum, { customMetadata }) => sum + Number(customMetadata?.records ?? 0), 0),
    isWhole: raw.isEnd && files.isEnd,
  };
}

const DAY_START = `${DAYS_PREFIX}day=`.length;

/** Counts, and keeps the figures for {@link readFigures}. */
export async function keepFigures(bucket: Pick<ArchiveBucket, "list" | "put">, nowMs: number): Promise<void> {
  await bucket.put(FIGURES_KEY, JSON.stringify(await countArchive(bucket, nowMs)));
}

/** The figures that were kept last; `null` before the first time. */
export async function readFigures(bucket: Pick<ArchiveBucket, "get">): Promise<ArchiveFigures | null> {
  const stored = await bucket.get(FIGURES_KEY);
  return (await stored?.json<ArchiveFigures>()) ?? null;
}
