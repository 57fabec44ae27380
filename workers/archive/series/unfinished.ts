import { type ArchiveBucket, listKeys } from "#archive/bucket.ts";
import { SERIES_PREFIX } from "#archive/names.ts";

/*
 * Days whose compaction has begun, and whose series are not made yet. A day without raw objects would not be looked at again,
 * so a job that is canceled in between would leave its series out for ever.
 */
const UNFINISHED_PREFIX = `${SERIES_PREFIX}unfinished/`;

export async function noteUnfinished(bucket: Pick<ArchiveBucket, "put">, day: string): Promise<void> {
  await bucket.put(`${UNFINISHED_PREFIX}${day}`, "");
}

export const noteFinished = (bucket: Pick<ArchiveBucket, "delete">, day: string): Promise<void> =>
  bucket.delete(`${UNFINISHED_PREFIX}${day}`);

/** The first unfinished day after `after`. */
export async function firstUnfinished(
  bucket: Pick<ArchiveBucket, "list">,
  after: string | null,
): Promise<string | null> {
  const { keys } = await listKeys(bucket, {
    prefix: UNFINISHED_PREFIX,
    after: after && `${UNFINISHED_PREFIX}${after}`,
    limit: 1,
  });
  return keys[0]?.slice(UNFINISHED_PREFIX.length) ?? null;
}
