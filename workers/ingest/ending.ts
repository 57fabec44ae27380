import type { ConcordEvent } from "../../src/shared/domain/event.ts";
import type { MergeOutcome } from "../../src/shared/domain/outcome.ts";
import type { Failure } from "../../src/shared/queue/letter.ts";
import type { Parcel, QueuedRecord } from "../../src/shared/queue/parcel.ts";

/** A record as it came out of a message, read by its contract once more: this is another process. */
export type Arrival = {
  readonly message: number;
  /** How often its message was delivered, this time too. */
  readonly deliveries: number;
  readonly parcel: Parcel;
  readonly record: QueuedRecord;
} & (
  | { readonly kind: "event"; readonly event: ConcordEvent }
  | { readonly kind: "rejected"; readonly failure: Failure }
);
export type EventArrival = Extract<Arrival, { kind: "event" }>;

/** How a record left this batch. */
export type Ending =
  | { readonly arrival: EventArrival; readonly kind: "merged"; readonly outcome: MergeOutcome }
  | ({ readonly arrival: Arrival } & (
      | { readonly kind: "deadLettered"; readonly failure: Failure }
      /** A store was out of reach; the record waits and loses no attempt. */
      | { readonly kind: "deferred" }
      /** The record itself failed; it tries again, alone. */
      | { readonly kind: "retried" }
    ));
