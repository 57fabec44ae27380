import type * as z from "zod";
import { type ConcordEvent, deviceKeyOf } from "../domain/event.ts";
import type { Issue } from "../domain/issue.ts";
import { type Moment, millisecondsOf, momentOf } from "../domain/time.ts";
import { versionOf } from "../domain/version.ts";
import { type Contract, DeviceId } from "./define.ts";
import { findContract } from "./index.ts";
import { isLateEnough, moment } from "./time.ts";

/** How far ahead of our clock an event may claim to be. Beyond it, it would win against everything for as long. */
export const MAX_AHEAD_MS = 5 * 60_000;

/** Why a record can never succeed. Data, not prose: a log, a metric label and the dead-letter desk read `reason`. */
export type Rejection = ContractRejection | LimitExceeded;

export type ContractRejection =
  | { readonly reason: "unknown_topic"; readonly topic: string }
  | { readonly reason: "empty_value" }
  | { readonly reason: "not_json"; readonly message: string }
  | { readonly reason: "schema_mismatch"; readonly issues: readonly Issue[] }
  | { readonly reason: "clock_skew"; readonly aheadMs: number };

/** Beyond a limit of the boundary that the record came through; its contract was not asked. */
export type LimitExceeded =
  | { readonly reason: "too_large"; readonly bytes: number; readonly limit: number }
  | { readonly reason: "too_deep"; readonly limit: number }
  | { readonly reason: "too_many_headers"; readonly headers: number; readonly limit: number };

export type RejectionReason = Rejection["reason"];

export type Parsed =
  | { readonly ok: true; readonly event: ConcordEvent }
  | { readonly ok: false; readonly rejection: ContractRejection };

/** What reading a record takes. Its key and its times only matter to a tombstone, which has no value to tell them. */
export type RawRecord = {
  readonly topic: string;
  /** The value's text as it came, or `null` for a tombstone. */
  readonly value: string | null;
  /** What `JSON.parse` makes of the value, where that is known already. */
  readonly json?: unknown;
  readonly key?: string | null;
  readonly timestampMs?: number;
  readonly receivedAtMs?: number;
};

/** Reads one record against its topic's contract. Never throws. */
export function parseRecord(record: RawRecord, nowMs: number): Parsed {
  const contract = findContract(record.topic, nowMs);
  if (!contract) return reject({ reason: "unknown_topic", topic: record.topic });
  if (record.value === null) return parseTombstone(contract, record, nowMs);
  const json = record.json === undefined ? parseJson(record.value) : { ok: true as const, value: record.json };
  if (!json.ok) return reject({ reason: "not_json", message: json.message });
  const parsed = contract.value.safeParse(json.value);
  if (!parsed.success) return reject({ reason: "schema_mismatch", issues: issuesOf(parsed.error.issues) });
  const { eventId, occurredAt, deviceId, data } = parsed.data;
  return eventFrom(contract, { eventId, occurredAt: moment(occurredAt), deviceId, data }, nowMs);
}

/**
 * On a compacted topic a record without a value deletes what its key names. Where the contract says what that does to
 * a device, the key is the device id, and the record's own time (else our receipt of it) is when it happened.
 */
function parseTombstone(contract: Contract, record: RawRecord, nowMs: number): Parsed {
  const deviceId = DeviceId.safeParse(record.key);
  if (!contract.tombstone || !deviceId.success) return reject({ reason: "empty_value" });
  const occurredAt = momentAt(record.timestampMs ?? record.receivedAtMs ?? nowMs);
  if (!occurredAt) return reject({ reason: "schema_mismatch", issues: [NO_MOMENT] });
  const event = { eventId: "tombstone", occurredAt, deviceId: deviceId.data, data: null };
  return eventFrom(contract, event, nowMs, contract.tombstone);
}

/** Kafka's timestamps are any 64-bit number; the moment has to be one that an event could claim. */
function momentAt(ms: number): Moment | undefined {
  const isInRange = Number.isSafeInteger(ms) && ms >= 0 && ms < Date.UTC(10_000, 0);
  return isInRange && isLateEnough(momentOf(ms)) ? momentOf(ms) : undefined;
}

const NO_MOMENT: Issue = {
  path: "timestamp",
  code: "custom",
  message: "Invalid time: a record without a value happened at its timestamp, which must lie between 1970 and 9999 UTC",
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
  change = contract.toChange(data),
): Parsed {
  const occurredAtMs = millisecondsOf(occurredAt);
  if (occurredAtMs > nowMs + MAX_AHEAD_MS) return reject({ reason: "clock_skew", aheadMs: occurredAtMs - nowMs });
  return {
    ok: true,
    event: {
      topic: contract.topic,
      deviceKey: deviceKeyOf(contract.source, deviceId),
      eventId,
      occurredAtMs,
      version: versionOf(occurredAt, eventId),
      data,
      change,
    },
  };
}

const reject = (rejection: ContractRejection): Parsed => ({ ok: false, rejection });

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // V8's message quotes the text, which may be personal.
    return { ok: false, message: "the value is not JSON" };
  }
}

/** More than this tells nobody more, and a letter with its issues has to fit a queue message. */
const MAX_ISSUES = 20;

const issuesOf = (issues: readonly z.core.$ZodIssue[]): Issue[] => issues.slice(0, MAX_ISSUES).map(issueOf);

function issueOf({ path, code, message }: z.core.$ZodIssue): Issue {
  return { path: path.map(String).join("."), code, message };
}

/** One line for a person or a log. */
export function describeRejection(rejection: Rejection): string {
  switch (rejection.reason) {
    case "unknown_topic":
      return `No contract for topic ${rejection.topic}.`;
    case "empty_value":
      return "The record has no value, and its topic gives that no meaning.";
    case "not_json":
      return "The value is not JSON.";
    case "schema_mismatch":
      return `${rejection.issues.map(({ path, message }) => `${path || "value"}: ${message}`).join("; ")}.`;
    case "too_large":
      return `The record has ${rejection.bytes} bytes; ${rejection.limit} can be applied.`;
    case "too_deep":
      return `The value nests deeper than ${rejection.limit} levels.`;
    case "too_many_headers":
      return `The record has ${rejection.headers} headers; ${rejection.limit} are allowed.`;
    case "clock_skew":
      return `occurredAt is ${Math.round(rejection.aheadMs / 1000)} s ahead of our clock; at most ${MAX_AHEAD_MS / 1000} s are accepted.`;
  }
}
