import type { ArchiveBucket } from "#archive/bucket.ts";
import type { Part, StoredManifest } from "#archive/manifest.ts";
import type { Limits } from "./limits.ts";
import { writeParts } from "./parts.ts";
import { readPart } from "./read-part.ts";
import { replaceInDay } from "./replace.ts";

/**
 * Makes one part of a topic's small ones, if some fit together.
 * @returns `null` if the day has no such parts any more
 */
export async function foldSmallParts(
  bucket: ArchiveBucket,
  stored: StoredManifest,
  limits: Limits,
): Promise<StoredManifest | null> {
  const { manifest } = stored;
  const chosen = chooseParts(manifest.parts, limits);
  if (chosen.length === 0) return null;
  const records = [];
  for (const part of chosen) for (const record of await readPart(bucket, part)) records.push(record);
  const added = await writeParts(bucket, manifest, records, limits);
  return replaceInDay(bucket, stored, { added, retired: chosen.map(({ key }) => key), replaced: [] });
}

/** The smallest parts of a topic, as many as one part holds; none if no two of any topic fit together. */
export function chooseParts(parts: readonly Part[], limits: Limits): readonly Part[] {
  for (const ofTopic of Map.groupBy(parts, ({ topic }) => topic).values()) {
    const bySize = ofTopic.toSorted((a, b) => a.records - b.records || a.firstReceivedAtMs - b.firstReceivedAtMs);
    let [records, characters] = [0, 0];
    const chosen: Part[] = [];
    for (const part of bySize) {
      records += part.records;
      characters += part.characters;
      const fits = records <= limits.partRecords && characters <= limits.partCharacters;
      if (!fits || chosen.length === limits.foldedParts) break;
      chosen.push(part);
    }
    if (chosen.length > 1) return chosen;
  }
  return [];
}
