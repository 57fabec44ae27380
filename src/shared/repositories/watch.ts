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
   * @returns what D1 knows of the device, without its history; `null` while that is nothing
   */
  async registerDevice(deviceKey: DeviceKey, leaseMs: number): Promise<DeviceSnapshot | null> {
    const [, { results }] = (await this.#db.batch([
      this.#db.prepare(REGISTER).bind(watchOf({ kind: "device", deviceKey }), leaseMs),
      this.#db.prepare("SELECT aspects, latest FROM devices WHERE key = ?1").bind(deviceKey),
    ])) as [D1Result, D1Result<{ aspects: string; latest: Version }>];
    const row = results[0];
    return row ? { aspects: JSON.parse(row.aspects) as Aspects, latest: row.latest, history: [] } : null;
  }

  async forget(watched: Watched): Promise<void> {
    await this.#db.prepare("DELETE FROM watches WHERE id = ?1").bind(watchOf(watched)).run();
  }
}
