import type { ArchiveBucket } from "#archive/bucket.ts";
import { firstDay } from "#archive/days.ts";
import { readManifest } from "#archive/manifest.ts";
import { firstUnfinished } from "../series/unfinished.ts";

/** Manifests that one step reads at most. Each is two requests. Ours. */
const DAYS_LOOKED_AT = 300;

export type Looked = {
  /** The day that was compacted last; `null` before the first. */
  readonly day: string | null;
  /** The first day that is not closed yet. */
  readonly openDay: string;
  /** The newest day of which something may not be kept any longer; `null` if nobody looks. */
  readonly expiredDay: string | null;
  /** The day through which day files were looked at for that. */
  readonly lookedThrough: string | null;
};

export type NextDay = {
  /** `null` if this look has found none. */
  readonly day: string | null;
  readonly lookedThrough: string | null;
  /** Whether a further look would find none either. */
  readonly isEnd: boolean;
};

/** The next closed day with raw objects, or that is unfinished, or with day files of a topic that is not kept any longer. */
export async function nextDay(
  bucket: Pick<ArchiveBucket, "get" | "list">,
  { day: last, openDay, expiredDay, lookedThrough }: Looked,
  isKept: (topic: string, day: string) => boolean,
): Promise<NextDay> {
  const raw = await firstDay(bucket, "raw", last);
  const unfinished = await firstUnfinished(bucket, last);
  const waiting = [raw, unfinished].filter((day) => day !== null && day < openDay).sort()[0] ?? null;
  if (expiredDay === null) return { day: waiting, lookedThrough, isEnd: waiting === null };
  let through = [last, lookedThrough].reduce((a, b) => ((a ?? "") > (b ?? "") ? a : b));
  for (let looked = 0; looked < DAYS_LOOKED_AT; looked++) {
    const old = await firstDay(bucket, "parts", through);
    if (old === null || old > expiredDay || (waiting !== null && waiting <= old))
      return { day: waiting, lookedThrough: through, isEnd: waiting === null };
    through = old;
    const { manifest } = await readManifest(bucket, old);
    const isOver = manifest.parts.some(({ topic }) => !isKept(topic, old));
    if (isOver) return { day: old, lookedThrough: through, isEnd: false };
  }
  return { day: null, lookedThrough: through, isEnd: false };
}
