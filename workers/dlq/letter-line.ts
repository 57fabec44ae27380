import * as z from "zod";
import { isBase64 } from "#base/base64.ts";
import { MERGE_OUTCOMES } from "#domain/outcome.ts";
import { hasMoreValuesThan } from "#json/cut.ts";
import { parseJson } from "#json/parse-json.ts";
import type { Failure } from "#letters/letter.ts";
import type { StoredLetter } from "#letters/repositories/dead-letter.ts";
import { LETTER_STATES } from "#letters/states.ts";

const FORMAT = "letter/1";

/**
 * Most JSON values in a line. A letter has a few dozen, plus three for each header and issue; its payload is one text.
 * Ours.
 */
const MAX_VALUES = 20_000;

const timeMs = z.int().min(0).max(8.64e15);

// Loose objects throughout: members that a newer release has added are kept.
const Issue = z.looseObject({ path: z.string(), code: z.string(), message: z.string() });
const Thrown = z.looseObject({ name: z.string(), message: z.string(), at: z.string().optional() });

const ExportedFailure = z.discriminatedUnion("reason", [
  z.looseObject({ reason: z.literal("unknown_topic"), topic: z.string() }),
  z.looseObject({ reason: z.literal("empty_value") }),
  z.looseObject({ reason: z.literal("not_json"), message: z.string() }),
  z.looseObject({ reason: z.literal("schema_mismatch"), issues: z.array(Issue).readonly() }),
  z.looseObject({ reason: z.literal("clock_skew"), aheadMs: z.number() }),
  z.looseObject({ reason: z.literal("too_large"), bytes: z.number(), limit: z.number() }),
  z.looseObject({ reason: z.literal("too_deep"), limit: z.number() }),
  z.looseObject({ reason: z.literal("too_many_headers"), headers: z.number(), limit: z.number() }),
  z.looseObject({ reason: z.literal("fault"), error: Thrown }),
  z.looseObject({ reason: z.literal("crash") }),
]) as unknown as z.ZodType<Failure>;

const ExportedLetter = z.looseObject({
  concord: z.literal(FORMAT, `must be "${FORMAT}": this line was not exported by Concord, or by a newer release`),
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "is no letter's id"),
  record: z
    .looseObject({
      topic: z.string(),
      key: z.string().nullable(),
      keyEncoding: z.literal("base64").optional(),
      value: z.string().nullable(),
      encoding: z.literal("base64").optional(),
      headers: z
        .array(z.tuple([z.string(), z.string()]).readonly())
        .readonly()
        .optional(),
      receivedAtMs: timeMs,
      contractVersion: z.int().min(1).optional(),
    })
    .refine(({ value, encoding }) => encoding === undefined || isBase64(value), {
      path: ["value"],
      error: "is not base64",
    })
    .refine(({ key, keyEncoding }) => keyEncoding === undefined || isBase64(key), {
      path: ["key"],
      error: "is not base64",
    }),
  stage: z.enum(["ingest", "consume"]),
  failure: ExportedFailure,
  state: z.enum(LETTER_STATES),
  topic: z.string(),
  eventId: z.string().nullable(),
  deviceKey: z.string().nullable(),
  failures: z.int().min(1),
  replays: z.int().min(0),
  firstFailedAtMs: timeMs,
  lastFailedAtMs: timeMs,
  outcome: z.enum(MERGE_OUTCOMES).nullable(),
  settledAtMs: timeMs.nullable(),
  contractVersion: z.int().nullable(),
  workerVersion: z.string(),
  traceparent: z.string().nullable(),
  edited: z.string().nullable(),
  revision: z.int().min(0),
});

/** A letter as one line of JSON. Its payload is a string in it, so that every byte of it is kept. */
export function exportLine(letter: StoredLetter): string {
  const { id, record, stage, failure, state, topic, eventId, deviceKey, failures, replays } = letter;
  const { firstFailedAtMs, lastFailedAtMs, outcome, settledAtMs } = letter;
  const { contractVersion, workerVersion, traceparent, edited, revision } = letter;
  return JSON.stringify({
    concord: FORMAT,
    id,
    topic,
    record,
    stage,
    failure,
    state,
    eventId,
    deviceKey,
    failures,
    replays,
    firstFailedAtMs,
    lastFailedAtMs,
    outcome,
    settledAtMs,
    contractVersion,
    workerVersion,
    traceparent,
    edited,
    revision,
  } satisfies z.input<typeof ExportedLetter>);
}

export type ReadLine =
  | { readonly ok: true; readonly letter: StoredLetter }
  | { readonly ok: false; readonly message: string };

/** Reads a line of an export. A letter that was being replayed is open again: no replay of it is in flight here. */
export function readExportLine(line: string): ReadLine {
  if (hasMoreValuesThan(line, MAX_VALUES)) return { ok: false, message: `holds more than ${MAX_VALUES} values` };
  const json = parseJson(line);
  if (json === undefined) return { ok: false, message: "is not JSON" };
  const { data, error } = ExportedLetter.safeParse(json);
  if (!data) {
    const [issue] = error.issues;
    return { ok: false, message: `${issue?.path.join(".") || "the line"} ${issue?.message}` };
  }
  const { concord: _, ...letter } = data;
  return {
    ok: true,
    letter: {
      ...letter,
      state: letter.state === "replaying" ? "open" : letter.state,
      reason: letter.failure.reason,
      // Members that an export leaves out start empty.
      replayedAtMs: null,
      runId: null,
      discardReason: letter.state === "discarded" ? "discarded before it was imported" : null,
      discardedAtMs: letter.state === "discarded" ? letter.lastFailedAtMs : null,
      emptiedAtMs: null,
      groupId: null,
      signature: null,
      search: "",
    } as StoredLetter,
  };
}
