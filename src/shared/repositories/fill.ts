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
    return results.every(({ to }) => to === FILLED);
  }
}

/** For each table, the devices of its next step: behind `from`, up to `to`. */
const NEXT = `SELECT name, through AS "from", ifnull(
    (SELECT key FROM devices WHERE key > through ORDER BY key LIMIT 1 OFFSET ?2 - 1), ?1) AS "to"
  FROM fill_progress WHERE through <> ?1`;

/** Nothing, if another step has moved it. */
const ITS_TURN = "(SELECT through FROM fill_progress WHERE name = ?1) = ?2";
const MOVE = "UPDATE fill_progress SET through = ?3 WHERE name = ?1 AND through = ?2";

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
};
