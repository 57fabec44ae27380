import type { Rejection } from "./contracts/parse.ts";
import type { Announcement } from "./domain/announcement.ts";
import type { DesiredState } from "./domain/change.ts";
import type { SetDesired } from "./domain/command.ts";
import type { ConcordEvent } from "./domain/event.ts";
import type { MergeOutcome } from "./domain/outcome.ts";
import type { Register } from "./domain/register.ts";
import type { QueuedRecord } from "./queue/parcel.ts";

/*
 * What Workers ask of the objects of the devices Worker. Nothing but a name binds them to its classes, and these types
 * are the contract.
 */

export type ObjectMergeReport = { readonly outcomes: readonly MergeOutcome[]; readonly rowsWritten: number };

export type DesiredOrder = SetDesired & { readonly eventId: string; readonly nowMs: number };

/** What is desired from now on, though its record has not been merged yet. */
export type Claim = { readonly record: QueuedRecord; readonly desired: Register<DesiredState> };

export type DesiredClaim =
  /** The record is the caller's to carry to D1 and back to the object. */
  | ({ readonly kind: "claimed" } & Claim)
  | { readonly kind: "conflict"; readonly desired: Register<DesiredState> | null }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

/** A device's object, for whoever writes to it. */
export interface DeviceSink {
  /** @param consistencyToken reads from there on see what the events did */
  merge(events: ConcordEvent[], consistencyToken: string | null): Promise<ObjectMergeReport>;
  claimDesired(order: DesiredOrder): Promise<DesiredClaim>;
}

/** A dealer's feed, for whoever announces to it. */
export interface FeedSink {
  /** @param consistencyToken reads from there on see what happened */
  announce(announcements: Announcement[], consistencyToken: string | null): Promise<void>;
}
