import type { ArchiveBucket } from "#archive/bucket.ts";
import type { Part, StoredManifest } from "#archive/manifest.ts";
import type { Limits } from "./limits.ts";
import { writeParts } from "./parts.ts";
import { readPart } from "./read-part.ts";
import { replaceInDay } from "./replace.ts";

/**
 * Makes one part of a topic's small ones, if some fit together.
 * @param among parts of the day
 * @returns `null` if there are no such parts any more
 */
export async function foldSmallParts(
  bucket: ArchiveBucket,
  stored: StoredManifest,
  limits: Limits,
  among: readonly Part[] = stored.manifest.parts,
): Promise<StoredManifest | null> {
  const { manifest } = stored;
  const chosen = chooseParts(among, limits);
  if (chosen.length === 0) return null;
  const records = [];
  for (const part of chosen) for (const record of await readPart(bucket, part)) records.push(record);
  const added = await writeParts(bucket, manifest, records, limits);
  return replaceInDay(bucket, stored, { added, retired: chosen.map(({ key }) => key), replaced: [] });
}

/**
 * The small parts of a topic that has as many of them as one fold takes; none if no topic has. Any two of them fit together.
 * A manifest is read and written in every step, so a day must not gather small parts until its last raw object is in.
 */
export function crowdOf(parts: readonly Part[], { partRecords, partCharacters, foldedParts }: Limits): readonly Part[] {
  const small = parts.filter(({ records, characters }) => records * 2 < partRecords && characters * 2 < partCharacters);
  for (const ofTopic of Map.groupBy(small, ({ topic }) => topic).values())
    if (ofTopic.length >= foldedParts) return ofTopic;
  return [];
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
