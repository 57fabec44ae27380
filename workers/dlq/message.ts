import * as z from "zod";
import { MERGE_OUTCOMES } from "#domain/outcome.ts";
import type { DeadLetterMessage, Failure } from "#letters/letter.ts";
import type { Parcel } from "#queue/parcel.ts";

/** A message of the queue `concord-dead-letters`. */
export type OpsMessage = DeadLetterMessage | Parcel | { readonly kind: "unreadable"; readonly body: unknown };

/** Reads the body of a message. Never throws: a body of an unknown shape is `unreadable`. */
export function readMessage(body: unknown): OpsMessage {
  const { data } = Message.safeParse(body);
  return data ?? { kind: "unreadable", body };
}

const timeMs = z.int().min(0).max(8.64e15);

// Loose objects throughout: members that a newer Worker has added are kept.
const QueuedRecord = z.looseObject({
  topic: z.string(),
  key: z.string().nullable(),
  keyEncoding: z.literal("base64").optional(),
  value: z.string().nullable(),
  encoding: z.literal("base64").optional(),
  headers: z.array(z.tuple([z.string(), z.string()])).optional(),
  partition: z.number().optional(),
  offset: z.number().optional(),
  timestampMs: z.number().optional(),
  receivedAtMs: timeMs,
  contractVersion: z.int().min(1).optional(),
  attempts: z.number().optional(),
  letterId: z.string().optional(),
  suspect: z.literal(true).optional(),
});

const Letter = z.looseObject({
  id: z.string().min(1),
  record: QueuedRecord,
  stage: z.enum(["ingest", "consume"]),
  failure: z.looseObject({ reason: z.string() }) as unknown as z.ZodType<Failure>,
  failedAtMs: timeMs,
  contractVersion: z.number().optional(),
  workerVersion: z.string(),
  traceparent: z.string().optional(),
});

const Message: z.ZodType<DeadLetterMessage | Parcel> = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("letters"), letters: z.array(Letter) }),
  z.looseObject({
    kind: z.literal("settlements"),
    settlements: z.array(z.object({ letterId: z.string(), outcome: z.enum(MERGE_OUTCOMES), settledAtMs: timeMs })),
  }),
  z.looseObject({
    kind: z.literal("parcel"),
    traceparent: z.string().optional(),
    isolated: z.literal(true).optional(),
    deferrals: z.number().optional(),
    records: z.array(QueuedRecord),
  }),
]);
