import type * as z from "zod";
import { type ConcordEvent, deviceKeyOf } from "../domain/event.ts";
import { versionOf } from "../domain/version.ts";
import { findContract } from "./index.ts";

/** How far ahead of our clock an event may claim to be. Beyond it, it would win against everything for as long. */
export const MAX_AHEAD_MS = 5 * 60_000;

/** What was wrong with one member of a record; never holds the member's value, which may be personal. */
export type Issue = { readonly path: string; readonly code: string; readonly message: string };

/** Why a record can never succeed. Data, not prose: a log, a metric label and the dead-letter desk read `reason`. */
export type Rejection =
  | { readonly reason: "unknown_topic"; readonly topic: string }
  | { readonly reason: "empty_value" }
  | { readonly reason: "not_json"; readonly message: string }
  | { readonly reason: "schema_mismatch"; readonly issues: readonly Issue[] }
  | { readonly reason: "clock_skew"; readonly aheadMs: number };

export type RejectionReason = Rejection["reason"];

export type Parsed =
  | { readonly ok: true; readonly event: ConcordEvent }
  | { readonly ok: false; readonly rejection: Rejection };

/**
 * Reads the text of one record against its topic's contract. Never throws.
 * @param value the record's value as it came, or `null` for a tombstone
 */
export function parseRecord(topic: string, value: string | null, nowMs: number): Parsed {
  const json = value === null ? ({ ok: true, value: null } as const) : parseJson(value);
  if (json.ok) return parseValue(topic, json.value, nowMs);
  if (!findContract(topic, nowMs)) return reject({ reason: "unknown_topic", topic });
  return reject({ reason: "not_json", message: json.message });
}

/** The same for a value that was parsed as JSON already. Never throws. */
export function parseValue(topic: string, value: unknown, nowMs: number): Parsed {
  const contract = findContract(topic, nowMs);
  if (!contract) return reject({ reason: "unknown_topic", topic });
  if (value === null) return reject({ reason: "empty_value" });
  const parsed = contract.value.safeParse(value);
  if (!parsed.success) return reject({ reason: "schema_mismatch", issues: parsed.error.issues.map(issueOf) });
  const { eventId, occurredAt, deviceId, data } = parsed.data;
  const occurredAtMs = Date.parse(occurredAt);
  if (occurredAtMs > nowMs + MAX_AHEAD_MS) return reject({ reason: "clock_skew", aheadMs: occurredAtMs - nowMs });
  return {
    ok: true,
    event: {
      topic: contract.topic,
      deviceKey: deviceKeyOf(contract.source, deviceId),
      eventId,
      occurredAtMs,
      version: versionOf(occurredAtMs, eventId),
      data,
      change: contract.toChange(data),
    },
  };
}

const reject = (rejection: Rejection): Parsed => ({ ok: false, rejection });

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // V8's message quotes the text, which may be personal.
    return { ok: false, message: "the value is not JSON" };
  }
}

function issueOf({ path, code, message }: z.core.$ZodIssue): Issue {
  return { path: path.map(String).join("."), code, message };
}

/** One line for a person or a log. */
export function describeRejection(rejection: Rejection): string {
  switch (rejection.reason) {
    case "unknown_topic":
      return `No contract for topic ${rejection.topic}.`;
    case "empty_value":
      return "The record has no value.";
    case "not_json":
      return "The value is not JSON.";
    case "schema_mismatch":
      return rejection.issues.map(({ path, message }) => `${path || "value"}: ${message}`).join("; ");
    case "clock_skew":
      return `occurredAt is ${Math.round(rejection.aheadMs / 1000)} s ahead of our clock; at most ${MAX_AHEAD_MS / 1000} s are accepted.`;
  }
}
