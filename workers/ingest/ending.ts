import type { ConcordEvent } from "#domain/event.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import type { Failure } from "#letters/letter.ts";
import type { Parcel } from "#queue/parcel.ts";
import type { ReceivedRecord } from "#queue/receipt.ts";

/** A record of a queue message. The consumer checks its contract again, because it may run a newer version of the code. */
export type Arrival = {
  readonly message: number;
  /** How often its message was delivered, including this time. */
  readonly deliveries: number;
  readonly parcel: Parcel;
  readonly record: ReceivedRecord;
} & (
  | { readonly kind: "event"; readonly event: ConcordEvent }
  | { readonly kind: "rejected"; readonly failure: Failure }
  /** A newer deployment has accepted it, by a version of its contract that this one does not have. */
  | { readonly kind: "ahead" }
);
export type EventArrival = Extract<Arrival, { kind: "event" }>;

/** What happened to a record in this batch. */
export type Ending =
  | { readonly arrival: EventArrival; readonly kind: "merged"; readonly outcome: MergeOutcome }
  | ({ readonly arrival: Arrival } & (
      | { readonly kind: "deadLettered"; readonly failure: Failure }
      /** A store was unavailable, or the record waits for a newer deployment: it is delivered again later, without counting an attempt. */
      | {
          readonly kind: "deferred";
          /** How it was merged, if every store has it and only the archive does not. */
          readonly unarchived?: MergeOutcome;
        }
      /** The record itself failed; it is retried in a parcel of its own. */
      | { readonly kind: "retried" }
    ));

/** Notes the outcome in the store that has merged the record; without it, the next attempt would call it a duplicate. */
export const withMerged = (record: ReceivedRecord, merged: MergeOutcome): ReceivedRecord =>
  merged === "superseded" ? record : { ...record, merged };

/** The same record, back to the queue although nothing is wrong with it. */
export const deferred = (ending: Ending): Ending =>
  ending.kind === "merged"
    ? {
        arrival: { ...ending.arrival, record: withMerged(ending.arrival.record, ending.outcome) },
        kind: "deferred",
      }
    : { arrival: ending.arrival, kind: "deferred" };
