import type { Customer, Dealer } from "#domain/change.ts";
import type { Device } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { canonicalText, type Register, sameContent } from "#domain/register.ts";
import { FillRepository, textsOf } from "./fill.ts";
import { alertRow, DEVICE_ROWS, deviceRow } from "./fleet-rows.ts";
import { PARTIES, type PartyKind, type StoredDevice, type StoredParty } from "./stored-fleet.ts";

/**
 * Replaces rows of the fleet by what a rebuild says they have to be. Each row is written only if it still is what was
 * read, so that a consumer that writes it meanwhile keeps its write, and the caller reads again.
 */
export class StoredFleetWrites {
  readonly #db: Handle;

  constructor(db: Handle) {
    this.#db = db;
  }

  /**
   * Writes a device's rows, columns and all, where they differ from what was read. Readers that were given an earlier
   * revision see a later one.
   * @returns whether every row still was what was read; if not, some may have been written, and each of those is right
   */
  async replaceDevice(read: StoredDevice, device: Device): Promise<boolean> {
    const row = deviceRow(device);
    const revision = read.row?.revision ?? null;
    const isRowWrong = !read.row || !sameContent(row, rowAsRead(read.key, read.row));
    const alerts = alertWrites(read, device);
    const assignments = [...device.assignments].map(([v, d]) => ({ k: device.key, v, d }));
    const writes = [
      ...(isRowWrong
        ? [{ sql: read.row ? UPDATE_DEVICE : INSERT_DEVICE, rows: { ...row, r: revision }, needed: 1 }]
        : []),
      ...(alerts.length > 0 ? [{ sql: WRITE_ALERTS, rows: alerts, needed: alerts.length }] : []),
      { sql: WRITE_ASSIGNMENTS, rows: assignments, needed: 0 },
      { sql: WRITE_TEXTS, rows: [device.key], needed: 0 },
    ];
    const results = await this.#db.batch(
      writes.map(({ sql, rows }) => this.#db.prepare(sql).bind(JSON.stringify(rows))),
    );
    return writes.every(({ needed }, i) => (results[i]?.results.length ?? 0) >= needed);
  }

  /** @returns whether the record still was what was read */
  async replaceParty(
    kind: PartyKind,
    { id, source }: Pick<StoredParty, "id" | "source">,
    read: StoredParty | null,
    { version, value }: Register<Dealer | Customer>,
  ): Promise<boolean> {
    const { table, id: column } = PARTIES[kind];
    const sql = read
      ? `UPDATE ${table} SET version = ?3, value = ?4, name = ?5 WHERE ${column} = ?1 AND source = ?2
           AND version = ?6 RETURNING 1 AS found`
      : `INSERT INTO ${table} (${column}, source, version, value, name) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT DO NOTHING RETURNING 1 AS found`;
    const values = [id, source, version, canonicalText(value), value.name];
    const { results } = await this.#db
      .prepare(sql)
      .bind(...values, ...(read ? [read.version] : []))
      .all();
    return results.length === 1;
  }

  /**
   * Has the counts counted again: they are removed, and each step takes some devices in, as after a migration. Until then
   * readers count by themselves.
   */
  async forgetCounts(): Promise<void> {
    await this.#db.batch(FORGET_COUNTS.map((sql) => this.#db.prepare(sql)));
  }

  /** @returns whether every device is counted */
  countSome(): Promise<boolean> {
    return new FillRepository(this.#db).step();
  }

  /** Removes some devices, with all that belongs to them; for a database that is rebuilt from nothing. */
  async removeDevices(keys: readonly DeviceKey[]): Promise<void> {
    const list = JSON.stringify(keys);
    await this.#db.batch(REMOVE_DEVICES.map((sql) => this.#db.prepare(sql).bind(list)));
  }

  /** Removes some of what belongs to no device. @returns whether nothing is left */
  async removeOthers(limit: number): Promise<boolean> {
    const results = await this.#db.batch(REMOVE_OTHERS.map((sql) => this.#db.prepare(sql).bind(limit)));
    return results.every(({ meta }) => meta.changes === 0);
  }
}

type Handle = D1Database;

type DeviceValues = Readonly<Record<keyof ReturnType<typeof deviceRow>, unknown>>;

/** The same row as it was read. */
const rowAsRead = (key: DeviceKey, { aspects, latest, columns }: NonNullable<StoredDevice["row"]>): DeviceValues => ({
  k: key,
  aspects,
  latest,
  status: columns.status,
  serial_number: columns.serialNumber,
  dealer_id: columns.dealerId,
  customer_id: columns.customerId,
  registered_at: columns.registeredAt,
  updated_on: columns.updatedOn,
});

function alertWrites(read: StoredDevice, device: Device) {
  const known = new Map(read.alerts.map((each) => [each.alertId, each]));
  return [...device.alerts].flatMap(([alertId, alert]) => {
    const mine = known.get(alertId);
    const row = alertRow(device.key, alertId, alert);
    const asRead = mine && {
      k: device.key,
      p: alertId,
      alert: mine.alert,
      state: mine.columns.state,
      severity: mine.columns.severity,
      raised_at: mine.columns.raisedAt,
    };
    return sameContent(row, asRead ?? null) ? [] : [{ ...row, r: mine?.revision ?? null }];
  });
}

const DEVICE_COLUMNS = ["latest", ...DEVICE_ROWS.derived];

const UPDATE_DEVICE = `UPDATE devices SET aspects = json_extract(?1, '$.aspects'), revision = revision + 1,
    ${DEVICE_COLUMNS.map((column) => `${column} = ?1->>'${column}'`).join(", ")}
  WHERE key = ?1->>'k' AND revision = ?1->>'r' RETURNING 1 AS found`;

const INSERT_DEVICE = `INSERT INTO devices (key, aspects, revision, ${DEVICE_COLUMNS.join(", ")})
  SELECT ?1->>'k', json_extract(?1, '$.aspects'), 1, ${DEVICE_COLUMNS.map((column) => `?1->>'${column}'`).join(", ")}
  WHERE true ON CONFLICT DO NOTHING RETURNING 1 AS found`;

/** A row that was read has its revision, and one that was not there has none. */
const WRITE_ALERTS = `INSERT INTO alerts (device_key, alert_id, alert, revision, state, severity, raised_at)
  SELECT j.value->>'k', j.value->>'p', j.value->'alert', ifnull(j.value->>'r', 0) + 1, j.value->>'state',
    j.value->>'severity', j.value->>'raised_at' FROM json_each(?1) j WHERE true
  ON CONFLICT (device_key, alert_id) DO UPDATE SET alert = excluded.alert, state = excluded.state,
    severity = excluded.severity, raised_at = excluded.raised_at, revision = excluded.revision
  WHERE alerts.revision = excluded.revision - 1 AND excluded.revision > 1 RETURNING 1 AS found`;

const WRITE_ASSIGNMENTS = `INSERT INTO assignments (device_key, version, dealer_id)
  SELECT j.value->>'k', j.value->>'v', j.value->>'d' FROM json_each(?1) j WHERE true
  ON CONFLICT (device_key, version) DO UPDATE SET dealer_id = excluded.dealer_id
  WHERE assignments.dealer_id IS NOT excluded.dealer_id`;

const WRITE_TEXTS = textsOf(`w.key IN (SELECT value FROM json_each(?1))
  AND w.key <= (SELECT through FROM fill_progress WHERE name = 'search')`);

const FORGET_COUNTS = [
  "UPDATE fill_progress SET through = '' WHERE name = 'counts'",
  "DELETE FROM device_counts",
  "DELETE FROM open_alert_counts",
];

const REMOVE_DEVICES = [
  "DELETE FROM alerts WHERE device_key IN (SELECT value FROM json_each(?1))",
  "DELETE FROM assignments WHERE device_key IN (SELECT value FROM json_each(?1))",
  "DELETE FROM devices WHERE key IN (SELECT value FROM json_each(?1))",
];

/** Rows of devices that have none themselves are among them; counts of nothing go too. */
const REMOVE_OTHERS = [
  "DELETE FROM alerts WHERE (device_key, alert_id) IN (SELECT device_key, alert_id FROM alerts LIMIT ?1)",
  "DELETE FROM assignments WHERE (device_key, version) IN (SELECT device_key, version FROM assignments LIMIT ?1)",
  "DELETE FROM dealer_records WHERE (dealer_id, source) IN (SELECT dealer_id, source FROM dealer_records LIMIT ?1)",
  "DELETE FROM customer_records WHERE (customer_id, source) IN (SELECT customer_id, source FROM customer_records LIMIT ?1)",
  "DELETE FROM device_texts WHERE id IN (SELECT id FROM device_texts LIMIT ?1)",
  "DELETE FROM renamed_customers WHERE (customer_id, source) IN (SELECT customer_id, source FROM renamed_customers LIMIT ?1)",
  "DELETE FROM forgotten WHERE id IN (SELECT id FROM forgotten LIMIT ?1)",
  "DELETE FROM device_counts WHERE devices = 0 AND ?1 > 0",
  "DELETE FROM open_alert_counts WHERE alerts = 0 AND ?1 > 0",
];
