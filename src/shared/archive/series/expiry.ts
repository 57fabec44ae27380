import { DAY_MS } from "#domain/time.ts";
import type { ArchiveBucket } from "../bucket.ts";
import { dayOf, SERIES_PREFIX } from "../names.ts";
import { archiveLimits, type RetentionTable } from "../retention.ts";
import { dayStartMs, type SegmentName } from "./names.ts";

/** As of which UTC day the series are without what is not kept any longer, and by which limits. */
export type SeriesExpiry = { readonly day: string; readonly limits: Readonly<Record<string, number | null>> };

const EXPIRY_NAME = `${SERIES_PREFIX}expiry.json`;

/** `null` before the first time. */
export async function readExpiry(bucket: Pick<ArchiveBucket, "get">): Promise<SeriesExpiry | null> {
  const stored = await bucket.get(EXPIRY_NAME);
  return stored?.json<SeriesExpiry>() ?? null;
}

export async function noteExpiry(bucket: Pick<ArchiveBucket, "put">, expiry: SeriesExpiry): Promise<void> {
  await bucket.put(EXPIRY_NAME, JSON.stringify(expiry));
}

/** UTC days of receipt, both inclusive; `first` is empty for the beginning of the archive. */
export type Days = { readonly first: string; readonly last: string };

/**
 * Days of which a topic has ended since the series were last looked through: one a limit and day, or all older ones if the
 * limits have changed since.
 * @param day the UTC day of now
 */
export function newlyExpired(day: string, table: RetentionTable, known: SeriesExpiry | null): Days[] {
  const limits = archiveLimits(table);
  const isSame = known !== null && JSON.stringify(known.limits) === JSON.stringify(limits);
  return Object.values(limits).flatMap((limit) => {
    if (limit === null) return [];
    const last = lastExpired(day, limit);
    const first = isSame ? dayOf(dayStartMs(lastExpired(known.day, limit)) + DAY_MS) : "";
    return first <= last ? [{ first, last }] : [];
  });
}

const lastExpired = (day: string, limit: number): string => dayOf(dayStartMs(day) - (limit + 1) * DAY_MS);

/** Whether a segment may hold what was received on one of the days. */
export function mayHold(segment: SegmentName, ranges: readonly Days[]): boolean {
  const [first, last] =
    segment.kind === "day" ? [segment.day, segment.day] : [`${segment.month}-01`, `${segment.month}-31`];
  return ranges.some((range) => range.first <= last && range.last >= first);
}
