import type { Scope } from "../auth/scope.ts";
import type { Aspects } from "../domain/device.ts";
import type { DeviceKey } from "../domain/event.ts";
import type { DeviceSnapshot } from "../domain/snapshot.ts";
import type { Version } from "../domain/version.ts";

/** What somebody watches: one device, or what happens to all of a dealer's. */
export type Watched =
  | { readonly kind: "device"; readonly deviceKey: DeviceKey }
  | { readonly kind: "dealer"; readonly dealerId: string };

export const watchOf = (watched: Watched): string =>
  watched.kind === "device" ? `device ${watched.deviceKey}` : `dealer ${watched.dealerId}`;

/** D1's clock alone says what has run out, in the statement that registers a watch and in those that look for it. */
const NOW_MS = "unixepoch() * 1000";
export const IS_CURRENT = `w.until_ms > ${NOW_MS}`;

const REGISTER = `INSERT INTO watches (id, until_ms) VALUES (?1, ${NOW_MS} + ?2)
  ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms`;

/** Only for whoever may see the device: nobody else may cause a write for it. */
const REGISTER_DEVICE = `INSERT INTO watches (id, until_ms) SELECT 'device ' || d.key, ${NOW_MS} + ?2 FROM devices d
  WHERE d.key = ?1 AND (?3 IS NULL OR d.dealer_id IN (SELECT value FROM json_each(?3)))
  ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms RETURNING id`;

/** Somebody may have come back meanwhile, whose watch lasts longer. */
const FORGET = `DELETE FROM watches WHERE id = ?1 AND until_ms < ${NOW_MS} + ?2`;

/** Who watches what, in D1: there the consumer finds it in the transaction that writes what is to be told. */
export class WatchRepository {
  readonly #db: Pick<D1Database, "prepare" | "batch">;

  constructor(db: Pick<D1Database, "prepare" | "batch">) {
    this.#db = db;
  }

  /** From now on, for so many milliseconds, who watches is told. */
  async register(watched: Watched, leaseMs: number): Promise<void> {
    await this.#db.prepare(REGISTER).bind(watchOf(watched), leaseMs).run();
  }

  /**
   * The same for a device, which is read in the same transaction: what is not in it will be told.
   * @returns what D1 knows of the device, without its history; `null` where there is none that the scope may see, and
   * then it is not watched either
   */
  async registerDevice(deviceKey: DeviceKey, leaseMs: number, scope: Scope): Promise<DeviceSnapshot | null> {
    const dealerIds = scope.role === "dealer" ? JSON.stringify(scope.dealerIds) : null;
    const [registered, { results }] = (await this.#db.batch([
      this.#db.prepare(REGISTER_DEVICE).bind(deviceKey, leaseMs, dealerIds),
      this.#db.prepare("SELECT aspects, latest FROM devices WHERE key = ?1").bind(deviceKey),
    ])) as [D1Result, D1Result<{ aspects: string; latest: Version }>];
    const row = registered.results.length > 0 ? results[0] : undefined;
    return row ? { aspects: JSON.parse(row.aspects) as Aspects, latest: row.latest, history: [] } : null;
  }

  /** @param leaseMs a watch that still lasts as long as a half of it is somebody else's */
  async forget(watched: Watched, leaseMs: number): Promise<void> {
    await this.#db
      .prepare(FORGET)
      .bind(watchOf(watched), leaseMs / 2)
      .run();
  }
}
