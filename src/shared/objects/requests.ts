import type { Rejection } from "#contracts/parse.ts";
import type { Announcement } from "#domain/announcement.ts";
import type { By, DesiredState } from "#domain/change.ts";
import type { SetDesired } from "#domain/command.ts";
import type { ConcordEvent } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import type { Register } from "#domain/register.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import type { Offer } from "./hub.ts";

/*
 * The RPC interfaces of the devices Worker's objects. Other Workers bind to its classes by name only, so these types are
 * the contract between them.
 */

export type ObjectMergeReport = {
  readonly outcomes: readonly MergeOutcome[];
  readonly rowsWritten: number;
  /** For the hubs that follow the device; the caller has said that it carries them. None from an object of an older deployment. */
  readonly offers?: readonly Offer[];
};

export type DesiredOrder = SetDesired & { readonly eventId: string; readonly nowMs: number };

/** A desired state that is decided, and whose record has not been merged yet. */
export type Claim = { readonly record: QueuedRecord; readonly desired: Register<DesiredState & By> };

export type DesiredClaim =
  /** The caller merges the record into D1 and then into the object. */
  | ({ readonly kind: "claimed" } & Claim)
  | { readonly kind: "conflict"; readonly desired: Register<DesiredState & By> | null }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

/** The write side of a device's object. */
export interface DeviceSink {
  /**
   * @param consistencyToken a read with it sees what the events did
   * @param carriesOffers whether the caller carries the offers to the hubs; if not, the object calls each hub itself
   * @param receivedAtMs when the record of each event was received, in the order of the events; absent if it is not known
   */
  merge(
    events: ConcordEvent[],
    consistencyToken: string | null,
    carriesOffers?: boolean,
    receivedAtMs?: readonly number[],
  ): Promise<ObjectMergeReport>;
  claimDesired(order: DesiredOrder): Promise<DesiredClaim>;
}

/** An event that a device's object keeps; `receivedAtMs` is `null` for one from before that was noted. */
export type KeptEvent = HistoryEntry & { readonly receivedAtMs: number | null };

export type KeptEvents = {
  /** In no particular order. */
  readonly events: readonly KeptEvent[];
  /**
   * Whether these are all events about the device that were received in these times. If not, some of them may be
   * missing that are older than the newest 1,100, or all, if not every event is sent to the object.
   */
  readonly isWhole: boolean;
};

/** Reads what a device's object keeps beyond its history. */
export interface DeviceEventSource {
  /**
   * Events that were received at that time or later, and those of which the time of receipt is not known.
   * @param beforeMs also those that were received before this time, such as before the archive began; `null` for none
   */
  eventsSince(receivedAtMs: number, beforeMs?: number | null): Promise<KeptEvents>;
}

/** The write side of a dealer's feed. */
export interface FeedSink {
  /**
   * @param consistencyToken a read with it sees what happened
   * @param carriesOffers whether the caller carries the offers to the hubs; if not, the object calls each hub itself
   * @returns for the hubs that follow the feed. Nothing from an object of an older deployment
   */
  announce(
    announcements: Announcement[],
    consistencyToken: string | null,
    carriesOffers?: boolean,
  ): Promise<readonly Offer[] | undefined>;
  /**
   * Has subscribers get a gap: devices of the dealer were changed otherwise than by an event. Safe to repeat, at the price of
   * another gap.
   * @param consistencyToken a read with it sees the changes
   */
  announceGap(consistencyToken: string | null): Promise<void>;
}
