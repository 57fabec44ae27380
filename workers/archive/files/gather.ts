import { type ArchiveBucket, listObjects } from "#archive/bucket.ts";
import { toRecord } from "#archive/day-columns.ts";
import { decodeLines } from "#archive/lines.ts";
import type { Expired, Part, StoredManifest } from "#archive/manifest.ts";
import { rawDayPrefix } from "#archive/names.ts";
import { type ArchivedRecord, oneOfCopies } from "#archive/record.ts";
import type { Limits } from "./limits.ts";
import { charactersOf, writeParts } from "./parts.ts";
import { readColumns, readPart } from "./read-part.ts";
import { replaceInDay } from "./replace.ts";

export type Gathered = {
  readonly stored: StoredManifest;
  /** Whether there is more to gather of the day, as far as this step knows. */
  readonly isEnd: boolean;
  /** Raw objects that were replaced. */
  readonly objects: number;
  /** Records that became part of the day. */
  readonly records: number;
};

export type GatherDeps = {
  /** Whether a topic's records of the day are still kept. */
  readonly isKept: (topic: string) => boolean;
  readonly nowMs: number;
  readonly limits: Limits;
};

/**
 * Moves the first raw objects of a day into parts, each record once: of several copies the one that counts, also if another
 * is in a part already.
 */
export async function gather(
  bucket: ArchiveBucket,
  stored: StoredManifest,
  { isKept, nowMs, limits }: GatherDeps,
): Promise<Gathered> {
  const { day } = stored.manifest;
  const raw = await readRaw(bucket, day, limits);
  if (raw.keys.length === 0) return { stored, isEnd: true, objects: 0, records: 0 };
  const added: Part[] = [];
  const expired: Expired[] = [];
  const changed: ArchivedRecord[] = [];
  for (const [topic, copies] of raw.topics) {
    if (!isKept(topic)) {
      expired.push({ topic, records: copies.size, removedAtMs: nowMs });
      continue;
    }
    const outdated = await takeOutHeld(bucket, stored, topic, copies);
    // One part at a time, so that a step holds no more than its raw records and one part. The next one goes on from here.
    if (outdated)
      return {
        stored: await rewritePart(bucket, stored, { part: outdated, copies, limits }),
        isEnd: false,
        objects: 0,
        records: 0,
      };
    for (const copy of copies.values()) changed.push(copy);
    added.push(...(await writeParts(bucket, stored.manifest, [...copies.values()], limits)));
  }
  const after = await replaceInDay(bucket, stored, { added, retired: [], replaced: raw.keys, expired, changed });
  return { stored: after, isEnd: false, objects: raw.keys.length, records: changed.length };
}

type Copies = Map<string, ArchivedRecord>;

/**
 * The raw objects of a day that were written first, as many as fit a step, and their records by topic and receipt. Names are
 * hashes, so that objects in the order of names are of any time of their hour, and what is made of them overlaps with every
 * part of it. Those that were written one after the other overlap with few.
 */
async function readRaw(bucket: Pick<ArchiveBucket, "get" | "list">, day: string, limits: Limits) {
  const { objects } = await listObjects(bucket, { prefix: rawDayPrefix(day), limit: limits.rawListed });
  objects.sort((a, b) => a.uploaded.getTime() - b.uploaded.getTime());
  const keys = objects.slice(0, limits.rawObjects).map(({ key }) => key);
  const topics = new Map<string, Copies>();
  const read: string[] = [];
  let [records, characters] = [0, 0];
  for (const key of keys) {
    if (records >= limits.rawRecords || characters >= limits.rawCharacters) break;
    const object = await bucket.get(key);
    // Deleted by a job that ended just before this one began.
    if (!object) continue;
    read.push(key);
    for await (const record of decodeLines(object.body)) {
      const copies = topics.get(record.topic) ?? new Map<string, ArchivedRecord>();
      topics.set(record.topic, copies);
      addCopy(copies, record);
      records += 1;
      characters += charactersOf(record);
    }
  }
  return { keys: read, topics };
}

const addCopy = (copies: Copies, record: ArchivedRecord): void => {
  const other = copies.get(record.receipt);
  copies.set(record.receipt, other ? oneOfCopies(other, record) : record);
};

/**
 * Takes out of `copies` what parts hold already.
 * @returns a part that holds a copy that does not count any more, if there is one
 */
async function takeOutHeld(
  bucket: Pick<ArchiveBucket, "get">,
  { manifest }: StoredManifest,
  topic: string,
  copies: Copies,
): Promise<Part | undefined> {
  // All copies of a record were received at the same time.
  const times = [...copies.values()].map(({ receivedAtMs }) => receivedAtMs).sort((a, b) => a - b);
  for (const part of manifest.parts) {
    if (part.topic !== topic || !hasTimeIn(times, part)) continue;
    for (const row of await readColumns(bucket, part, HELD)) {
      const copy = copies.get(row.receipt as string);
      if (!copy) continue;
      if (oneOfCopies(toRecord(row), copy) === copy) return part;
      copies.delete(copy.receipt);
    }
  }
  return undefined;
}

/** Whether one of the times is a part's: a record that came late has all parts between it and the others read otherwise. */
function hasTimeIn(sorted: readonly number[], { firstReceivedAtMs, lastReceivedAtMs }: Part): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < firstReceivedAtMs) low = middle + 1;
    else high = middle;
  }
  const first = sorted[low];
  return first !== undefined && first <= lastReceivedAtMs;
}

/** Puts copies that count in the place of those in a part. */
async function rewritePart(
  bucket: ArchiveBucket,
  stored: StoredManifest,
  { part, copies, limits }: { readonly part: Part; readonly copies: Copies; readonly limits: Limits },
): Promise<StoredManifest> {
  const changed: ArchivedRecord[] = [];
  const records = (await readPart(bucket, part)).map((held) => {
    const copy = copies.get(held.receipt);
    if (!copy || oneOfCopies(held, copy) === held) return held;
    changed.push(copy);
    return copy;
  });
  const added = await writeParts(bucket, stored.manifest, records, limits);
  return replaceInDay(bucket, stored, { added, retired: [part.key], replaced: [], changed });
}

/** What `oneOfCopies` goes by; `exact` has whether D1 holds a dead letter. */
const HELD = ["receipt", "outcome", "settled_at", "exact"];
