import { FILLED } from "#repositories/kept-counts.ts";

/** A kept count beside what counting finds, of one group of a dealer; 0 where there is no row. */
export type CountPair = {
  readonly kind: "deviceCount" | "alertCount";
  /** The dealer, and what else the count is of. */
  readonly group: string;
  readonly kept: number;
  readonly counted: number;
};

export type DealerCounts = {
  /** `""` for devices that nobody has. */
  readonly dealerId: string;
  /** `null` if the dealer has more devices than one statement should count, or if the counts are being filled. */
  readonly pairs: readonly CountPair[] | null;
};

/** Devices that one statement counts at most: it holds up the writers of the database. Our choice. */
const MAX_COUNTED = 100_000;

/** Counts devices and open alerts of dealers, and reads what is kept of them in the same transaction. */
export class LiveCounts {
  readonly #db: D1DatabaseSession;
  rowsRead = 0;

  constructor(db: D1Database) {
    this.#db = db.withSession("first-primary");
  }

  /** Whether the counts have all devices: after their migration they are filled step by step. */
  async areFilled(): Promise<boolean> {
    const [row] = await this.#rows(PROGRESS, []);
    return row?.group === FILLED;
  }

  /** The dealers behind `after` that have devices, or kept counts; in the order of their ids, from `""` on. */
  async dealersFrom(after: string | null, limit: number): Promise<string[]> {
    const rows = await this.#rows(DEALERS, [after ?? "", limit]);
    const ids = rows.map(({ id }) => id as string);
    return after === null ? ["", ...ids].slice(0, limit) : ids;
  }

  async read(dealerId: string): Promise<DealerCounts> {
    const [total] = await this.#rows("SELECT sum(devices) AS n FROM device_counts WHERE dealer_id = ?1", [dealerId]);
    if (Number(total?.n ?? 0) > MAX_COUNTED) return { dealerId, pairs: null };
    const countedAlerts = dealerId === "" ? COUNTED_ALERTS_OF_NOBODY : COUNTED_ALERTS;
    const statements = [KEPT_DEVICES, COUNTED_DEVICES, KEPT_ALERTS, countedAlerts];
    const [progress, ...results] = await this.#db.batch<{ group: string; n: number }>([
      this.#db.prepare(PROGRESS),
      ...statements.map((sql) => this.#db.prepare(sql).bind(dealerId)),
    ]);
    for (const { meta } of results) this.rowsRead += meta.rows_read;
    // A rebuild has them counted again at any time.
    if (progress?.results[0]?.group !== FILLED) return { dealerId, pairs: null };
    const [keptDevices, devices, keptAlerts, alerts] = results.map(
      ({ results: rows }) => new Map(rows.map(({ group, n }) => [group, n])),
    ) as readonly Counts[] as [Counts, Counts, Counts, Counts];
    return {
      dealerId,
      pairs: [
        ...toPairs("deviceCount", dealerId, keptDevices, devices),
        ...toPairs("alertCount", dealerId, keptAlerts, alerts),
      ],
    };
  }

  async #rows(sql: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const { results, meta } = await this.#db
      .prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>();
    this.rowsRead += meta.rows_read;
    return results;
  }
}

const PROGRESS = `SELECT through AS "group", 0 AS n FROM fill_progress WHERE name = 'counts'`;

type Counts = ReadonlyMap<string, number>;

const toPairs = (kind: CountPair["kind"], dealerId: string, kept: Counts, counted: Counts): CountPair[] =>
  [...new Set([...kept.keys(), ...counted.keys()])].map((group) => ({
    kind,
    group: `${dealerId === "" ? "nobody" : `dealer ${dealerId}`}, ${group}`,
    kept: kept.get(group) ?? 0,
    counted: counted.get(group) ?? 0,
  }));

/** A seek a dealer, however many devices it has. */
const DEALERS = `WITH RECURSIVE next (id) AS (
    SELECT min(dealer_id) FROM devices WHERE dealer_id > ?1
    UNION ALL
    SELECT (SELECT min(dealer_id) FROM devices WHERE dealer_id > next.id) FROM next WHERE next.id IS NOT NULL LIMIT ?2
  )
  SELECT id FROM next WHERE id IS NOT NULL
  UNION SELECT id FROM (SELECT DISTINCT dealer_id AS id FROM device_counts WHERE dealer_id > ?1 ORDER BY 1 LIMIT ?2)
  UNION SELECT id FROM (SELECT DISTINCT dealer_id AS id FROM open_alert_counts WHERE dealer_id > ?1 ORDER BY 1 LIMIT ?2)
  ORDER BY 1 LIMIT ?2`;

/** The second branch has the devices that nobody has: each uses the index of its own. */
const OWN_DEVICES = `SELECT key, status FROM devices WHERE dealer_id = ?1
  UNION ALL SELECT key, status FROM devices WHERE ?1 = '' AND dealer_id IS NULL`;
const SOURCE = "substr(key, 1, instr(key, ':') - 1)";

const KEPT_DEVICES = `SELECT source || ' ' || status AS "group", devices AS n FROM device_counts WHERE dealer_id = ?1`;
const COUNTED_DEVICES = `SELECT ${SOURCE} || ' ' || status AS "group", count(*) AS n FROM (${OWN_DEVICES}) GROUP BY 1`;
const ALERT_GROUP = `source || ' ' || severity || ' raised under ' || raised_under`;
const KEPT_ALERTS = `SELECT ${ALERT_GROUP} AS "group", alerts AS n FROM open_alert_counts WHERE dealer_id = ?1`;
const COUNTED_ALERTS = `SELECT ${ALERT_GROUP} AS "group", count(*) AS n FROM open_alert_owners
  WHERE device_key IN (SELECT key FROM (${OWN_DEVICES})) GROUP BY 1`;
/** Alerts of devices without a row are nobody's too. */
const COUNTED_ALERTS_OF_NOBODY = `SELECT ${ALERT_GROUP} AS "group", count(*) AS n FROM open_alert_owners
  WHERE dealer_id = ?1 GROUP BY 1`;
