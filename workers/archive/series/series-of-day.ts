import type { ArchiveBucket } from "#archive/bucket.ts";
import { archiveLog, type LogPosition } from "#archive/log.ts";
import { readManifest } from "#archive/manifest.ts";
import { BUCKETS, bucketName } from "#archive/names.ts";
import { daySegmentName } from "#archive/series/names.ts";
import { encodeSegment } from "#archive/series/segment.ts";
import { earlier, noteThrough } from "#archive/series/through.ts";
import { daySegments } from "#archive/series/write.ts";
import { SERIES_LIMITS, type SeriesDeps, type SeriesLimits } from "./deps.ts";
import { MONTHS_BEGIN, type MonthsPlace, seriesOfMonths } from "./series-of-months.ts";

/** Where the series of a day are. They can always be begun again. Plain JSON. */
export type SeriesPlace =
  | {
      readonly stage: "segments";
      /** The first of the buckets that are read now, and behind the last one. */
      readonly from: number;
      readonly to: number;
      /** How far the day's log has been read for them, and how many parts they have. */
      readonly position: LogPosition | null;
      readonly part: number;
      /** When the first of the day's records so far was settled, in milliseconds; `null` as long as there is none. */
      readonly settledAtMs: number | null;
    }
  | MonthsPlace;

export const SERIES_BEGIN: SeriesPlace = {
  stage: "segments",
  from: 0,
  to: 0,
  position: null,
  part: 0,
  settledAtMs: null,
};

/**
 * One bounded step of a compacted day's series: its segments, bucket by bucket, and then the months that are over. What it
 * writes depends on the archive and on the place alone, so that it may end anywhere and be repeated.
 * @returns the next place; `null` once the day is in the series
 */
export async function seriesOfDay(deps: SeriesDeps, day: string, place: SeriesPlace): Promise<SeriesPlace | null> {
  if (place.stage !== "segments") return seriesOfMonths(deps, place);
  const { bucket, limits = SERIES_LIMITS } = deps;
  const { from, position, part } = place;
  const to = place.to > from ? place.to : Math.min(BUCKETS, from + (await bucketsAtOnce(bucket, day, limits)));
  const log = archiveLog(bucket, {
    fromDay: day,
    toDay: day,
    buckets: { from: bucketName(from), to: bucketName(to - 1) },
  });
  const read = await log.read(position, { records: limits.records });
  await Promise.all(
    [...daySegments(read.records)].map(async ([name, lines]) =>
      bucket.put(daySegmentName(name, day, part), await encodeSegment(lines)),
    ),
  );
  const settledAtMs = read.records.reduce((first, record) => earlier(first, record.settledAtMs), place.settledAtMs);
  if (!read.isEnd) return { stage: "segments", from, to, position: read.position, part: part + 1, settledAtMs };
  if (to < BUCKETS) return { stage: "segments", from: to, to, position: null, part: 0, settledAtMs };
  await noteThrough(bucket, day, settledAtMs);
  return MONTHS_BEGIN;
}

/** How many buckets one read of the day brings: all of a small fleet's, one of a large one's. */
async function bucketsAtOnce(bucket: ArchiveBucket, day: string, { records }: SeriesLimits): Promise<number> {
  const { manifest } = await readManifest(bucket, day);
  const ofDay = manifest.parts.reduce((sum, part) => sum + part.records, 0);
  return Math.min(BUCKETS, Math.max(1, Math.floor((BUCKETS * records) / Math.max(1, ofDay))));
}
