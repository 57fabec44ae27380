import type { Scope } from "#auth/scope.ts";
import type { Aspects } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";
import type { Version } from "#domain/version.ts";

/** What is watched: one device, or all devices of a dealer. */
export type Watched =
  | { readonly kind: "device"; readonly deviceKey: DeviceKey }
  | { readonly kind: "dealer"; readonly dealerId: string };

export const watchId = (watched: Watched): string =>
  watched.kind === "device" ? `device ${watched.deviceKey}` : `dealer ${watched.dealerId}`;

/** Watches expire by D1's clock, in the statement that registers one and in those that look for it. */
const NOW_MS = "unixepoch() * 1000";
export const IS_CURRENT = `w.until_ms > ${NOW_MS}`;

const REGISTER = `INSERT INTO watches (id, until_ms) VALUES (?1, ${NOW_MS} + ?2)
  ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms`;

/** Registers nothing if the scope may not see the device: only its readers may cause a write. */
const REGISTER_DEVICE = `INSERT INTO watches (id, until_ms) SELECT 'device ' || d.key, ${NOW_MS} + ?2 FROM devices d
  WHERE d.key = ?1 AND (?3 IS NULL OR d.dealer_id IN (SELECT value FROM json_each(?3)))
  ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms RETURNING id`;

/** Whether a watch is in D1, for the transaction that renews it. It is not after D1 was restored to a time before it. */
const IS_THERE = `SELECT 1 FROM watches w WHERE w.id = ?1 AND ${IS_CURRENT}`;

/** Of ids in a JSON array, those that are watched. */
export const WATCHED = `SELECT w.id FROM json_each(?1) j JOIN watches w ON w.id = j.value WHERE ${IS_CURRENT}`;

/** Keeps a watch that was renewed meanwhile. */
const FORGET = `DELETE FROM watches WHERE id = ?1 AND until_ms < ${NOW_MS} + ?2`;

/** What was found when a watch was registered. */
export type Registered<Found> = {
  readonly found: Found;
  /** Whether the watch was in D1 until now, so that every event since it began has reached its object. */
  readonly wasThere: boolean;
};

/**
 * The devices and dealers that have subscribers, in D1, so that the consumer finds them in the transaction that writes
 * an event. A watch is a lease: the object whose sockets are subscribed renews it.
 */
export class WatchRepository {
  readonly #db: Pick<D1Database, "prepare" | "batch">;

  constructor(db: Pick<D1Database, "prepare" | "batch">) {
    this.#db = db;
  }

  /** Events that are written from now on, for `leaseMs` milliseconds, reach the object of what is watched. */
  async register(watched: Watched, leaseMs: number): Promise<Registered<Watched>> {
    const id = watchId(watched);
    const [before] = await this.#db.batch([
      this.#db.prepare(IS_THERE).bind(id),
      this.#db.prepare(REGISTER).bind(id, leaseMs),
    ]);
    return { found: watched, wasThere: before?.results.length === 1 };
  }

  /**
   * Registers a device and reads it in the same transaction: every event that is not in the result will reach its object.
   * @returns the device as D1 has it, without its history; `null` and no watch if there is none that the scope may see
   */
  async registerDevice(
    deviceKey: DeviceKey,
    leaseMs: number,
    scope: Scope,
  ): Promise<Registered<DeviceSnapshot> | null> {
    const dealerIds = scope.role === "dealer" ? JSON.stringify(scope.dealerIds) : null;
    const [before, registered, { results }] = (await this.#db.batch([
      this.#db.prepare(IS_THERE).bind(watchId({ kind: "device", deviceKey })),
      this.#db.prepare(REGISTER_DEVICE).bind(deviceKey, leaseMs, dealerIds),
      this.#db.prepare("SELECT aspects, latest FROM devices WHERE key = ?1").bind(deviceKey),
    ])) as [D1Result, D1Result, D1Result<{ aspects: string; latest: Version }>];
    const row = registered.results.length > 0 ? results[0] : undefined;
    if (!row) return null;
    const found = { aspects: JSON.parse(row.aspects) as Aspects, latest: row.latest, history: [] };
    return { found, wasThere: before.results.length === 1 };
  }

  /** Of these, those that have subscribers. */
  async watchedAmong<Each extends Watched>(wanted: readonly Each[]): Promise<Each[]> {
    const byId = new Map(wanted.map((watched) => [watchId(watched), watched]));
    const { results } = await this.#db
      .prepare(WATCHED)
      .bind(JSON.stringify([...byId.keys()]))
      .all<{ id: string }>();
    return results.map(({ id }) => byId.get(id) as Each);
  }

  /** Removes a watch, unless it lasts for more than half of `leaseMs`: then it was renewed meanwhile. */
  async forget(watched: Watched, leaseMs: number): Promise<void> {
    await this.#db
      .prepare(FORGET)
      .bind(watchId(watched), leaseMs / 2)
      .run();
  }
}
