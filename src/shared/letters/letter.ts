import { sha256Hex } from "#base/digest.ts";
import { SOURCE_SPECS } from "#contracts/all-sources.ts";
import { type EnvelopeMember, type EnvelopePlaces, memberAt as memberIn, placeOf } from "#contracts/envelope.ts";
import { findContract } from "#contracts/index.ts";
import type { Rejection } from "#contracts/parse.ts";
import { parseTopic } from "#contracts/topic.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import { memberAt, skipSpace } from "#json/cut.ts";
import { packBySize } from "#json/pack.ts";
import { decodeValue, type QueuedRecord } from "#queue/parcel.ts";

/** Why a record became a dead letter: it can never succeed, its attempts are exhausted, or it crashed the consumer. */
export type Failure =
  | Rejection
  | { readonly reason: "fault"; readonly error: FaultError }
  | { readonly reason: "crash" };

/** `at` is the innermost function of ours in the stack. */
export type FaultError = { readonly name: string; readonly message: string; readonly at?: string | undefined };

/** Whether only the beginning of the record's value was stored. Such a letter cannot be replayed or edited. */
export const isCutShort = (failure: Failure): boolean => failure.reason === "too_large" && failure.cut !== undefined;

/** A record that failed, with everything that an operator needs to fix and replay it. */
export type Letter = {
  readonly id: string;
  readonly record: QueuedRecord;
  readonly stage: "ingest" | "consume";
  readonly failure: Failure;
  readonly failedAtMs: number;
  /** The version of the contract that validated it, if its topic has one. */
  readonly contractVersion?: number;
  readonly workerVersion: string;
  readonly traceparent?: string | undefined;
  /** Set if the record was emptied before it was stored, since it is about somebody who was forgotten. */
  readonly emptiedAtMs?: number | undefined;
};

/** The outcome of a replayed letter's record. */
export type Settlement = { readonly letterId: string; readonly outcome: MergeOutcome; readonly settledAtMs: number };

/** A message of the queue `concord-dead-letters`, which also gets the parcels that the platform itself puts there. */
export type DeadLetterMessage =
  | { readonly kind: "letters"; readonly letters: readonly Letter[] }
  | { readonly kind: "settlements"; readonly settlements: readonly Settlement[] };

/** What happened to a record, as known to the code that writes its letter. */
export type Circumstances = Pick<Letter, "stage" | "failure" | "failedAtMs" | "workerVersion" | "traceparent">;

/** The letter of a record that failed. */
export async function createLetter(record: QueuedRecord, circumstances: Circumstances): Promise<Letter> {
  const contract = findContract(record.topic, circumstances.failedAtMs);
  return {
    id: await letterIdOf(record, circumstances.failure),
    record,
    ...circumstances,
    ...(contract && { contractVersion: contract.version }),
  };
}

export const packLetters = (letters: readonly Letter[]): DeadLetterMessage[] =>
  packBySize(letters, { maxBytes: 64_000, maxItems: 100 }).map((packed) => ({ kind: "letters", letters: packed }));

/**
 * A letter's id is its record's, so that a second failure of a record makes no second letter. It is made of the topic,
 * the event id (or else the Kafka coordinates) and the exact content. The event id alone is not enough: a broken
 * producer may send "undefined" as every id, and all its records would become one letter. 128 bits of SHA-256, in hex.
 */
export async function letterIdOf(record: QueuedRecord, failure?: Failure): Promise<string> {
  if (record.letterId) return record.letterId;
  // If the value was cut, its hash distinguishes it from others with the same beginning.
  const cut = failure?.reason === "too_large" ? failure.cut : undefined;
  return sha256Hex(JSON.stringify([...identityOf(record), ...(cut ? [cut.sha256] : [])]), 16);
}

function identityOf(record: QueuedRecord): unknown[] {
  const { topic, key, value, partition, offset } = record;
  const eventId = eventIdOf(record);
  const place = eventId === undefined && partition !== undefined && offset !== undefined ? [partition, offset] : null;
  return [topic, eventId ?? null, place, key, value, ...bytesAmong(record)];
}

/** Which of key and value are bytes that are not UTF-8: their base64 may be the whole text of another record's. */
function bytesAmong(record: QueuedRecord): object[] {
  const bytes = {
    ...(record.keyEncoding && { key: true }),
    ...(record.encoding && decodeValue(record)?.isWellFormed() === false && { value: true }),
  };
  return Object.keys(bytes).length > 0 ? [bytes] : [];
}

/** The event id, if it can be read from a broken record. */
export function eventIdOf(record: QueuedRecord): string | undefined {
  return readMember(record, "eventId", 128);
}

/** The device id, if it can be read from a broken record. */
export function deviceIdOfRecord(record: QueuedRecord): string | undefined {
  return readMember(record, "deviceId", 64);
}

/** The longest value that is parsed for one of its members. JSON.parse takes up to thirty times the memory of its text. */
const MAX_PARSED_LENGTH = 64 * 1024;

function readMember(record: QueuedRecord, member: EnvelopeMember, maxLength: number): string | undefined {
  const places = placesOf(record.topic);
  const { at, as } = placeOf(member, places);
  const [name = "", ...inner] = at.split(".");
  const found = memberIn(readTopMember(record, name), inner);
  // In a source that writes it in its own way, what cannot be read is nobody's id.
  const text = places ? as.safeParse(found).data : found;
  return typeof text === "string" && text.length > 0 && text.length <= maxLength ? text : undefined;
}

/** Of a source that has them elsewhere than Concord. An unknown topic's members are where Concord has them. */
const placesOf = (topic: string): EnvelopePlaces | undefined => {
  const source = parseTopic(topic)?.source;
  return source && SOURCE_SPECS[source].envelope;
};

function readTopMember(record: QueuedRecord, name: string): unknown {
  try {
    const text = decodeValue(record) ?? "null";
    if (text.length > MAX_PARSED_LENGTH) return cutMember(text, name);
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}

/** The same for a long value: only the member itself is parsed. @throws NotJson if the text before it is not JSON */
function cutMember(text: string, name: string): unknown {
  const span = memberAt(text, skipSpace(text, 0), name);
  return span && span.end - span.start <= MAX_PARSED_LENGTH ? JSON.parse(text.slice(span.start, span.end)) : undefined;
}
