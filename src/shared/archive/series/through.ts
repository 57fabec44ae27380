import type { ArchiveBucket } from "../bucket.ts";
import { THROUGH_NAME } from "./names.ts";

/** Which UTC days of receipt the series have: the first, and the last of which all that was settled is in them. */
export type Through = { readonly since: string; readonly through: string };

/** `null` before the first day. */
export async function readThrough(bucket: Pick<ArchiveBucket, "get">): Promise<Through | null> {
  const stored = await bucket.get(THROUGH_NAME);
  return stored?.json<Through>() ?? null;
}

/** Notes that a day is in the series; the days before it are, or have nothing. */
export async function noteThrough(bucket: Pick<ArchiveBucket, "get" | "put">, day: string): Promise<void> {
  const known = await readThrough(bucket);
  if (known && known.since <= day && known.through >= day) return;
  const next: Through = known
    ? { since: min(known.since, day), through: max(known.through, day) }
    : { since: day, through: day };
  await bucket.put(THROUGH_NAME, JSON.stringify(next));
}

const min = (a: string, b: string): string => (a < b ? a : b);
const max = (a: string, b: string): string => (a > b ? a : b);
