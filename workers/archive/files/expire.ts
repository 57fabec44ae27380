import type { ArchiveBucket } from "#archive/bucket.ts";
import type { StoredManifest } from "#archive/manifest.ts";
import { replaceInDay } from "./replace.ts";

/**
 * Removes the parts of topics that are not kept any longer. The manifest says how many records it were.
 * @returns how many records were removed
 */
export async function expire(
  bucket: ArchiveBucket,
  stored: StoredManifest,
  { isKept, nowMs }: { readonly isKept: (topic: string) => boolean; readonly nowMs: number },
): Promise<number> {
  const old = stored.manifest.parts.filter(({ topic }) => !isKept(topic));
  if (old.length === 0) return 0;
  await replaceInDay(bucket, stored, {
    added: [],
    retired: old.map(({ key }) => key),
    replaced: [],
    expired: old.map(({ topic, records }) => ({ topic, records, removedAtMs: nowMs })),
  });
  return old.reduce((sum, { records }) => sum + records, 0);
}
