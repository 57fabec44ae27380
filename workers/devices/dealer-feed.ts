import type { Scope } from "#auth/scope.ts";
import type { Announcement } from "#domain/announcement.ts";
import { passes } from "#objects/feed-filter.ts";
import type { Offer } from "#objects/hub.ts";
import type { DealerFeedItem, LiveTarget, Pull } from "#objects/item.ts";
import type { FeedSink } from "#objects/requests.ts";
import { laterToken } from "#repositories/consistency.ts";
import type { Watched } from "#repositories/watch.ts";
import { parseCursor } from "./live/cursor.ts";
import { LEASE_MS } from "./live/lease.ts";
import { LiveObject } from "./live/live-object.ts";
import type { ReadPosition } from "./live/source.ts";
import { Subscribers } from "./live/subscribers.ts";
import { Watch } from "./live/watch.ts";

/** Announcements that a feed keeps. Our choice: a few minutes of a busy dealer, in one stored value. */
export const FEED_LIMIT = 500;

/** Stored as one value, so that a batch is billed as one row. */
type Stored = {
  /** The number of announcements ever; that of the last of `items`. */
  readonly sequence: number;
  /** The newest announcements, oldest first and without gaps. */
  readonly items: readonly Announcement[];
  /** A read with this token sees everything in it. */
  readonly consistencyToken: string | null;
};

const EMPTY: Stored = { sequence: 0, items: [], consistencyToken: null };
const KEY = "feed";

/** The announcements of one dealer, for as long as it has subscribers. */
export class DealerFeed extends LiveObject implements FeedSink {
  #stored: Stored | undefined;
  readonly #watch = new Watch(this.ctx.storage.kv, () => this.env.DB);
  protected override readonly subscribers = new Subscribers({
    ctx: this.ctx,
    env: () => this.env,
    kind: "dealer",
    watch: this.#watch,
    source: {
      mayWatch: (scope) => maySee(scope, this.ctx.id.name ?? ""),
      watchTarget: (target) => this.#watchTarget(target),
      register: (watched) => this.#register(watched),
      pull: (target, from, scope) => this.#pull(target, from, scope),
      position: () => String(this.#load().sequence),
    },
  });

  /**
   * Adds announcements, delivers them to the sockets of subscribers, and returns offers for the hubs. Repetitions of those
   * it still keeps are dropped.
   * @param consistencyToken a read with it sees the resulting state
   * @param carriesOffers whether the caller carries the offers to the hubs; if not, this object calls each hub itself
   */
  async announce(
    announcements: Announcement[],
    consistencyToken: string | null,
    carriesOffers = false,
  ): Promise<readonly Offer[]> {
    const known = this.#load();
    const names = new Set(known.items.map(identify));
    const added = announcements.filter((announcement) => !names.has(identify(announcement)));
    const from = String(known.sequence);
    if (added.length === 0) return this.subscribers.notifyFrom(from, carriesOffers);
    this.#store({
      sequence: known.sequence + added.length,
      items: [...known.items, ...added].slice(-FEED_LIMIT),
      consistencyToken: laterToken(known.consistencyToken, consistencyToken),
    });
    return this.subscribers.notifyFrom(from, carriesOffers);
  }

  async announceGap(consistencyToken: string | null): Promise<void> {
    this.#leaveGap(consistencyToken);
  }

  #watchTarget(target: LiveTarget): Watched | undefined {
    if (target.kind !== "dealer" || this.ctx.id.name !== target.dealerId) return undefined;
    return { kind: "dealer", dealerId: target.dealerId };
  }

  async #register(watched: Watched): Promise<boolean> {
    const registration = await this.#watch.register(watched, (watches) => watches.register(watched, LEASE_MS));
    if (!registration) return false;
    const { isContinuous, consistencyToken } = registration;
    // Without subscribers nothing was announced.
    if (!isContinuous) this.#leaveGap(consistencyToken);
    else
      this.#store({ ...this.#load(), consistencyToken: laterToken(this.#load().consistencyToken, consistencyToken) });
    return true;
  }

  /** One number stands for all that was not announced, so that older cursors get a gap. */
  #leaveGap(consistencyToken: string | null): void {
    const known = this.#load();
    const token = laterToken(known.consistencyToken, consistencyToken);
    this.#store({ sequence: known.sequence + 1, items: [], consistencyToken: token });
    this.subscribers.notifyFrom(String(known.sequence));
  }

  #pull(target: LiveTarget, { cursor }: ReadPosition, scope: Scope): Pull {
    if (target.kind !== "dealer" || !maySee(scope, target.dealerId)) return { kind: "notFound" };
    const { sequence, items, consistencyToken } = this.#load();
    const itemAt = (at: number, kind: DealerFeedItem["kind"], announcement: Announcement | null): DealerFeedItem => ({
      dealerId: target.dealerId,
      kind,
      announcement,
      cursor: String(at),
      consistencyToken,
    });
    const only = (kind: "started" | "gap"): Pull => ({
      kind: "items",
      items: [itemAt(sequence, kind, null)],
      cursor: String(sequence),
      isOver: false,
    });
    if (cursor === null) return only("started");
    const seen = parseCursor(cursor);
    const first = items.length - (sequence - seen);
    if (!Number.isInteger(seen) || seen > sequence || first < 0) return only("gap");
    const wanted = items
      .map((announcement, i) => itemAt(sequence - items.length + i + 1, announcement.kind, announcement))
      .slice(first)
      .filter(({ announcement }) => announcement && passes(announcement, target));
    return { kind: "items", items: wanted, cursor: String(sequence), isOver: false };
  }

  #load(): Stored {
    this.#stored ??= this.ctx.storage.kv.get<Stored>(KEY) ?? EMPTY;
    return this.#stored;
  }

  #store(stored: Stored): void {
    // The field is set after the write: a write that throws must not look done to the next caller.
    this.ctx.storage.kv.put(KEY, stored);
    this.#stored = stored;
  }
}

const identify = ({ deviceKey, version, topic }: Announcement): string => `${deviceKey} ${version} ${topic}`;

const maySee = (scope: Scope, dealerId: string): boolean =>
  scope.role !== "dealer" || scope.dealerIds.includes(dealerId);
