import { type ArchiveBucket, listKeys } from "#archive/bucket.ts";
import { type StoredManifest, writeManifest } from "#archive/manifest.ts";
import { dayPrefix, manifestKey } from "#archive/names.ts";

/** Files of a day that one step looks at. Our choice. */
const SWEPT_AT_ONCE = 1_000;

/**
 * Deletes files of a day that its manifest does not name: those of a step that died before it could say that they count.
 * Engines that read the day by a pattern of names would take them for records.
 * @param after the name up to which the day was swept
 */
export async function sweep(
  bucket: ArchiveBucket,
  stored: StoredManifest,
  after: string | null,
): Promise<{ readonly stored: StoredManifest; readonly after: string | null; readonly isEnd: boolean }> {
  const { manifest } = stored;
  const { keys, isEnd } = await listKeys(bucket, { prefix: dayPrefix(manifest.day), after, limit: SWEPT_AT_ONCE });
  const named = new Set([manifestKey(manifest.day), ...manifest.parts.map(({ key }) => key)]);
  const strays = keys.filter((key) => !named.has(key));
  const next = { after: keys.at(-1) ?? after, isEnd };
  if (strays.length === 0) return { stored, ...next };
  // Another writer that has written one of them and not yet named it cannot name it any more, and repeats its step.
  const fenced = await writeManifest(bucket, stored, {});
  await bucket.delete(strays);
  return { stored: fenced, ...next };
}
