import { describeRejection } from "#contracts/parse.ts";
import { parseTopic } from "#contracts/topic.ts";
import type { JsonPatchOp } from "#letters/edit.ts";
import { foldPath } from "#letters/fingerprint.ts";
import type { Failure } from "#letters/letter.ts";
import { MASK, maskFailure, maskKey, maskOf, maskValue } from "#letters/mask.ts";
import { makeMaskedCopy, printMasked } from "#letters/masked-copy.ts";
import type { StoredLetter } from "#letters/repositories/dead-letter.ts";
import type { LetterRevision } from "#letters/repositories/letter-change.ts";
import type { Audit, Letter, Revision } from "#ops/api.ts";
import type { AuditRow } from "#repositories/audit.ts";
import { toIso } from "./iso.ts";

/**
 * A dead letter as the operations API shows it.
 * @param revisions its edits, oldest first
 * @param unmasked whether personal data is shown; the caller has written an entry in the audit log for it
 */
export function toLetterJson(
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
    source: parseTopic(letter.topic)?.source ?? null,
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
    edited: unmasked || edited === null ? edited : printMasked(toMaskedCopy(letter, revisions)),
    revision: letter.revision,
    key: unmasked ? record.key : masked.key,
    keyEncoding: unmasked && record.keyEncoding ? record.keyEncoding : "text",
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
    replayedAt: toIso(letter.replayedAtMs),
    settledAt: toIso(letter.settledAtMs),
    discardReason: letter.discardReason,
    discardedAt: toIso(letter.discardedAtMs),
    emptiedAt: toIso(letter.emptiedAtMs),
    contractVersion: letter.contractVersion,
    recordVersion: record.contractVersion ?? 1,
    workerVersion: letter.workerVersion,
    traceparent: letter.traceparent,
    runId: letter.runId,
  };
}

/** The masked copy of the payload that a replay of the letter would send. */
export const toMaskedCopy = (
  { record: { topic, value }, edited, revision }: StoredLetter,
  revisions: readonly LetterRevision[],
) =>
  makeMaskedCopy(
    { topic, value, edited, revision },
    revisions.map(({ patch }) => patch as readonly JsonPatchOp[]),
  );

/** A letter that was emptied and then failed a replay holds the edited value, to which its revisions no longer lead. */
const maskedPayload = ({ record: { topic, value, encoding }, edited, revision }: StoredLetter): string | null =>
  value !== null && revision > 0 && edited === null ? JSON.stringify(MASK) : maskValue(topic, value, encoding).text;

/** An edit, masked: its values and its undeclared members may be as personal as those of the payload. */
export const toRevisionJson = (
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

export const toAuditJson = ({ atMs, ...entry }: AuditRow): Audit => ({
  ...entry,
  role: entry.role as Audit["role"],
  at: new Date(atMs).toISOString(),
});

/** The failure in one line. */
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
