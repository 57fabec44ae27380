import type { ArchiveBucket } from "../bucket.ts";
import { THROUGH_NAME } from "./names.ts";

/** Which records the series have. */
export type Through = {
  /**
   * When the first of their records was settled, in milliseconds since 1970. Every record that was received later is archived.
   * The day of the first receipt would not do: a letter that is replayed was received long before.
   */
  readonly sinceMs: number;
  /** The last UTC day of receipt of which all that was settled is in the series. */
  readonly through: string;
};

/** `null` before the first day. */
export async function readThrough(bucket: Pick<ArchiveBucket, "get">): Promise<Through | null> {
  const stored = await bucket.get(THROUGH_NAME);
  return stored?.json<Through>() ?? null;
}

/**
 * Notes that a day is in the series; the days before it are, or have nothing.
 * @param settledAtMs when the first of the day's records was settled; `null` if it has none
 */
export async function noteThrough(
  bucket: Pick<ArchiveBucket, "get" | "put">,
  day: string,
  settledAtMs: number | null,
): Promise<void> {
  const known = await readThrough(bucket);
  const sinceMs = earlier(known?.sinceMs ?? null, settledAtMs);
  if (sinceMs === null) return;
  const next: Through = {
    sinceMs,
    through: known && known.through > day ? known.through : day,
  };
  if (known?.sinceMs === next.sinceMs && known.through === next.through) return;
  await bucket.put(THROUGH_NAME, JSON.stringify(next));
}

/** Of two times the earlier one; `null` is no time. */
export const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
