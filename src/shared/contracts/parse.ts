import type * as z from "zod";
import type { Change } from "#domain/change.ts";
import { type ConcordEvent, deviceKeyOf } from "#domain/event.ts";
import type { Issue } from "#domain/issue.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type Moment, toMilliseconds, toMoment } from "#domain/time.ts";
import { toVersion } from "#domain/version.ts";
import type { Contract } from "./define.ts";
import { dataPath, envelopePaths, memberAt, placeOf } from "./envelope.ts";
import { findContract } from "./index.ts";
import { isSince1970, moment } from "./time.ts";
import { toCurrent } from "./versions.ts";

/** How far ahead of our clock an event's time may be. An event from the future supersedes all events until then. */
export const MAX_AHEAD_MS = 5 * MINUTE_MS;

/** Why a record can never be applied. Data, not text: logs, metric labels and the operations API use `reason`. */
export type Rejection = ContractRejection | LimitExceeded;

/** Why a contract refuses a record, which no repetition would change. `aheadMs` are milliseconds. */
export type ContractRejection =
  | { readonly reason: "unknown_topic"; readonly topic: string }
  | { readonly reason: "empty_value" }
  | { readonly reason: "not_json"; readonly message: string }
  | { readonly reason: "schema_mismatch"; readonly issues: readonly Issue[] }
  | { readonly reason: "clock_skew"; readonly aheadMs: number };

/** The record exceeds a limit of the boundary; it was not checked against its contract. */
export type LimitExceeded =
  | {
      readonly reason: "too_large";
      readonly bytes: number;
      readonly limit: number;
      /** Set where only the first bytes of the value were kept; the hash is of all of them, in hex. */
      readonly cut?: { readonly sha256: string; readonly keptBytes: number };
    }
  | { readonly reason: "too_deep"; readonly limit: number }
  | { readonly reason: "too_many_headers"; readonly headers: number; readonly limit: number };

export type RejectionReason = Rejection["reason"];

/**
 * `version` is the one by which the record was read: its own, or the current one. It is `undefined` if no contract has the
 * record's topic.
 */
export type Parsed =
  | { readonly ok: true; readonly event: ConcordEvent; readonly version: number }
  | { readonly ok: false; readonly rejection: ContractRejection; readonly version: number | undefined };

/** The input of `parseRecord`. The key and the times are only used for a tombstone, which has no value. */
export type RawRecord = {
  readonly topic: string;
  /** The value's exact text, or `null` for a tombstone. */
  readonly value: string | null;
  /** The parsed value, if the caller has parsed it already. */
  readonly json?: unknown;
  readonly key?: string | null;
  readonly timestampMs?: number;
  readonly receivedAtMs?: number;
  /** The version of the contract that its value is in; the current one if absent. */
  readonly contractVersion?: number | undefined;
};

/**
 * Parses one record by its topic's contract, and converts it first if it is of an earlier version. This is the one way to
 * read a record, wherever it was kept: in a queue, a dead letter or an archive. Never throws.
 */
export function parseRecord(record: RawRecord, nowMs: number): Parsed {
  const contract = findContract(record.topic, nowMs);
  if (!contract) return { ok: false, rejection: { reason: "unknown_topic", topic: record.topic }, version: undefined };
  return parseBy(contract, record, nowMs);
}

/** The same by a given contract, whatever the record's topic is. */
export function parseBy(contract: Contract, record: RawRecord, nowMs: number): Parsed {
  const { version: current, earlier } = contract;
  const { contractVersion: own = current } = record;
  const first = current - earlier.length;
  // Read as the current version it might pass, and mean something else: 68 °F would become 68 °C.
  if (own < first && record.value !== null) return { ...reject(tooOld(own, first)), version: own };
  const isKnown = own <= current && own >= first;
  const { version = isKnown ? own : current, ...parsed } = parseValue(contract, record, nowMs);
  return { ...parsed, version };
}

/** Whether a record was accepted by a newer version of its contract than this deployment has. */
export function isAhead({ topic, contractVersion = 1 }: Pick<RawRecord, "topic" | "contractVersion">, nowMs: number) {
  return contractVersion > (findContract(topic, nowMs)?.version ?? contractVersion);
}

/** `version` is set where the record was converted, or taken for another version than its own. */
type ParsedBy = { readonly version?: number } & (
  | { readonly ok: true; readonly event: ConcordEvent }
  | { readonly ok: false; readonly rejection: ContractRejection }
);

function parseValue(contract: Contract, record: RawRecord, nowMs: number): ParsedBy {
  if (record.value === null) return parseTombstone(contract, record, nowMs);
  if (record.value.trim() === "") return reject({ reason: "empty_value" });
  // Bytes that are not UTF-8 are lone surrogates here: #base/utf8.ts.
  if (!record.value.isWellFormed()) return reject({ reason: "not_json", message: "the value is not UTF-8" });
  const json = record.json === undefined ? parseJson(record.value) : { ok: true as const, value: record.json };
  if (!json.ok) return reject({ reason: "not_json", message: json.message });
  const { version, value, brokenStep } = toCurrent(contract, json.value, record.contractVersion);
  if (brokenStep !== undefined) return reject({ reason: "schema_mismatch", issues: [brokenUpcast(brokenStep)] });
  const parsed = contract.value.safeParse(value);
  if (!parsed.success) {
    const issues = toIssues(parsed.error.issues);
    const isOurs = value !== json.value && issues.some(({ path }) => isOfData(contract, path));
    // What a conversion made does not fit: its places are not those of the producer's value.
    const mistake = isOurs ? [brokenUpcast(contract.version - 1)] : [];
    return reject({ reason: "schema_mismatch", issues: [...mistake, ...issues].slice(0, MAX_ISSUES) });
  }
  const { eventId, occurredAt, deviceId, data } = parsed.data;
  const change = contract.toChange(data);
  const written = dataAsWritten(contract, value) ?? data;
  const envelope = { eventId, occurredAt: moment(occurredAt), deviceId, data: written };
  return { ...eventFrom(contract, envelope, nowMs, change), version };
}

/** What the history keeps is the source's own, as masks and readers know it from the schema; `undefined` if `data` is that. */
const dataAsWritten = ({ own, places }: Contract, value: unknown): unknown =>
  own?.parse(memberAt(value, dataPath(places)));

/**
 * A tombstone: on a compacted topic, a record without a value deletes its key. If the contract defines its effect, the key
 * is the device id, and the event occurred at the record's timestamp, or else when we received it.
 */
function parseTombstone(contract: Contract, record: RawRecord, nowMs: number): ParsedBy {
  const deviceId = placeOf("deviceId", contract.places).as.safeParse(record.key);
  if (!contract.tombstone || !deviceId.success) return reject({ reason: "empty_value" });
  const occurredAt = tombstoneMoment(record.timestampMs ?? record.receivedAtMs ?? nowMs);
  if (!occurredAt) return reject({ reason: "schema_mismatch", issues: [BAD_TIMESTAMP] });
  const event = { eventId: "tombstone", occurredAt, deviceId: deviceId.data, data: null };
  return eventFrom(contract, event, nowMs, contract.tombstone);
}

/** Kafka's timestamps can be any 64-bit number; @returns `undefined` for one that is no valid time of an event */
function tombstoneMoment(ms: number): Moment | undefined {
  const isInRange = Number.isSafeInteger(ms) && ms >= 0 && ms < Date.UTC(10_000, 0);
  return isInRange && isSince1970(toMoment(ms)) ? toMoment(ms) : undefined;
}

const BAD_TIMESTAMP: Issue = {
  path: "timestamp",
  code: "custom",
  message: "Invalid time: a record without a value occurred at its timestamp, which must be between 1970 and 9999 UTC",
};

type Envelope = {
  readonly eventId: string;
  readonly occurredAt: Moment;
  readonly deviceId: string;
  readonly data: unknown;
};

function eventFrom(
  contract: Contract,
  { eventId, occurredAt, deviceId, data }: Envelope,
  nowMs: number,
  change: Change,
): ParsedBy {
  const occurredAtMs = toMilliseconds(occurredAt);
  if (occurredAtMs > nowMs + MAX_AHEAD_MS) return reject({ reason: "clock_skew", aheadMs: occurredAtMs - nowMs });
  return {
    ok: true,
    event: {
      topic: contract.topic,
      deviceKey: deviceKeyOf(contract.source, deviceId),
      eventId,
      occurredAtMs,
      version: toVersion(occurredAt, eventId),
      data,
      change,
    },
  };
}

const reject = (rejection: ContractRejection) => ({ ok: false, rejection }) as const;

/** Whether an issue is about the data, and not about what stands beside it. */
function isOfData({ places }: Contract, path: string): boolean {
  const isAt = (at: readonly string[]) => `${path}.`.startsWith(`${at.join(".")}.`);
  const at = dataPath(places);
  return at.length > 0 ? isAt(at) : !envelopePaths(places).some(isAt);
}

/** Whether it is the contract that has to be mended: nothing is wrong with the record. */
export const isMistakeOfContract = (rejection: Rejection): boolean =>
  rejection.reason === "schema_mismatch" &&
  rejection.issues.some(({ code }) => code === "upcast" || code === "version");

const tooOld = (own: number, first: number): ContractRejection => ({
  reason: "schema_mismatch",
  issues: [
    {
      path: "contractVersion",
      code: "version",
      message: `Version ${own} of the contract is not read any more, only ${first} and later: put it back in \`earlier\`, and replay the record`,
    },
  ],
});

/** Without the error, which may quote the record. */
const brokenUpcast = (from: number): Issue => ({
  path: "data",
  code: "upcast",
  message: `Concord could not convert it from version ${from} of the contract to ${from + 1}: a mistake of the contract`,
});

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // V8's message quotes the text, which may be personal data.
    return { ok: false, message: "the value is not JSON" };
  }
}

/** Issues that are kept of a record: a letter with its issues has to fit a queue message. */
const MAX_ISSUES = 20;

const toIssues = (issues: readonly z.core.$ZodIssue[]): Issue[] => issues.slice(0, MAX_ISSUES).map(toIssue);

function toIssue({ path, code, message }: z.core.$ZodIssue): Issue {
  return { path: path.map(String).join("."), code, message };
}

function describeTooLarge({ bytes, limit, cut }: Extract<LimitExceeded, { reason: "too_large" }>): string {
  const size =
    bytes > limit
      ? `The record has ${bytes} bytes; at most ${limit} can be applied.`
      : `The record has ${bytes} bytes, and its producer did not send all of them.`;
  return cut
    ? `${size} Only the first ${cut.keptBytes} bytes of its value are kept; SHA-256 of all: ${cut.sha256}.`
    : size;
}

/** One line for people and logs. */
export function describeRejection(rejection: Rejection): string {
  switch (rejection.reason) {
    case "unknown_topic":
      return `No contract for topic ${rejection.topic}.`;
    case "empty_value":
      return "The record has no value, and its topic does not allow tombstones.";
    case "not_json":
      return "The value is not JSON.";
    case "schema_mismatch":
      return `${rejection.issues.map(({ path, message }) => `${path || "value"}: ${message}`).join("; ")}.`;
    case "too_large":
      return describeTooLarge(rejection);
    case "too_deep":
      return `The value is nested deeper than ${rejection.limit} levels.`;
    case "too_many_headers":
      return `The record has ${rejection.headers} headers; at most ${rejection.limit} are allowed.`;
    case "clock_skew":
      return `occurredAt is ${describeDuration(rejection.aheadMs)} ahead of our clock; at most ${MAX_AHEAD_MS / 1000} s are accepted.`;
  }
}

/** "400 s", "30 h", "26,590 days". */
function describeDuration(ms: number): string {
  if (ms < 2 * HOUR_MS) return `${Math.round(ms / 1000)} s`;
  return ms < 2 * DAY_MS ? `${Math.round(ms / HOUR_MS)} h` : `${Math.round(ms / DAY_MS).toLocaleString("en")} days`;
}
