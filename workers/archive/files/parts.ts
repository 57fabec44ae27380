import type { ArchiveBucket } from "#archive/bucket.ts";
import { compareRows } from "#archive/day-columns.ts";
import { encodeDayFile, openDayBytes } from "#archive/day-file.ts";
import type { Manifest, Part } from "#archive/manifest.ts";
import { archivedSourceOf, dayFileKey } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { sha256Hex, sha256HexOf } from "#base/digest.ts";
import { formatRfc3339 } from "#domain/time.ts";
import { versionMoment } from "#domain/version.ts";
import { LIMITS, type Limits } from "./limits.ts";

/** A file that was read again is not what was written. Nothing that it was to replace is deleted. */
export class PartMismatch extends Error {
  override readonly name = "PartMismatch";
  constructor(key: string, what: string) {
    super(`${key} was written and read again, and ${what}. It is not part of its day, and nothing was deleted.`);
  }
}

/**
 * Writes records of a day and a topic as parts of bounded size, and reads each again. They count once a manifest names them.
 * @param manifest the day's as it is: the names of the parts follow from its generation
 * @param records each receipt once
 */
export async function writeParts(
  bucket: Pick<ArchiveBucket, "get" | "put">,
  manifest: Pick<Manifest, "day" | "generation">,
  records: readonly ArchivedRecord[],
  limits: Limits = LIMITS,
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const piece of pieces([...records].sort(compareRows), limits))
    parts.push(await writePart(bucket, manifest, piece));
  return parts;
}

function* pieces(
  sorted: readonly ArchivedRecord[],
  { partRecords, partCharacters }: Limits,
): Generator<readonly ArchivedRecord[]> {
  let [start, characters] = [0, 0];
  for (const [index, record] of sorted.entries()) {
    const more = charactersOf(record);
    const isFull = index - start >= partRecords || characters + more > partCharacters;
    if (isFull && index > start) {
      yield sorted.slice(start, index);
      [start, characters] = [index, 0];
    }
    characters += more;
  }
  if (start < sorted.length) yield sorted.slice(start);
}

async function writePart(
  bucket: Pick<ArchiveBucket, "get" | "put">,
  { day, generation }: Pick<Manifest, "day" | "generation">,
  sorted: readonly ArchivedRecord[],
): Promise<Part> {
  const topic = sorted[0]?.topic as string;
  const bytes = encodeDayFile(sorted);
  const sha256 = await sha256HexOf(bytes);
  const key = dayFileKey(day, topic, await sha256Hex(`${generation} ${sha256}`, 16));
  // The bucket checks the hash too, and refuses what was damaged on its way.
  await bucket.put(key, bytes, { sha256, customMetadata: { records: String(sorted.length) } });
  const received = sorted.map(({ receivedAtMs }) => receivedAtMs).sort((a, b) => a - b);
  const moments = sorted.flatMap(({ version }) => (version ? [versionMoment(version)] : [])).sort();
  const [first, last] = [moments[0], moments.at(-1)];
  const part: Part = {
    key,
    source: archivedSourceOf(topic),
    topic,
    records: sorted.length,
    bytes: bytes.byteLength,
    characters: sorted.reduce((sum, record) => sum + charactersOf(record), 0),
    sha256,
    firstReceivedAtMs: received[0] as number,
    lastReceivedAtMs: received.at(-1) as number,
    firstOccurredAt: first ? formatRfc3339(first) : null,
    lastOccurredAt: last ? formatRfc3339(last) : null,
  };
  await compareWithStored(bucket, part, sorted);
  return part;
}

/** Reads a part again, and compares its hash, its count and each of its records with what it was made of. */
async function compareWithStored(
  bucket: Pick<ArchiveBucket, "get">,
  part: Part,
  sorted: readonly ArchivedRecord[],
): Promise<void> {
  const stored = await bucket.get(part.key);
  if (!stored) throw new PartMismatch(part.key, "it is not there");
  const bytes = await stored.arrayBuffer();
  if ((await sha256HexOf(new Uint8Array(bytes))) !== part.sha256) throw new PartMismatch(part.key, "its hash differs");
  const file = await openDayBytes(bytes);
  let row = 0;
  for (const [index] of file.groups.entries()) {
    for (const record of (await file.readGroup(index)) ?? []) {
      if (canonical(record) !== canonical(sorted[row])) throw new PartMismatch(part.key, `its row ${row} differs`);
      row += 1;
    }
  }
  if (row !== sorted.length) throw new PartMismatch(part.key, `it has ${row} of ${sorted.length} records`);
}

const canonical = (record: ArchivedRecord | undefined): string =>
  JSON.stringify(Object.entries(record ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));

export const charactersOf = ({ key, value, headers }: ArchivedRecord): number =>
  (key?.length ?? 0) + (value?.length ?? 0) + (headers ? JSON.stringify(headers).length : 0);
