import { type ArchiveBucket, listObjects } from "#archive/bucket.ts";
import { dayOf, SERIES_PREFIX } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { archiveLimits, isArchived, type RetentionTable } from "#archive/retention.ts";
import { mayHold, newlyExpired, noteExpiry, readExpiry } from "#archive/series/expiry.ts";
import { dayStartMs, parseSegmentName } from "#archive/series/names.ts";
import { rewriteSegment } from "#archive/series/rewrite.ts";
import { type SegmentBucket, SegmentGone } from "#archive/series/segment.ts";

/** Where a look through the series is for what is not kept any longer. It can always be begun again. Plain JSON. */
export type ExpiryPlace = {
  /** The UTC day on which its run began: what is kept follows from it alone. */
  readonly day: string;
  /** The last name that was looked at. */
  readonly after: string | null;
};

export type ExpiryStep = {
  /** `null` once everything is out. */
  readonly place: ExpiryPlace | null;
  /** Segments that were rewritten or removed. */
  readonly segments: number;
};

export type ExpiryDeps = {
  readonly bucket: ArchiveBucket & SegmentBucket;
  readonly retention: RetentionTable;
};

/** @param begunAtMs when the run began that looked through the day files by the same day */
export const expiryBegin = (begunAtMs: number): ExpiryPlace => ({ day: dayOf(begunAtMs), after: null });

/** Names that one step lists, segments that it reads, and compressed bytes of these: a slice of a month is as much. Ours. */
const NAMES_A_STEP = 20_000;
const SEGMENTS_A_STEP = 100;
const BYTES_A_STEP = 2 * 1024 * 1024;

/**
 * One bounded step: takes the records of topics out of the segments whose time in the archive has ended since the last time,
 * and what these have measured. The states of months stay, as the state in D1 does.
 */
export async function expireSeries(
  { bucket, retention }: ExpiryDeps,
  { day, after }: ExpiryPlace,
): Promise<ExpiryStep> {
  const days = newlyExpired(day, retention, await readExpiry(bucket));
  const { objects, isEnd } =
    days.length === 0
      ? { objects: [], isEnd: true }
      : await listObjects(bucket, { prefix: SERIES_PREFIX, after, limit: NAMES_A_STEP });
  const isKept = ({ topic, receivedAtMs }: ArchivedRecord): boolean =>
    isArchived(topic, dayOf(receivedAtMs), dayStartMs(day), retention);
  let [read, bytes, segments] = [0, 0, 0];
  for (const { key, size } of objects) {
    const segment = parseSegmentName(key);
    if (!segment || !mayHold(segment, days)) continue;
    const removed = await takeOut(bucket, key, isKept);
    // It was a day's, and another writer has put it into its month, which may have been looked at before.
    if (removed === null) return { place: { day, after: null }, segments };
    segments += Number(removed > 0);
    read += 1;
    bytes += size;
    if (read >= SEGMENTS_A_STEP || bytes >= BYTES_A_STEP) return { place: { day, after: key }, segments };
  }
  if (!isEnd) return { place: { day, after: objects.at(-1)?.key ?? after }, segments };
  await noteExpiry(bucket, { day, limits: archiveLimits(retention) });
  return { place: null, segments };
}

/** @returns how many lines were taken out; `null` if there is no such segment any more */
async function takeOut(
  bucket: ExpiryDeps["bucket"],
  name: string,
  isKept: (record: ArchivedRecord) => boolean,
): Promise<number | null> {
  try {
    return await rewriteSegment(bucket, name, { record: (record) => (isKept(record) ? record : null) });
  } catch (thrown) {
    if (thrown instanceof SegmentGone) return null;
    throw thrown;
  }
}
