import type { Announcement, AnnouncementKind } from "#domain/announcement.ts";
import type { Severity } from "#domain/change.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import type { FoundDevice } from "#repositories/device.ts";

/** What a client subscribes to. `after` is the cursor to resume from. Plain data: it crosses from Worker to object. */
export type LiveTarget = ObjectTarget | HubTarget;

/** What a single object sends. */
export type ObjectTarget =
  | { readonly kind: "device"; readonly deviceKey: DeviceKey; readonly after: string | null }
  | ({ readonly kind: "dealer"; readonly dealerId: string; readonly after: string | null } & FeedFilter);

/** What only a hub sends, from several objects. Keys and ids are distinct, and `after` is a position in that list. */
export type HubTarget =
  | { readonly kind: "devices"; readonly deviceKeys: readonly DeviceKey[]; readonly after: string | null }
  | ({ readonly kind: "dealers"; readonly dealerIds: readonly string[]; readonly after: string | null } & FeedFilter);

/** Conditions that all have to hold; `null` is no condition. */
export type FeedFilter = {
  readonly kinds: readonly AnnouncementKind[] | null;
  /** Applies to announcements about alerts. One whose severity is not known passes. */
  readonly minSeverity: Severity | null;
};

/** One item of a subscription. */
export type LiveItem = DeviceItem | DealerFeedItem;

type ItemPosition = {
  /** Resumes after this item, as `after` or `Last-Event-ID`: of an object, or of a `HubTarget` in all of its objects. */
  readonly cursor: string;
  /** A read with this token sees at least this change; `null` if nothing has been written since the object was created. */
  readonly consistencyToken: string | null;
};

export type DeviceItem = ItemPosition & {
  readonly deviceKey: DeviceKey;
  readonly kind: "snapshot" | "event" | "gap" | "lost";
  readonly revision: number;
  /** `null` if there is none, or the subscriber may not see it. */
  readonly event: HistoryEntry | null;
  /** The current device, which may be newer than this event; `null` once the subscriber's dealer has lost it. */
  readonly device: FoundDevice | null;
};

export type DealerFeedItem = ItemPosition & {
  readonly dealerId: string;
  readonly kind: "started" | "gap" | AnnouncementKind;
  readonly announcement: Announcement | null;
};

/** The items after a cursor. */
export type Pull =
  | {
      readonly kind: "items";
      readonly items: readonly LiveItem[];
      /** The position after the last item, and after any that were filtered out. */
      readonly cursor: string;
      /** No more items will follow for this subscriber. */
      readonly isOver: boolean;
    }
  /** The target does not exist, or the subscriber may not see it. */
  | { readonly kind: "notFound" };

/** Opens a subscription. The items end when it is over, and reading them throws if the connection to the object fails. */
export type OpenLive = (target: LiveTarget) => Promise<AsyncIterable<LiveItem>>;
