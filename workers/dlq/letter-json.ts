import { describeRejection } from "../../src/shared/contracts/parse.ts";
import type { Failure } from "../../src/shared/queue/letter.ts";
import type { StoredLetter } from "../../src/shared/repositories/dead-letter.ts";

/** A dead letter as the operations API shows it. */
export type LetterJson = ReturnType<typeof letterJsonOf>;

export function letterJsonOf(letter: StoredLetter) {
  const { record, failure } = letter;
  return {
    id: letter.id,
    state: letter.state,
    topic: letter.topic,
    eventId: letter.eventId,
    deviceKey: letter.deviceKey,
    stage: letter.stage,
    reason: letter.reason,
    issues: failure.reason === "schema_mismatch" ? failure.issues : [],
    message: describeFailure(failure),
    failure,
    /** The exact text of the value, or its bytes as base64; null for a tombstone. */
    payload: record.value,
    payloadEncoding: record.encoding ?? "text",
    key: record.key,
    headers: record.headers ?? [],
    partition: record.partition ?? null,
    offset: record.offset ?? null,
    timestampMs: record.timestampMs ?? null,
    receivedAt: isoOf(record.receivedAtMs),
    failures: letter.failures,
    replays: letter.replays,
    outcome: letter.outcome,
    firstFailedAt: isoOf(letter.firstFailedAtMs),
    lastFailedAt: isoOf(letter.lastFailedAtMs),
    replayedAt: letter.replayedAtMs === null ? null : isoOf(letter.replayedAtMs),
    settledAt: letter.settledAtMs === null ? null : isoOf(letter.settledAtMs),
    contractVersion: letter.contractVersion,
    workerVersion: letter.workerVersion,
    traceparent: letter.traceparent,
  };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

/** One line for a person. */
function describeFailure(failure: Failure): string {
  switch (failure.reason) {
    case "fault":
      return `${failure.error.name}: ${failure.error.message}`;
    case "crash":
      return "The consumer died while it held this record, in a parcel with others and then alone.";
    default:
      // A newer Worker may know reasons that this one does not.
      return describeRejection(failure) ?? (failure as Failure).reason;
  }
}
