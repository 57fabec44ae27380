import { describeRejection } from "../../src/shared/contracts/parse.ts";
import { topicPartsOf } from "../../src/shared/contracts/topic.ts";
import type { Audit, Letter, Revision } from "../../src/shared/desk/api.ts";
import type { JsonPatchOp } from "../../src/shared/desk/edit.ts";
import { foldPath } from "../../src/shared/desk/fingerprint.ts";
import { MASK, maskFailure, maskKey, maskOf, maskValue } from "../../src/shared/desk/mask.ts";
import { maskedCopyOf, shownOf } from "../../src/shared/desk/masked-copy.ts";
import type { Failure } from "../../src/shared/queue/letter.ts";
import type { AuditRow } from "../../src/shared/repositories/audit.ts";
import type { StoredLetter } from "../../src/shared/repositories/dead-letter.ts";
import type { LetterRevision } from "../../src/shared/repositories/letter-change.ts";

/**
 * A dead letter as the operations API shows it.
 * @param revisions its edits, first to last
 * @param unmasked shows what is personal, for which somebody has answered in the audit log
 */
export function letterJsonOf(
  letter: StoredLetter,
  revisions: readonly LetterRevision[] = [],
  unmasked = false,
): Letter {
  const { record, edited } = letter;
  const failure = unmasked ? letter.failure : maskFailure(letter.topic, letter.failure);
  const value = unmasked ? record.value : maskedPayload(letter);
  const masked = maskKey(record);
  return {
    id: letter.id,
    state: letter.state,
    group: letter.groupId,
    topic: letter.topic,
    source: topicPartsOf(letter.topic)?.source ?? null,
    eventId: letter.eventId,
    deviceKey: letter.deviceKey,
    stage: letter.stage,
    reason: letter.reason,
    issues: failure.reason === "schema_mismatch" ? failure.issues : [],
    message: describeFailure(failure),
    failure,
    payload: value,
    payloadEncoding: unmasked && record.encoding ? record.encoding : "text",
    masked: !unmasked,
    edited: unmasked || edited === null ? edited : shownOf(copyOf(letter, revisions)),
    revision: letter.revision,
    key: unmasked ? record.key : masked.key,
    headers: unmasked ? (record.headers ?? []) : masked.headers,
    partition: record.partition ?? null,
    offset: record.offset ?? null,
    timestampMs: record.timestampMs ?? null,
    receivedAt: new Date(record.receivedAtMs).toISOString(),
    failures: letter.failures,
    replays: letter.replays,
    outcome: letter.outcome,
    firstFailedAt: new Date(letter.firstFailedAtMs).toISOString(),
    lastFailedAt: new Date(letter.lastFailedAtMs).toISOString(),
    replayedAt: isoOf(letter.replayedAtMs),
    settledAt: isoOf(letter.settledAtMs),
    discardReason: letter.discardReason,
    discardedAt: isoOf(letter.discardedAtMs),
    emptiedAt: isoOf(letter.emptiedAtMs),
    contractVersion: letter.contractVersion,
    workerVersion: letter.workerVersion,
    traceparent: letter.traceparent,
    runId: letter.runId,
  };
}

/** The masked copy of what a letter's replays send. */
export const copyOf = (
  { record: { topic, value }, edited, revision }: StoredLetter,
  revisions: readonly LetterRevision[],
) =>
  maskedCopyOf(
    { topic, value, edited, revision },
    revisions.map(({ patch }) => patch as readonly JsonPatchOp[]),
  );

/** A letter that was emptied and then came back from a replay holds what was edited, and the edits lead nowhere. */
const maskedPayload = ({ record: { topic, value, encoding }, edited, revision }: StoredLetter): string | null =>
  value !== null && revision > 0 && edited === null ? JSON.stringify(MASK) : maskValue(topic, value, encoding).text;

/** What an edit put in may be as personal as what it took out, and so may a member that no contract names. */
export const revisionJsonOf = (
  { revision, patch, actor, reason, atMs }: LetterRevision,
  { topic }: Pick<StoredLetter, "topic">,
  unmasked: boolean,
): Revision => ({
  revision,
  patch: unmasked ? patch : patch.map((operation) => maskedOperation(topic, operation as Operation)),
  actor,
  reason,
  at: new Date(atMs).toISOString(),
});

type Operation = { readonly op: string; readonly path: string; readonly from?: string; readonly value?: unknown };

function maskedOperation(topic: string, { op, path, from, value }: Operation): object {
  const folded = (pointer: string) => `/${foldPath(topic, pointer.slice(1).replaceAll("/", ".")).replaceAll(".", "/")}`;
  return {
    op,
    path: folded(path),
    ...(from !== undefined && { from: folded(from) }),
    ...(value !== undefined && { value: maskOf(value) }),
  };
}

export const auditJsonOf = ({ atMs, ...entry }: AuditRow): Audit => ({
  ...entry,
  role: entry.role as Audit["role"],
  at: new Date(atMs).toISOString(),
});

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

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
