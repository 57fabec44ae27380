import { findContract } from "../contracts/index.ts";
import type { Rejection } from "../contracts/parse.ts";
import { digestOf } from "../digest.ts";
import type { MergeOutcome } from "../domain/outcome.ts";
import { packBySize } from "./pack.ts";
import { type QueuedRecord, valueTextOf } from "./parcel.ts";

/** Why a record became a dead letter: it can never succeed, its attempts are spent, or it took the consumer down. */
export type Failure =
  | Rejection
  | { readonly reason: "fault"; readonly error: FaultError }
  | { readonly reason: "crash" };

/** `at` is the first function of ours that it came through. */
export type FaultError = { readonly name: string; readonly message: string; readonly at?: string | undefined };

/** A record that failed, with all that an operator needs to mend and replay it. */
export type Letter = {
  readonly id: string;
  readonly record: QueuedRecord;
  readonly stage: "ingest" | "consume";
  readonly failure: Failure;
  readonly failedAtMs: number;
  /** The version of the contract that judged it, where its topic has one. */
  readonly contractVersion?: number;
  readonly workerVersion: string;
  readonly traceparent?: string | undefined;
};

/** A replayed letter's record came to its end. */
export type Settlement = { readonly letterId: string; readonly outcome: MergeOutcome; readonly settledAtMs: number };

/** What travels on `concord-dead-letters`, beside the parcels that the platform puts there itself. */
export type DeadLetterMessage =
  | { readonly kind: "letters"; readonly letters: readonly Letter[] }
  | { readonly kind: "settlements"; readonly settlements: readonly Settlement[] };

/** What happened to a record, by whoever writes its letter. */
export type Circumstances = Pick<Letter, "stage" | "failure" | "failedAtMs" | "workerVersion" | "traceparent">;

/** The letter of a record that failed. */
export async function letterOf(record: QueuedRecord, circumstances: Circumstances): Promise<Letter> {
  const contract = findContract(record.topic, circumstances.failedAtMs);
  return {
    id: await letterIdOf(record),
    record,
    ...circumstances,
    ...(contract && { contractVersion: contract.version }),
  };
}

export const packLetters = (letters: readonly Letter[]): DeadLetterMessage[] =>
  packBySize(letters, { maxBytes: 64_000, maxItems: 100 }).map((packed) => ({ kind: "letters", letters: packed }));

/**
 * A letter's identity is its record's, so a second failure of the same record never makes a twin: its topic, its event
 * id (else its Kafka coordinates), and its exact content. The id alone is not enough: a producer that is broken enough
 * to be refused is just the one that sends "undefined" for every id, and one letter would swallow the others.
 * 128 bits of SHA-256, in hex.
 */
export async function letterIdOf(record: QueuedRecord): Promise<string> {
  if (record.letterId) return record.letterId;
  return digestOf(JSON.stringify(identityOf(record)), 16);
}

function identityOf(record: QueuedRecord): unknown[] {
  const { topic, key, value, partition, offset } = record;
  const eventId = eventIdOf(record);
  const place = eventId === undefined && partition !== undefined && offset !== undefined ? [partition, offset] : null;
  return [topic, eventId ?? null, place, key, value];
}

/** The event id as far as a broken record lets it be read. */
export function eventIdOf(record: QueuedRecord): string | undefined {
  const { eventId } = looseMembers(record);
  return typeof eventId === "string" && eventId.length > 0 && eventId.length <= 128 ? eventId : undefined;
}

/** The device id as far as a broken record lets it be read. */
export function deviceIdOfRecord(record: QueuedRecord): string | undefined {
  const { deviceId } = looseMembers(record);
  return typeof deviceId === "string" && deviceId.length > 0 && deviceId.length <= 64 ? deviceId : undefined;
}

function looseMembers(record: QueuedRecord): { eventId?: unknown; deviceId?: unknown } {
  try {
    const value: unknown = JSON.parse(valueTextOf(record) ?? "null");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
