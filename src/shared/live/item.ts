import type { Announcement, AnnouncementKind } from "../domain/announcement.ts";
import type { Severity } from "../domain/change.ts";
import type { DeviceKey } from "../domain/event.ts";
import type { HistoryEntry } from "../domain/history.ts";
import type { FoundDevice } from "../repositories/device.ts";

/** What somebody subscribes to. Plain data: it crosses from Worker to object. */
export type LiveTarget =
  | { readonly kind: "device"; readonly deviceKey: DeviceKey; readonly after: string | null }
  | ({ readonly kind: "dealer"; readonly dealerId: string; readonly after: string | null } & FeedFilter);

/** Conditions that all have to hold; `null` asks for nothing. */
export type FeedFilter = {
  readonly kinds: readonly AnnouncementKind[] | null;
  /** Of what is about an alert. One whose severity is not known passes. */
  readonly minSeverity: Severity | null;
};

/** One thing that a subscriber is told, with where to go on behind it. */
export type LiveItem = DeviceChange | DealerNews;

type Placed = {
  /** For `after` and `Last-Event-ID`. */
  readonly cursor: string;
  /** Reads from there on see at least this; `null` where nothing was written since the object began. */
  readonly consistencyToken: string | null;
};

export type DeviceChange = Placed & {
  readonly kind: "snapshot" | "event" | "gap" | "lost";
  readonly revision: number;
  /** `null` where there is none, or where it is not the listener's. */
  readonly event: HistoryEntry | null;
  /** As it is by now, which may be later than this event; `null` once it is lost. */
  readonly device: FoundDevice | null;
};

export type DealerNews = Placed & {
  readonly dealerId: string;
  readonly kind: "started" | "gap" | AnnouncementKind;
  readonly announcement: Announcement | null;
};

/** What stands behind a cursor. */
export type Pull =
  | {
      readonly kind: "items";
      readonly items: readonly LiveItem[];
      /** Behind the last item, or behind what was passed over. */
      readonly cursor: string;
      /** Nothing more will come for this listener. */
      readonly isOver: boolean;
    }
  /** There is no such thing, or none that the listener may see. */
  | { readonly kind: "notFound" };

/** Where the items of a subscription come from. */
export type OpenLive = (target: LiveTarget) => Promise<AsyncIterable<LiveItem>>;
