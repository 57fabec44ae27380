import type { BasicType } from "hyparquet-writer";
import type { DeviceKey } from "#domain/event.ts";
import { toMilliseconds } from "#domain/time.ts";
import { compareText, type Version, versionEventId, versionMoment } from "#domain/version.ts";
import { bucketOf } from "./names.ts";
import type { ArchivedRecord } from "./record.ts";

/** What a day file's column holds: a text, a whole number, a time in milliseconds; `null` for none. */
type Cell = string | bigint | null;

type Column = {
  readonly name: string;
  readonly type: Extract<BasicType, "STRING" | "INT64" | "TIMESTAMP">;
  readonly of: (record: ArchivedRecord) => Cell;
};

const text = (name: string, of: (record: ArchivedRecord) => string | null | undefined): Column => ({
  name,
  type: "STRING",
  of: (record) => {
    const value = of(record) ?? null;
    return value === null || value.isWellFormed() ? value : null;
  },
});

const whole = (
  name: string,
  type: "INT64" | "TIMESTAMP",
  of: (record: ArchivedRecord) => number | null | undefined,
): Column => ({
  name,
  type,
  of: (record) => {
    const value = of(record) ?? null;
    return value === null || !fitsColumn(value) ? null : BigInt(value);
  },
});

/** The range of a JavaScript date, which as microseconds is just inside of 64 bits, as engines read times. */
const MAX_WHOLE = 8.64e15;
const fitsColumn = (value: number): boolean => Number.isInteger(value) && Math.abs(value) <= MAX_WHOLE;

/**
 * The columns of a day file, in their order. `exact` is for what the others cannot hold as it is, such as a text with half a
 * surrogate pair: JSON of those members; in nearly every row it is `null`.
 */
export const DAY_COLUMNS: readonly Column[] = [
  text("topic", ({ topic }) => topic),
  text("receipt", ({ receipt }) => receipt),
  whole("received_at", "TIMESTAMP", ({ receivedAtMs }) => receivedAtMs),
  whole("occurred_at", "TIMESTAMP", ({ version }) => version && toMilliseconds(versionMoment(version))),
  whole("settled_at", "TIMESTAMP", ({ settledAtMs }) => settledAtMs),
  text("device_key", ({ deviceKey }) => deviceKey),
  text("bucket", ({ deviceKey }) => deviceKey && bucketOf(deviceKey)),
  text("version", ({ version }) => version),
  text("event_id", ({ version }) => version && versionEventId(version)),
  text("key", ({ key }) => key),
  text("key_encoding", ({ keyEncoding }) => keyEncoding),
  text("value", ({ value }) => value),
  text("value_encoding", ({ encoding }) => encoding),
  text("headers", ({ headers }) => headers && JSON.stringify(headers)),
  whole("kafka_partition", "INT64", ({ partition }) => partition),
  whole("kafka_offset", "INT64", ({ offset }) => offset),
  whole("kafka_timestamp", "TIMESTAMP", ({ timestampMs }) => timestampMs),
  text("outcome", ({ outcome }) => outcome),
  whole("contract_version", "INT64", ({ contractVersion }) => contractVersion),
  text("lane", ({ lane }) => lane),
  text("letter_id", ({ letterId }) => letterId),
  text("exact", exactOf),
];

/** Members that are columns of their own. What a later release adds to a record is kept in `exact` by this one. */
const KNOWN: ReadonlySet<string> = new Set([
  "topic",
  "receipt",
  "receivedAtMs",
  "settledAtMs",
  "deviceKey",
  "version",
  "key",
  "keyEncoding",
  "value",
  "encoding",
  "headers",
  "partition",
  "offset",
  "timestampMs",
  "outcome",
  "contractVersion",
  "lane",
  "letterId",
] satisfies (keyof ArchivedRecord)[]);

function exactOf(record: ArchivedRecord): string | null {
  const kept = Object.entries(record).filter(([name, value]) => {
    if (value === undefined) return false;
    if (!KNOWN.has(name)) return true;
    return typeof value === "string" ? !value.isWellFormed() : typeof value === "number" && !fitsColumn(value);
  });
  return kept.length === 0 ? null : JSON.stringify(Object.fromEntries(kept));
}

/** A row as it is read: whole numbers and times as numbers. */
export type DayRow = { readonly [column: string]: string | number | null | undefined };

/** The record of a row, exactly as it was archived. */
export function toRecord(row: DayRow): ArchivedRecord {
  const record = {
    receipt: row.receipt as string,
    topic: row.topic as string,
    key: row.key ?? null,
    ...given("keyEncoding", row.key_encoding),
    value: row.value ?? null,
    ...given("encoding", row.value_encoding),
    ...(typeof row.headers === "string" && { headers: JSON.parse(row.headers) }),
    ...given("partition", row.kafka_partition),
    ...given("offset", row.kafka_offset),
    ...given("timestampMs", row.kafka_timestamp),
    receivedAtMs: row.received_at as number,
    ...given("letterId", row.letter_id),
    contractVersion: row.contract_version as number,
    outcome: row.outcome,
    settledAtMs: row.settled_at as number,
    ...given("lane", row.lane),
    deviceKey: (row.device_key ?? null) as DeviceKey | null,
    version: (row.version ?? null) as Version | null,
    ...(typeof row.exact === "string" && JSON.parse(row.exact)),
  };
  return record as ArchivedRecord;
}

const given = (name: string, value: string | number | null | undefined) =>
  value === null || value === undefined ? {} : { [name]: value };

/**
 * The order of rows: by bucket, device, version and receipt, and records without a device last. A device's records are next
 * to each other, so that a reader of some buckets skips the row groups of the others.
 */
export function compareRows(a: ArchivedRecord, b: ArchivedRecord): number {
  if (a.deviceKey === null || b.deviceKey === null) {
    if (a.deviceKey !== b.deviceKey) return a.deviceKey === null ? 1 : -1;
    return compareText(a.receipt, b.receipt);
  }
  return (
    compareText(bucketOf(a.deviceKey), bucketOf(b.deviceKey)) ||
    compareText(a.deviceKey, b.deviceKey) ||
    compareText(a.version ?? "", b.version ?? "") ||
    compareText(a.receipt, b.receipt)
  );
}
