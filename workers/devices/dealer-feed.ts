import { DurableObject } from "cloudflare:workers";
import type { Scope } from "../../src/shared/auth/scope.ts";
import type { Announcement } from "../../src/shared/domain/announcement.ts";
import type { Severity } from "../../src/shared/domain/change.ts";
import type { DealerNews, FeedFilter, LiveTarget, Pull } from "../../src/shared/live/item.ts";
import type { FeedSink } from "../../src/shared/objects.ts";
import { laterToken } from "../../src/shared/repositories/consistency.ts";
import type { Watched } from "../../src/shared/repositories/watch.ts";
import type { Env } from "./env.ts";
import { numberIn } from "./live/cursor.ts";
import { LEASE_MS } from "./live/lease.ts";
import { Listeners } from "./live/listeners.ts";
import type { Place } from "./live/source.ts";
import { Watch } from "./live/watch.ts";

/** How much a feed remembers. Ours: a few minutes of a busy dealer, and one stored value. */
export const FEED_LIMIT = 500;

/** One value, so that a batch bills one row. */
type Stored = {
  /** Counts what was ever announced; the last of `items` has it. */
  readonly sequence: number;
  /** The newest, oldest first, without a hole between them. */
  readonly items: readonly Announcement[];
  /** Reads from there on see everything in it. */
  readonly consistencyToken: string | null;
};

const EMPTY: Stored = { sequence: 0, items: [], consistencyToken: null };
const KEY = "feed";

/** What happens to all the devices of one dealer, for as long as somebody watches. */
export class DealerFeed extends DurableObject<Env> implements FeedSink {
  #stored: Stored | undefined;
  readonly #watch = new Watch(this.ctx.storage.kv, () => this.env.DB);
  readonly #listeners = new Listeners({
    ctx: this.ctx,
    env: () => this.env,
    kind: "dealer",
    watch: this.#watch,
    source: {
      mayWatch: (scope) => maySee(scope, this.ctx.id.name ?? ""),
      watchedOf: (target) => this.#watchedOf(target),
      register: (watched) => this.#register(watched),
      pull: (target, from, scope) => this.#pull(target, from, scope),
    },
  });

  /**
   * Takes what happened, once: what is remembered already is dropped.
   * @param consistencyToken reads from there on see what it came to
   */
  async announce(announcements: Announcement[], consistencyToken: string | null): Promise<void> {
    const known = this.#load();
    const names = new Set(known.items.map(nameOf));
    const news = announcements.filter((announcement) => !names.has(nameOf(announcement)));
    if (news.length === 0) return;
    this.#keep({
      sequence: known.sequence + news.length,
      items: [...known.items, ...news].slice(-FEED_LIMIT),
      consistencyToken: laterToken(known.consistencyToken, consistencyToken),
    });
    this.#listeners.tell();
  }

  override fetch(request: Request): Promise<Response> {
    return this.#listeners.fetch(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#listeners.webSocketMessage(socket, message);
  }

  override webSocketClose(socket: WebSocket): Promise<void> {
    return this.#listeners.webSocketClose(socket);
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.#listeners.webSocketError(socket);
  }

  override alarm(): Promise<void> {
    return this.#listeners.alarm();
  }

  #watchedOf(target: LiveTarget): Watched | undefined {
    if (target.kind !== "dealer" || this.ctx.id.name !== target.dealerId) return undefined;
    return { kind: "dealer", dealerId: target.dealerId };
  }

  async #register(watched: Watched): Promise<boolean> {
    const registration = await this.#watch.register(watched, async (watches) => {
      await watches.register(watched, LEASE_MS);
      return watched;
    });
    if (!registration) return false;
    const { isUnbroken, consistencyToken } = registration;
    const known = this.#load();
    const token = laterToken(known.consistencyToken, consistencyToken);
    // While nobody watched nothing was announced: one number stands for all of it, so that it shows as a gap.
    const memory = isUnbroken ? known : { sequence: known.sequence + 1, items: [] };
    this.#keep({ ...memory, consistencyToken: token });
    return true;
  }

  #pull(target: LiveTarget, { cursor }: Place, scope: Scope): Pull {
    if (target.kind !== "dealer" || !maySee(scope, target.dealerId)) return { kind: "notFound" };
    const { sequence, items, consistencyToken } = this.#load();
    const newsAt = (at: number, kind: DealerNews["kind"], announcement: Announcement | null): DealerNews => ({
      dealerId: target.dealerId,
      kind,
      announcement,
      cursor: String(at),
      consistencyToken,
    });
    const only = (kind: "started" | "gap"): Pull => ({
      kind: "items",
      items: [newsAt(sequence, kind, null)],
      cursor: String(sequence),
      isOver: false,
    });
    if (cursor === null) return only("started");
    const seen = numberIn(cursor);
    const first = items.length - (sequence - seen);
    if (!Number.isInteger(seen) || seen > sequence || first < 0) return only("gap");
    const told = items
      .map((announcement, i) => newsAt(sequence - items.length + i + 1, announcement.kind, announcement))
      .slice(first)
      .filter(({ announcement }) => announcement && passes(announcement, target));
    return { kind: "items", items: told, cursor: String(sequence), isOver: false };
  }

  #load(): Stored {
    this.#stored ??= this.ctx.storage.kv.get<Stored>(KEY) ?? EMPTY;
    return this.#stored;
  }

  #keep(stored: Stored): void {
    // Memory moves only after the write was taken, as in a device.
    this.ctx.storage.kv.put(KEY, stored);
    this.#stored = stored;
  }
}

const nameOf = ({ deviceKey, version, topic }: Announcement): string => `${deviceKey} ${version} ${topic}`;

const maySee = (scope: Scope, dealerId: string): boolean =>
  scope.role !== "dealer" || scope.dealerIds.includes(dealerId);

const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];

function passes({ kind, severity }: Announcement, { kinds, minSeverity }: FeedFilter): boolean {
  if (kinds !== null && !kinds.includes(kind)) return false;
  if (minSeverity === null || severity === null) return true;
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minSeverity);
}
