import { archiveLog, type LogPosition } from "#archive/log.ts";
import { type Manifest, readManifest, writeManifest } from "#archive/manifest.ts";
import { BUCKETS, bucketName, bucketOf } from "#archive/names.ts";
import { daySegmentName } from "#archive/series/names.ts";
import { encodeSegment } from "#archive/series/segment.ts";
import { earlier, noteThrough } from "#archive/series/through.ts";
import { daySegments } from "#archive/series/write.ts";
import { SERIES_LIMITS, type SeriesDeps, type SeriesLimits } from "./deps.ts";
import { MONTHS_BEGIN, type MonthsPlace, seriesOfMonths } from "./series-of-months.ts";

/** Where the series of a day are. They can always be begun again. Plain JSON. */
export type SeriesPlace =
  | {
      readonly stage: "begin";
      /** Whether the segments of all buckets are made, or only those that the day's manifest says are behind. */
      readonly isWhole: boolean;
    }
  | SegmentsPlace
  | MonthsPlace;

type SegmentsPlace = {
  readonly stage: "segments";
  /** The buckets whose segments are still to be made, in order. */
  readonly left: readonly string[];
  /** How many of them are being made now; 0 before that is decided. */
  readonly count: number;
  /** How far the day's log has been read for these, and how many parts they have. */
  readonly position: LogPosition | null;
  readonly part: number;
  /** When the first of the records that were read so far was settled, in milliseconds; `null` as long as there is none. */
  readonly settledAtMs: number | null;
  /** Of the manifest when the buckets were chosen. */
  readonly generation: number;
};

/** All of a day: also the records that a former release's contracts refused. */
export const SERIES_BEGIN: SeriesPlace = { stage: "begin", isWhole: true };
/** Of a compacted day, the buckets of the records that came since its series were made. */
export const SERIES_BEHIND: SeriesPlace = { stage: "begin", isWhole: false };

const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucketName(bucket));

/**
 * One bounded step of a compacted day's series: its segments, bucket by bucket, and then the months that are over. What it
 * writes depends on the archive and on the place alone, so that it may end anywhere and be repeated.
 * @returns the next place; `null` once the day is in the series
 */
export async function seriesOfDay(deps: SeriesDeps, day: string, place: SeriesPlace): Promise<SeriesPlace | null> {
  switch (place.stage) {
    case "begin":
      return begin(deps, day, place.isWhole);
    case "segments":
      return place.left.length === 0 ? endSegments(deps, day, place) : segments(deps, day, place);
    default:
      return seriesOfMonths(deps, place);
  }
}

async function begin({ bucket }: SeriesDeps, day: string, isWhole: boolean): Promise<SeriesPlace> {
  const { manifest } = await readManifest(bucket, day);
  const left = isWhole ? ALL_BUCKETS : manifest.behind;
  const { generation } = manifest;
  return { stage: "segments", left, count: 0, position: null, part: 0, settledAtMs: null, generation };
}

async function segments(deps: SeriesDeps, day: string, place: SegmentsPlace): Promise<SeriesPlace> {
  const { bucket, isKept = () => true, limits = SERIES_LIMITS } = deps;
  const { left, position, part } = place;
  const count = place.count || countAtOnce(left, (await readManifest(bucket, day)).manifest, limits);
  const now = left.slice(0, count);
  const log = archiveLog(bucket, {
    fromDay: day,
    toDay: day,
    buckets: [{ from: now[0] as string, to: now.at(-1) as string }],
  });
  const read = await log.read(position, { records: limits.records });
  // Of what came since the day's files were made, some may not be kept: nobody would look for it here any more.
  const own = read.records.filter(
    ({ deviceKey, topic }) => deviceKey !== null && now.includes(bucketOf(deviceKey)) && isKept(topic, day),
  );
  await Promise.all(
    [...daySegments(own)].map(async ([name, lines]) =>
      bucket.put(daySegmentName(name, day, part), await encodeSegment(lines)),
    ),
  );
  const settledAtMs = read.records.reduce((first, record) => earlier(first, record.settledAtMs), place.settledAtMs);
  return read.isEnd
    ? { ...place, settledAtMs, left: left.slice(count), count: 0, position: null, part: 0 }
    : { ...place, settledAtMs, count, position: read.position, part: part + 1 };
}

/** How many buckets one read of the day brings: all of a small fleet's, one of a large one's. */
function countAtOnce(left: readonly string[], { parts }: Manifest, { records }: SeriesLimits): number {
  const ofDay = parts.reduce((sum, part) => sum + part.records, 0);
  const width = Math.max(1, Math.floor((BUCKETS * records) / Math.max(1, ofDay)));
  const first = numberOf(left[0] as string);
  return left.filter((name) => numberOf(name) < first + width).length;
}

const numberOf = (bucket: string): number => Number.parseInt(bucket, 16);

/** The segments are made. If the day was compacted meanwhile, they are made again of what it has now. */
async function endSegments(
  { bucket }: SeriesDeps,
  day: string,
  { generation, settledAtMs }: SegmentsPlace,
): Promise<SeriesPlace> {
  const stored = await readManifest(bucket, day);
  if (stored.manifest.generation !== generation) return SERIES_BEHIND;
  await noteThrough(bucket, day, settledAtMs);
  if (stored.manifest.behind.length > 0) await writeManifest(bucket, stored, { behind: [] });
  return MONTHS_BEGIN;
}
