import { sha256Hex } from "#base/digest.ts";
import { fnv1a } from "#base/fnv.ts";
import { isTopic, parseTopic } from "#contracts/topic.ts";
import type { DeviceKey } from "#domain/event.ts";
import { type ArchivedRecord, contentOf, isMerged } from "./record.ts";

/*
 * The names of the bucket. A `day` is `YYYY-MM-DD` and an `hour` two digits, both in UTC, and of the time at which records
 * were received: it is the same for all copies of a record, however late they are settled.
 */

export const RAW_PREFIX = "events/";
export const DAYS_PREFIX = "days/";
export const SERIES_PREFIX = "series/";
export const FORGOTTEN_PREFIX = "forgotten/";
export const FOLDS_PREFIX = "folds/";
/** What the bucket holds, as it was last counted, so that a scrape is one read. */
export const FIGURES_KEY = "figures.json";

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const hourOf = (ms: number): string => new Date(ms).toISOString().slice(11, 13);

/** The day and hour whose prefix holds a record: `events/2026-11-23/13/`. */
export const rawPrefixOf = ({ receivedAtMs }: Pick<ArchivedRecord, "receivedAtMs">): string =>
  `${rawDayPrefix(dayOf(receivedAtMs))}${hourOf(receivedAtMs)}/`;

export const rawDayPrefix = (day: string): string => `${RAW_PREFIX}${day}/`;

/**
 * The name of a raw object, of what it holds: the same records have the same name in any order, and whatever they changed, so
 * that a batch that is delivered again makes no second copy. Only whether a record was merged is in the name: one that was a
 * dead letter the first time and is merged the second must not be lost behind its own failure.
 * @param records of one hour, and at least one
 */
export async function rawKeyOf(records: readonly ArchivedRecord[]): Promise<string> {
  const [first] = records;
  if (first === undefined) throw new RangeError("a raw object holds at least one record");
  const lines = records.map((record) => JSON.stringify([record.receipt, isMerged(record), contentOf(record)])).sort();
  return `${rawPrefixOf(first)}${await sha256Hex(lines.join("\n"), 16)}.ndjson.gz`;
}

export type RawName = { readonly day: string; readonly hour: string; readonly hash: string };

/** What a raw object's name says; `undefined` for any other name. */
export function parseRawKey(key: string): RawName | undefined {
  const groups = RAW_KEY.exec(key)?.groups;
  return groups && { day: groups.day as string, hour: groups.hour as string, hash: groups.hash as string };
}

const RAW_KEY = /^events\/(?<day>\d{4}-\d\d-\d\d)\/(?<hour>\d\d)\/(?<hash>[0-9a-f]{32})\.ndjson\.gz$/;

/** `days/day=2026-11-23/`, as analysts' engines read partitions from names. */
export const dayPrefix = (day: string): string => `${DAYS_PREFIX}day=${day}/`;

/** The list of the files that a day consists of. A file that it does not name does not count. */
export const manifestKey = (day: string): string => `${dayPrefix(day)}manifest.json`;

/** @param hash of the file's content */
export const dayFileKey = (day: string, topic: string, hash: string): string =>
  `${dayPrefix(day)}source=${archivedSourceOf(topic)}/topic=${inName(topic)}/${hash}.parquet`;

/** The source of a topic; `unknown` if it is not of the grammar of topics, as of a record that is a dead letter for it. */
export const archivedSourceOf = (topic: string): string => parseTopic(topic)?.source ?? "unknown";

/** What is no topic may be of any text and length, and a name has at most 1,024 bytes. */
const inName = (topic: string): string =>
  isTopic(topic) ? topic : encodeURIComponent(topic.slice(0, 80).toWellFormed());

/** How many parts the fleet is cut into where the archive is read by device. */
export const BUCKETS = 256;

/** The part that a device is in, as two hex digits. */
export const bucketOf = (key: DeviceKey): string => bucketName((fnv1a(key) >>> 24) & 0xff);

/** @param bucket 0 to 255 */
export const bucketName = (bucket: number): string => bucket.toString(16).padStart(2, "0");

/** What verification keeps of a bucket: `folds/3f/`. */
export const foldsPrefix = (bucket: string): string => `${FOLDS_PREFIX}${bucket}/`;

export const seriesPrefix = (bucket: string): string => `${SERIES_PREFIX}${bucket}/`;
