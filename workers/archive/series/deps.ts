import type { ArchiveBucket } from "#archive/bucket.ts";
import type { SegmentBucket } from "#archive/series/segment.ts";

export type SeriesDeps = {
  readonly bucket: ArchiveBucket & SegmentBucket;
  readonly nowMs: number;
  /** Whether a topic's records of a day are still kept; all are unless given. */
  readonly isKept?: (topic: string, day: string) => boolean;
  readonly limits?: SeriesLimits;
};

/** What one step holds at most. Tests of what happens at a limit have smaller ones. */
export type SeriesLimits = {
  /** Records of a day. */
  readonly records: number;
  /** Compressed bytes of the days that one slice of a month is made of. */
  readonly sliceBytes: number;
  /** Segments of days that are added to a month at once; each is two requests. */
  readonly days: number;
};

/** Ours: 10,000 records take some 10 MB and a second, and a slice of a month ten times its bytes as text. */
export const SERIES_LIMITS: SeriesLimits = { records: 10_000, sliceBytes: 2 * 1024 * 1024, days: 300 };
