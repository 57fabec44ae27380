import { FILLED } from "./kept-counts.ts";

/** Devices of one step. Our choice: a step's statements take some milliseconds. */
const STEP = 2_000;

/**
 * Fills the tables that follow from the devices with those from before their migration. Triggers keep every device in step
 * whose key is at most `through`, and a step takes the next ones in and moves `through`, in one transaction. So what is
 * written meanwhile is in exactly once.
 */
export class FillRepository {
  readonly #d1: D1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /**
   * Takes some devices into each table that lacks some. Two that run at once take the same ones in once.
   * @returns whether every device is in every table
   */
  async step(devices = STEP): Promise<boolean> {
    const { results } = await this.#d1
      .prepare(NEXT)
      .bind(FILLED, devices)
      .all<{ name: string; from: string; to: string }>();
    for (const { name, from, to } of results) {
      const fills = FILLS[name] ?? [];
      await this.#d1.batch([...fills, MOVE].map((sql) => this.#d1.prepare(sql).bind(name, from, to)));
    }
    const areRenamed = await this.#rename(devices);
    return areRenamed && results.every(({ to }) => to === FILLED);
  }

  /** Goes through some devices of a customer that has another name. @returns whether there is no such customer */
  async #rename(devices: number): Promise<boolean> {
    const first = await this.#d1
      .prepare("SELECT customer_id AS id, source, through FROM renamed_customers LIMIT 1")
      .first<{ id: string; source: string; through: string }>();
    if (!first) return true;
    await this.#d1.batch(
      RENAMES.map((sql) => this.#d1.prepare(sql).bind(first.id, first.source, first.through, devices)),
    );
    return false;
  }
}

/** For each table, the devices of its next step: behind `from`, up to `to`. */
const NEXT = `SELECT name, through AS "from", ifnull(
    (SELECT key FROM devices WHERE key > through ORDER BY key LIMIT 1 OFFSET ?2 - 1), ?1) AS "to"
  FROM fill_progress WHERE through <> ?1`;

/** It has its turn, if no other step has moved it. */
const ITS_TURN = "(SELECT through FROM fill_progress WHERE name = ?1) = ?2";
const MOVE = "UPDATE fill_progress SET through = ?3 WHERE name = ?1 AND through = ?2";

/** What devices are found by, in place of what they were found by before. */
export const textsOf = (which: string): string => `INSERT INTO device_texts (key, name, serial, customer, owner)
  SELECT w.key, w.name, w.serial, w.customer, w.owner FROM device_words w
  WHERE ${which}
    AND (w.name <> '' OR w.serial <> '' OR w.customer <> '' OR EXISTS (SELECT 1 FROM device_texts t WHERE t.key = w.key))
  ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, serial = excluded.serial, customer = excluded.customer, owner = excluded.owner
  WHERE (name, serial, customer, owner) IS NOT (excluded.name, excluded.serial, excluded.customer, excluded.owner)`;

/** The devices of a renamed customer that may still have its former name. */
const ITS_DEVICES = `FROM devices WHERE customer_id = ?1 AND key >= ?3 AND key < ?2 || ';' ORDER BY key`;
const RENAMES = [
  textsOf(`w.key IN (SELECT key ${ITS_DEVICES} LIMIT ?4)
    AND w.key <= (SELECT through FROM fill_progress WHERE name = 'search')`),
  // Unless it has another name since.
  `UPDATE renamed_customers SET through = ifnull((SELECT key ${ITS_DEVICES} LIMIT 1 OFFSET ?4), '~')
   WHERE customer_id = ?1 AND source = ?2 AND through = ?3`,
  "DELETE FROM renamed_customers WHERE customer_id = ?1 AND source = ?2 AND through = '~' AND ?3 <> '' AND ?4 > 0",
];

const FILLS: Readonly<Record<string, readonly string[]>> = {
  counts: [
    `INSERT INTO device_counts (dealer_id, source, status, devices)
     SELECT ifnull(dealer_id, ''), substr(key, 1, instr(key, ':') - 1) AS source, status, count(*) FROM devices
     WHERE key > ?2 AND key <= ?3 AND ${ITS_TURN} GROUP BY 1, 2, 3
     ON CONFLICT (dealer_id, source, status) DO UPDATE SET devices = devices + excluded.devices`,
    `INSERT INTO open_alert_counts (dealer_id, raised_under, source, severity, alerts)
     SELECT dealer_id, raised_under, source, severity, count(*) FROM open_alert_owners
     WHERE device_key > ?2 AND device_key <= ?3 AND ${ITS_TURN} GROUP BY 1, 2, 3, 4
     ON CONFLICT (dealer_id, raised_under, source, severity) DO UPDATE SET alerts = alerts + excluded.alerts`,
  ],
  search: [textsOf(`w.key > ?2 AND w.key <= ?3 AND ${ITS_TURN}`)],
};
