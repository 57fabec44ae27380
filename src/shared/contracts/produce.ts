import type * as z from "zod";
import type { ConcordEvent } from "#domain/event.ts";
import type { Issue } from "#domain/issue.ts";
import { parseTime } from "#domain/time.ts";
import { contentId } from "./content-id.ts";
import { writeValue } from "./envelope.ts";
import { CONTRACTS, type KnownContract } from "./index.ts";
import { type ContractRejection, describeRejection, parseRecord } from "./parse.ts";
import { VERSION_HEADER } from "./versions.ts";

/** The data of an event by its topic, as a producer writes it. It follows from the contracts. */
export type EventData = { readonly [Each in KnownContract as Each["topic"]]: z.input<Each["data"]> };

/** A topic that has a contract. */
export type Topic = keyof EventData;

/** An event before it is built. */
export type EventInput<T extends Topic = Topic> = {
  /** The device's id at its source: up to 64 of letters, digits, `.`, `_`, `:` and `-`. It becomes the record's key. */
  readonly deviceId: string;
  /**
   * When it happened at the source: a `Date`, or RFC 3339 text with an offset, of which every digit counts. There is no
   * default, because "now" would make another event of each attempt to send the same one.
   */
  readonly occurredAt: Date | string;
  /** The members of the event, as its contract has them: docs/contracts.md. */
  readonly data: EventData[T];
  /**
   * Up to 128 characters, the same each time the event is built. By default it follows from the topic, the device, the
   * time and the data: an event that is built again after a crash is the same event, and does nothing the second time.
   */
  readonly eventId?: string | undefined;
  /** The W3C trace that the event belongs to, which goes along as a header. */
  readonly traceparent?: string | undefined;
};

/** A record as a Kafka producer takes it. It has passed its contract. */
export type BuiltRecord<T extends Topic = Topic> = {
  readonly topic: T;
  /** The device's id, so that a device's records are in one partition. */
  readonly key: string;
  /** JSON text, which is to be sent as UTF-8 and not written anew. */
  readonly value: string;
  /** Names and values as text, to be sent as UTF-8. One of them says which version of its contract the event is of. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it happened, in milliseconds since 1970 UTC: the record's own time. */
  readonly timestampMs: number;
  /** What a reader will make of the record. */
  readonly event: ConcordEvent;
};

/** A record to send, or why its contract refuses it, with the places in the event. */
export type Built<T extends Topic = Topic> =
  | { readonly ok: true; readonly record: BuiltRecord<T> }
  /** Nothing was built. Each issue names a member, and never contains its value. */
  | { readonly ok: false; readonly rejection: ContractRejection; readonly issues: readonly Issue[] };

/** An event that its contract does not accept. Nothing was sent. */
export class InvalidEvent extends Error {
  override name = "InvalidEvent";
  readonly topic: string;
  readonly rejection: ContractRejection;
  readonly issues: readonly Issue[];

  constructor(topic: string, { rejection, issues }: Extract<Built, { ok: false }>) {
    super(
      `An event of ${topic} is not as its contract has it, and nothing was built: ${describeRejection(rejection)} Correct the event; docs/contracts.md has the members of each topic.`,
    );
    this.topic = topic;
    this.rejection = rejection;
    this.issues = issues;
  }
}

/**
 * Builds the record of an event, and parses it as Concord will. Wrong data is a value, with its issues.
 * @param nowMs milliseconds since 1970 UTC; an event may be up to `MAX_AHEAD_MS` ahead of it
 * @throws TypeError if the data cannot be written as JSON, because it has a cycle or a `bigint`
 */
export function safeBuildRecord<T extends Topic>(topic: T, input: EventInput<T>, nowMs = Date.now()): Built<T> {
  const { deviceId, data, traceparent } = input;
  const occurredAt = input.occurredAt instanceof Date ? textOf(input.occurredAt) : input.occurredAt;
  // The same moment, however it is written.
  const eventId = input.eventId ?? contentId([topic, deviceId, parseTime(occurredAt) ?? occurredAt, data]);
  const places = CONTRACTS.find((each) => each.topic === topic)?.places;
  const value = JSON.stringify(writeValue({ eventId, occurredAt, deviceId, data }, places));
  const parsed = parseRecord({ topic, value }, nowMs);
  if (!parsed.ok) return { ok: false, rejection: parsed.rejection, issues: issuesOf(parsed.rejection) };
  const version = { [VERSION_HEADER]: String(parsed.version) };
  const headers = { "content-type": "application/json", ...version, ...(traceparent !== undefined && { traceparent }) };
  const { event } = parsed;
  return { ok: true, record: { topic, key: deviceId, value, headers, timestampMs: event.occurredAtMs, event } };
}

/**
 * Builds the record of an event, and parses it as Concord will.
 * @param nowMs milliseconds since 1970 UTC; an event may be up to `MAX_AHEAD_MS` ahead of it
 * @throws InvalidEvent with the issues, where the contract does not accept the event
 */
export function buildRecord<T extends Topic>(topic: T, input: EventInput<T>, nowMs = Date.now()): BuiltRecord<T> {
  const built = safeBuildRecord(topic, input, nowMs);
  if (!built.ok) throw new InvalidEvent(topic, built);
  return built.record;
}

/** The text of an invalid `Date` is no time either, which its contract says. */
const textOf = (date: Date): string => (Number.isNaN(date.getTime()) ? String(date) : date.toISOString());

function issuesOf(rejection: ContractRejection): readonly Issue[] {
  if (rejection.reason === "schema_mismatch") return rejection.issues;
  const path = rejection.reason === "clock_skew" ? "occurredAt" : rejection.reason === "unknown_topic" ? "topic" : "";
  return [{ path, code: rejection.reason, message: describeRejection(rejection) }];
}
