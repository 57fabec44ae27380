import type { ArchiveBucket } from "./bucket.ts";
import { type ListedObject, listObjects } from "./bucket.ts";
import { openDayFile } from "./day-file.ts";
import { behindDay, dayIn, firstDay } from "./days.ts";
import { decodeLines } from "./lines.ts";
import { comparePlaces, type Part, type PartPlace, readManifest } from "./manifest.ts";
import { bucketOf, DAYS_PREFIX, dayOf, dayPrefix, manifestKey, rawDayPrefix } from "./names.ts";
import type { ArchivedRecord } from "./record.ts";

/**
 * Where a reader of the archive is. It is plain JSON, and stays valid while files are compacted, rewritten and removed.
 * A day is read in two stages: its raw objects, then the parts of its manifest. What is compacted in between is read twice.
 */
export type LogPosition = { readonly day: string } & (RawPosition | PartsPosition);

type RawPosition = {
  readonly stage: "raw";
  /** The last object that was read whole. */
  readonly after: string | null;
  /** The object that is being read, and how many of its records were. */
  readonly within?: Within;
};

type PartsPosition = {
  readonly stage: "parts";
  /**
   * The part that was read whole last, in the order in which parts came into the day: what is compacted later is behind it,
   * so that a place is as short on a day of a thousand parts, and stays valid. `null` before the first.
   */
  readonly last: PartPlace | null;
  readonly within?: Within;
};

type Within = { readonly key: string; readonly records: number };

export type LogRead = {
  readonly records: readonly ArchivedRecord[];
  readonly position: LogPosition | null;
  readonly isEnd: boolean;
};

/**
 * Reads the archive in bounded batches. A position survives compaction and restarts. Each record that was archived before the
 * first read of a reader is read by its end; one that is archived meanwhile may be. Records may come twice, so fold them or
 * take them by receipt.
 */
export interface ArchiveLog {
  /**
   * @param after the position of the read before; `null` begins with the first day
   * @param limits the most records of one read. It may bring fewer, or none, without being the last.
   */
  read(after: LogPosition | null, limits: { readonly records: number }): Promise<LogRead>;
}

/** Inclusive, two hex digits each. */
export type BucketRange = { readonly from: string; readonly to: string };

export type LogOptions = {
  /** Days of receipt, in UTC and inclusive: `2026-11-23`. */
  readonly fromDay?: string;
  readonly toDay?: string;
  /** Only records of devices in these ranges of buckets. Row groups of other buckets are not read. */
  readonly buckets?: readonly BucketRange[];
  /**
   * Only files that were written from then on, by R2's clock. What was archived since is read whole, also what was received
   * long before and what is compacted meanwhile; some of what is older comes with it, in files that were written again.
   */
  readonly writtenSinceMs?: number;
};

/** Bounds of one read besides its records: objects that are fetched, and characters of what was received. Our choice. */
const MAX_FETCHES = 200;
const MAX_TEXT = 16_000_000;
/** Names of one list, R2's own limit: a page costs the same whatever its length. */
const PAGE = 1_000;

export const archiveLog = (bucket: Pick<ArchiveBucket, "get" | "list">, options: LogOptions = {}): ArchiveLog => ({
  read: async (after, { records }) => {
    if (!(records > 0)) throw new RangeError("a read of the log asks for at least one record");
    const batch = new Batch(records, options);
    const day = new DayParts(bucket, batch);
    const start = after ?? (await nextDay(bucket, { ...options, after: null }, batch));
    if (!start) return { records: [], position: null, isEnd: true };
    let position = start;
    while (!batch.isFull) {
      const step =
        position.stage === "raw"
          ? await readRaw(bucket, position, batch)
          : await readParts(bucket, position, { batch, day });
      position = step.position;
      if (!step.isStageRead) continue;
      if (position.stage === "raw") {
        position = { day: position.day, stage: "parts", last: null };
        continue;
      }
      const next = await nextDay(bucket, { ...options, after: position.day }, batch);
      if (!next) return { records: batch.records, position, isEnd: true };
      position = next;
    }
    return { records: batch.records, position, isEnd: false };
  },
});

/** What one read has gathered so far. */
class Batch {
  readonly records: ArchivedRecord[] = [];
  #fetches = 0;
  #text = 0;
  readonly #limit: number;
  readonly #options: LogOptions;

  constructor(limit: number, options: LogOptions) {
    this.#limit = limit;
    this.#options = options;
  }

  get isFull(): boolean {
    return this.records.length >= this.#limit || this.#fetches >= MAX_FETCHES || this.#text >= MAX_TEXT;
  }

  fetched(): void {
    this.#fetches += 1;
  }

  get isOfChanges(): boolean {
    return this.#options.writtenSinceMs !== undefined;
  }

  /** Whether a file that was written then is read. */
  isWanted({ uploaded }: Pick<ListedObject, "uploaded">): boolean {
    return uploaded.getTime() >= (this.#options.writtenSinceMs ?? Number.NEGATIVE_INFINITY);
  }

  wants(buckets: { readonly first: string; readonly last: string } | null): boolean {
    const ranges = this.#options.buckets;
    if (!ranges) return true;
    return buckets !== null && ranges.some(({ from, to }) => buckets.first <= to && buckets.last >= from);
  }

  /** @returns how many of the records it took, or passed over since they are of other buckets */
  take(records: readonly ArchivedRecord[]): number {
    for (const [index, record] of records.entries()) {
      if (this.records.length >= this.#limit) return index;
      const bucket = record.deviceKey && bucketOf(record.deviceKey);
      if (!this.wants(bucket === null ? null : { first: bucket, last: bucket })) continue;
      this.records.push(record);
      this.#text += charactersOf(record) + 500;
    }
    return records.length;
  }
}

const charactersOf = ({ key, value, headers = [] }: ArchivedRecord): number =>
  headers.reduce((sum, [name, text]) => sum + name.length + text.length, (key?.length ?? 0) + (value?.length ?? 0));

type Step<P> = { readonly position: LogPosition & P; readonly isStageRead: boolean };

/** One page of raw objects, or what fits of it. Objects that are gone meanwhile are in parts, which are read afterwards. */
async function readRaw(
  bucket: Pick<ArchiveBucket, "get" | "list">,
  position: LogPosition & RawPosition,
  batch: Batch,
): Promise<Step<RawPosition>> {
  const { day } = position;
  let { after, within } = position;
  const { objects, isEnd } = await listObjects(bucket, { prefix: rawDayPrefix(day), after, limit: PAGE });
  batch.fetched();
  for (const { key, uploaded } of objects) {
    if (!batch.isWanted({ uploaded })) {
      after = key;
      continue;
    }
    const at = (): LogPosition & RawPosition => ({ day, stage: "raw", after, ...(within && { within }) });
    if (batch.isFull) return { position: at(), isStageRead: false };
    const skip = within?.key === key ? within.records : 0;
    const object = await bucket.get(key);
    batch.fetched();
    if (object) {
      const records = (await readAll(object.body)).slice(skip);
      const taken = batch.take(records);
      if (taken < records.length) {
        within = { key, records: skip + taken };
        return { position: at(), isStageRead: false };
      }
    }
    after = key;
    within = undefined;
  }
  return { position: { day, stage: "raw", after, ...(within && { within }) }, isStageRead: isEnd };
}

async function readAll(body: ReadableStream<Uint8Array>): Promise<ArchivedRecord[]> {
  const records: ArchivedRecord[] = [];
  for await (const record of decodeLines(body)) records.push(record);
  return records;
}

/** One part, or what fits of it. A part that is gone has been rewritten, so the manifest is read again. */
async function readParts(
  bucket: Pick<ArchiveBucket, "get">,
  { day, last, within }: LogPosition & PartsPosition,
  { batch, day: parts }: { readonly batch: Batch; readonly day: DayParts },
): Promise<Step<PartsPosition>> {
  const unread = (await parts.of(day)).filter((each) => last === null || comparePlaces(each, last) > 0);
  const part = unread[0];
  if (!part) return { position: { day, stage: "parts", last }, isStageRead: true };
  const isGone = async (): Promise<Step<PartsPosition>> => {
    await parts.readAgain(day, part.key);
    return { position: { day, stage: "parts", last }, isStageRead: false };
  };
  const file = await openDayFile(bucket, part);
  batch.fetched();
  if (!file) return isGone();
  const skip = within?.key === part.key ? within.records : 0;
  let row = 0;
  for (const [index, group] of file.groups.entries()) {
    const end = row + group.rows;
    if (end > skip && batch.wants(group.buckets)) {
      const from = Math.max(skip, row);
      const at = { day, stage: "parts", last, within: { key: part.key, records: from } } as const;
      if (batch.isFull) return { position: at, isStageRead: false };
      const records = await file.readGroup(index);
      batch.fetched();
      if (!records) return isGone();
      const wanted = records.slice(from - row);
      const taken = batch.take(wanted);
      if (taken < wanted.length)
        return { position: { ...at, within: { key: part.key, records: from + taken } }, isStageRead: false };
    }
    row = end;
  }
  const place = { key: part.key, generation: part.generation ?? 0 };
  return { position: { day, stage: "parts", last: place }, isStageRead: false };
}

/** The parts of the day that is being read, in the order in which they came into it. They are read once a read, and not once a part. */
class DayParts {
  readonly #bucket: Pick<ArchiveBucket, "get" | "list">;
  readonly #batch: Batch;
  #known: { readonly day: string; readonly parts: readonly Part[] } | undefined;

  constructor(bucket: Pick<ArchiveBucket, "get" | "list">, batch: Batch) {
    this.#bucket = bucket;
    this.#batch = batch;
  }

  /** Those that were written since what is asked for. */
  async of(day: string): Promise<readonly Part[]> {
    if (this.#known?.day !== day) this.#known = { day, parts: await this.#read(day) };
    return this.#known.parts;
  }

  /**
   * A file is gone: its records are in later parts.
   * @throws if the manifest still names it: it is lost, and no reader may take the rest for the whole
   */
  async readAgain(day: string, gone: string): Promise<void> {
    const parts = await this.#read(day);
    if (parts.some(({ key }) => key === gone))
      throw new Error(
        `${gone} is missing from the archive, and the manifest of ${day} names it; run "concord archive check"`,
      );
    this.#known = { day, parts };
  }

  async #read(day: string): Promise<readonly Part[]> {
    const { manifest } = await readManifest(this.#bucket, day);
    this.#batch.fetched();
    const old = await oldParts(this.#bucket, day, this.#batch);
    return manifest.parts.filter(({ key }) => !old.has(key)).sort(comparePlaces);
  }
}

/** Parts of a day that were written before what is asked for; a part that the manifest names and that is not listed is gone. */
async function oldParts(bucket: Pick<ArchiveBucket, "list">, day: string, batch: Batch): Promise<ReadonlySet<string>> {
  if (!batch.isOfChanges) return new Set();
  const { objects } = await listObjects(bucket, { prefix: dayPrefix(day), limit: Number.POSITIVE_INFINITY });
  batch.fetched();
  return new Set(objects.filter((each) => !batch.isWanted(each)).map(({ key }) => key));
}

/**
 * The beginning of the first day after `after` that has raw objects, or parts that are wanted. Raw objects are looked for
 * first: what is compacted in between is in parts by then.
 */
async function nextDay(
  bucket: Pick<ArchiveBucket, "list">,
  { after, fromDay, toDay }: LogOptions & { readonly after: string | null },
  batch: Batch,
): Promise<(LogPosition & RawPosition) | null> {
  const behind = after === null ? (fromDay && dayBefore(fromDay)) || null : after;
  const ofRaw = await firstDay(bucket, "raw", behind);
  const ofParts = batch.isOfChanges
    ? await nextChanged(bucket, behind, batch)
    : await firstDay(bucket, "parts", behind);
  const day = [ofRaw, ofParts].filter((each) => each !== null).sort()[0];
  if (day === undefined || (toDay !== undefined && day > toDay)) return null;
  return { day, stage: "raw", after: null };
}

/** Every new part is named by a manifest that is written after it, so a day with an old manifest has none. */
async function nextChanged(
  bucket: Pick<ArchiveBucket, "list">,
  behind: string | null,
  batch: Batch,
): Promise<string | null> {
  for (let after = behindDay("parts", behind); ; ) {
    const { objects, isEnd } = await listObjects(bucket, { prefix: DAYS_PREFIX, after, limit: PAGE });
    const found = objects.find((each) => batch.isWanted(each) && each.key === manifestKey(dayIn("parts", each.key)));
    if (found) return dayIn("parts", found.key);
    const last = objects.at(-1);
    if (isEnd || !last) return null;
    batch.fetched();
    // A day without anything new is a place to go on from.
    if (batch.isFull) return dayIn("parts", last.key);
    after = last.key;
  }
}

const dayBefore = (day: string): string => dayOf(Date.parse(`${day}T00:00:00Z`) - 1);
