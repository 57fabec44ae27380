import { type ArchiveBucket, deleteKeys } from "#archive/bucket.ts";
import { type Expired, type Part, type StoredManifest, writeManifest } from "#archive/manifest.ts";
import { bucketOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";

/** What a step puts in place of what. */
export type Replacement = {
  /** Written and read again. */
  readonly added: readonly Part[];
  /** Names of parts whose records are in `added`, or are not kept. */
  readonly retired: readonly string[];
  /** Names of raw objects whose records are in `added`, in other parts, or are not kept. */
  readonly replaced: readonly string[];
  readonly expired?: readonly Expired[];
  /** Records that are new to the day, or count in place of copies: the series of their devices do not have them yet. */
  readonly changed?: readonly ArchivedRecord[];
};

/**
 * Makes parts count in place of others and of raw objects, in one write of the manifest, which still names what is to be
 * deleted. So a death at any point leaves either the one or the other, and the next step ends what this one began.
 */
export async function replaceInDay(
  bucket: Pick<ArchiveBucket, "put" | "delete">,
  stored: StoredManifest,
  { added, retired, replaced, expired = [], changed = [] }: Replacement,
): Promise<StoredManifest> {
  const { manifest } = stored;
  const after = await writeManifest(bucket, stored, {
    parts: [
      ...manifest.parts.filter(({ key }) => !retired.includes(key)),
      ...added.map((part) => named(part, manifest)),
    ],
    retired: [...manifest.retired, ...retired],
    replaced: [...manifest.replaced, ...replaced],
    expired: addExpired(manifest.expired, expired),
    behind: addBehind(manifest.behind, changed),
  });
  return finishDeletions(bucket, after);
}

/** A part with the generation of the manifest that is about to name it. */
const named = (part: Part, { generation }: StoredManifest["manifest"]): Part => ({
  ...part,
  generation: generation + 1,
});

/** One entry a topic, with all records that were removed so far. */
function addExpired(before: readonly Expired[], more: readonly Expired[]): Expired[] {
  const byTopic = new Map(before.map((each) => [each.topic, each]));
  for (const each of more)
    byTopic.set(each.topic, { ...each, records: each.records + (byTopic.get(each.topic)?.records ?? 0) });
  return [...byTopic.values()];
}

function addBehind(before: readonly string[], changed: readonly ArchivedRecord[]): string[] {
  const more = changed.flatMap(({ deviceKey }) => (deviceKey === null ? [] : [bucketOf(deviceKey)]));
  return [...new Set([...before, ...more])].sort();
}

export const hasDeletions = ({ manifest: { retired, replaced } }: StoredManifest): boolean =>
  retired.length + replaced.length > 0;

/** Deletes what the manifest says is replaced, and then says that it is gone. */
export async function finishDeletions(
  bucket: Pick<ArchiveBucket, "put" | "delete">,
  stored: StoredManifest,
): Promise<StoredManifest> {
  if (!hasDeletions(stored)) return stored;
  const keys = [...stored.manifest.replaced, ...stored.manifest.retired];
  await deleteKeys(bucket, keys);
  return writeManifest(bucket, stored, { replaced: [], retired: [] });
}
