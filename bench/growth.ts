import type { D1Database } from "@cloudflare/workers-types";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { type Rate, takeTurns, until } from "./measure.ts";
import { post, produce, report } from "./records.ts";
import { type Counted, type Ours, startOurs } from "./stacks.ts";

export const SIZES = [1_000, 10_000, 100_000, 1_000_000] as const;

/**
 * The queries at each size. The large dealer has a tenth of all devices, and at most 100,000; the small one has ten.
 */
const QUERIES = {
  device: "query ($key: String!) { device(key: $key) { status serialNumber report { indoorTemperatureC } } }",
  page: "{ devices(first: 50) { edges { node { key status } } pageInfo { endCursor } } }",
  smallDealer: '{ devices(first: 50, filter: { dealerId: "G-small" }) { edges { node { key status } } } }',
  largeDealer: '{ devices(first: 50, filter: { dealerId: "G-large" }) { edges { node { key status } } } }',
} as const;
export type Asked = keyof typeof QUERIES;
export const ASKED = Object.keys(QUERIES) as Asked[];

const devicesWhere = (filter: string) => `{ devices(first: 10, filter: { ${filter} }) { nodes { key } } }`;
const alertsWhere = (filter: string) => `{ alerts(first: 10, filter: { ${filter} }) { nodes { id } } }`;

/** What is asked of lists, each of which has its page filled at every size: their rows are counted, and nothing is timed. */
const FILTERED = {
  "devices of two rare statuses": devicesWhere("statuses: [RETIRED, OFFLINE]"),
  "devices of a rare source": devicesWhere("sources: [ECOBEE, INFINITY]"),
  "devices of a rare source and status": devicesWhere("sources: [ELT], statuses: [RETIRED]"),
  "devices that nobody has": devicesWhere("unassigned: true"),
  "devices with open alerts": devicesWhere("hasOpenAlerts: true"),
  "devices with critical alerts": devicesWhere("openAlertSeverity: CRITICAL"),
  "open alerts of a source from a severity on": alertsWhere("states: [OPEN], minSeverity: WARNING, sources: [ELT]"),
  "alerts from a severity on": alertsWhere("minSeverity: CRITICAL"),
  "alerts of a small dealer": alertsWhere('dealerId: "G-small"'),
  "search by name": devicesWhere('search: "room919 thermostat"'),
  "search by the beginning of a serial number": devicesWhere('search: "s-000091"'),
  "search by customer": devicesWhere('search: "holder101 thermostat"'),
  "search for a word of a small dealer's ten devices": devicesWhere('search: "thermostat", dealerId: "G-small"'),
  "search for a word that all devices have": devicesWhere('search: "thermostat"'),
  "total of all devices": "{ devices(first: 0) { totalCount } }",
  "fleet statistics of one dealer": '{ fleetStatistics(dealerId: "G-small") { devices openAlerts } }',
  "fleet statistics": "{ fleetStatistics { devices openAlerts } }",
} as const;
export type Filtered = keyof typeof FILTERED;
/** The counts of the whole fleet are some rows a dealer, of which there are more among more devices. */
export const BY_DEALERS: readonly Filtered[] = ["total of all devices", "fleet statistics"];

export type GrowthFigures = {
  readonly sizes: readonly {
    readonly devices: number;
    readonly cost: Readonly<Record<Asked, Counted>>;
    /** Absent in figures from before lists had these filters. */
    readonly filtered?: Readonly<Record<Filtered, Counted>>;
    readonly rate: Readonly<Record<Asked, Rate>>;
  }[];
  /** The size of one answer, for one object and for many. */
  readonly oneAndMany: Readonly<
    Record<"history of 1 and 100 events" | "1 and 100,000 dead letters", readonly [Rate, Rate]>
  >;
};

const PACING = { concurrency: 2, turnMs: 400, turns: 4 };

/** Reads while everything else grows: devices from a thousand to a million, seeded straight into D1. */
export async function benchGrowth(say: (line: string) => void): Promise<GrowthFigures> {
  const ours = await startOurs();
  try {
    const headers = await headersOf();
    const ask = (query: string, variables: object = {}) =>
      post(new URL("/graphql", ours.url), JSON.stringify({ query, variables }), headers);
    const sizes: GrowthFigures["sizes"][number][] = [];
    let seeded = 0;
    for (const devices of SIZES) {
      await seedDevices(ours.db, seeded, devices);
      seeded = devices;
      say(`growth: ${devices} devices are there`);
      const variablesOf = (call: number) => ({ key: `elt:grow-${(call * 7_919) % devices}` });
      const cost = {} as Record<Asked, Counted>;
      for (const name of ASKED) cost[name] = await ours.countReads(QUERIES[name], variablesOf(1));
      const filtered = {} as Record<Filtered, Counted>;
      for (const name of Object.keys(FILTERED) as Filtered[]) filtered[name] = await ours.countReads(FILTERED[name]);
      const rate = await takeTurns(
        {
          device: (call) => ask(QUERIES.device, variablesOf(call)),
          page: () => ask(QUERIES.page),
          smallDealer: () => ask(QUERIES.smallDealer),
          largeDealer: () => ask(QUERIES.largeDealer),
        },
        PACING,
      );
      sizes.push({ devices, cost, filtered, rate });
    }
    say("growth: histories, and dead letters");
    const history = await historyOf(ours, ask);
    const letters = await lettersOf(ours, headers);
    return {
      sizes,
      oneAndMany: { "history of 1 and 100 events": history, "1 and 100,000 dead letters": letters },
    };
  } finally {
    await ours.stop();
  }
}

async function headersOf(): Promise<Record<string, string>> {
  const token = await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "1h");
  return { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
}

/** Rows per statement: D1 ends one that takes too long. */
const CHUNK = 25_000;

async function seedDevices(db: D1Database, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += CHUNK) {
    const seeds = [SEED_CUSTOMERS, SEED, SEED_ALERTS].map((sql) => db.prepare(sql).bind(at, Math.min(at + CHUNK, to)));
    await db.batch(seeds);
  }
}

/** Numbers from one bound integer to another; a bound number would come as a fraction. */
const NUMBERS = `WITH RECURSIVE n(i) AS (
  SELECT CAST(?1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < CAST(?2 AS INTEGER))`;

/** One device in fifty is of another source. */
const KEY = "CASE WHEN i % 50 = 9 THEN 'ecobee' ELSE 'elt' END || ':grow-' || i";

/** One in fifty is retired, one is offline, and one has no dealer. */
const SEED = `${NUMBERS}
  INSERT INTO devices (key, aspects, latest, revision, status, serial_number, dealer_id, customer_id, registered_at, updated_on)
  SELECT ${KEY},
    json_object('profile', json_object('version', '2026-11-01T00:00:00.000Z/p' || i, 'value',
      json_object('name', 'Thermostat room' || i)),
      'status', json_object('version', '2026-11-01T00:00:00.000Z/' || i, 'value',
      json_object('online', json('true'), 'indoorTemperatureC', i % 40))),
    '2026-11-01T00:00:00.000Z/' || i, 1,
    CASE i % 50 WHEN 5 THEN 'RETIRED' WHEN 11 THEN 'OFFLINE' ELSE 'ONLINE' END, printf('S-%07d', i),
    CASE WHEN i < 10 THEN 'G-small' WHEN i % 50 = 7 THEN NULL
      WHEN i % 10 = 0 AND i < 1000000 THEN 'G-large' ELSE 'G-' || (i % 1000) END,
    'GC-' || i, '2026-10-01T00:00:00.000Z', '2026-11-01' FROM n`;

/** Every hundredth device has a customer with a record. */
const SEED_CUSTOMERS = `${NUMBERS}
  INSERT INTO customer_records (customer_id, source, version, value, name)
  SELECT 'GC-' || i, 'elt', '2026-11-01T00:00:00.000Z/' || i,
    json_object('customerId', 'GC-' || i, 'name', 'Holder' || i), 'Holder' || i FROM n WHERE i % 100 = 1`;

/** Every tenth device has an open alert, and a third of those are critical. */
const SEED_ALERTS = `${NUMBERS}
  INSERT INTO alerts (device_key, alert_id, alert, revision, state, severity, raised_at)
  SELECT ${KEY}, 'a', json_object('details', json_object('version', '2026-11-01T00:00:00.000Z/' || i, 'value',
      json_object('code', 'E-1', 'severity', 'info', 'text', 'x'))), 1, 'OPEN',
    CASE i % 3 WHEN 0 THEN 'critical' WHEN 1 THEN 'warning' ELSE 'info' END, '2026-11-01T00:00:00.000Z'
  FROM n WHERE i % 10 = 0`;

async function historyOf({ url, clients }: Ours, ask: (query: string) => Promise<string>): Promise<[Rate, Rate]> {
  await produce(url, [report("few", 1), ...Array.from({ length: 100 }, (_, i) => report("many", i))]);
  await until(async () => {
    const { accepted, inFlight } = await clients.outcomes();
    return accepted === 101 && inFlight === 0;
  }, "two histories");
  const query = (key: string) => `{ device(key: "elt:${key}") { history(first: 10) { edges { node { topic } } } } }`;
  const { one, many } = await takeTurns({ one: () => ask(query("few")), many: () => ask(query("many")) }, PACING);
  return [one, many];
}

async function lettersOf({ url, db }: Ours, headers: Record<string, string>): Promise<[Rate, Rate]> {
  const list = async () => {
    const response = await fetch(new URL("/ops/api/dead-letters", url), { headers });
    if (!response.ok) throw new Error(`GET /ops/api/dead-letters: ${response.status}`);
    return response.text();
  };
  await db.prepare(SEED_LETTERS).bind(0, 1).run();
  const { one } = await takeTurns({ one: list }, PACING);
  for (let at = 1; at < 100_000; at += CHUNK) {
    await db
      .prepare(SEED_LETTERS)
      .bind(at, Math.min(at + CHUNK, 100_000))
      .run();
  }
  const { many } = await takeTurns({ many: list }, PACING);
  return [one, many];
}

const SEED_LETTERS = `WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
  INSERT INTO dead_letters (id, state, topic, event_id, stage, reason, failure, record, failures, first_failed_at_ms,
    last_failed_at_ms, worker_version)
  SELECT 'letter-' || i, 'open', 'device.elt.status.reported', 'e-' || i, 'ingest', 'not_json',
    json_object('reason', 'not_json', 'message', 'the value is not JSON'),
    json_object('topic', 'device.elt.status.reported', 'key', 'k-' || i, 'value', '{', 'receivedAtMs', 1795000000000),
    1, 1795000000000 + i, 1795000000000 + i, 'bench' FROM n`;
