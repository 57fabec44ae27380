import type { Alert } from "#domain/alert.ts";
import type { Announcement, MergedEvent } from "#domain/announcement.ts";
import type { Change, Customer, Dealer } from "#domain/change.ts";
import type { Aspects, Device } from "#domain/device.ts";
import { type ConcordEvent, type DeviceKey, type Source, sourceOf } from "#domain/event.ts";
import { type Fleet, merge } from "#domain/fleet.ts";
import type { ForgottenKeys } from "#domain/forgotten.ts";
import { combineOutcomes, type MergeOutcome } from "#domain/outcome.ts";
import { type PartyKey, partyKeyOf } from "#domain/party.ts";
import { canonicalText, type Register } from "#domain/register.ts";
import type { Version } from "#domain/version.ts";
import { packBySize } from "#json/pack.ts";
import { type Audience, audienceQueries, type PredecessorRow, toAudience, type WatchRow } from "./audience.ts";
import { ALERT_ROWS, alertRow, DEVICE_ROWS, deviceRow } from "./fleet-rows.ts";
import {
  type ForgottenRow,
  forgottenIds,
  forgottenKeys,
  foundWrite,
  READ_FORGOTTEN,
  withoutForgotten,
} from "./forgotten.ts";
import { GuardedWrites, type Write, type WriteRow } from "./guarded-writes.ts";

export type FleetReport = {
  /** The outcome of each event, in order. `null`: other consumers kept changing the device; nothing was written, retry later. */
  readonly outcomes: readonly (MergeOutcome | null)[];
  /** The events as they were merged, in order: those of somebody who was forgotten without personal values. */
  readonly events: readonly ConcordEvent[];
  /** The announcements of each event by dealer, in the order of the events, for dealers that have subscribers. */
  readonly announcements: readonly ReadonlyMap<string, Announcement>[];
  /** The devices among them that had subscribers when they were written. */
  readonly watched: ReadonlySet<DeviceKey>;
  /** A read with this token sees what was written; `null` if the handle is no D1 session. */
  readonly consistencyToken: string | null;
  readonly rowsRead: number;
  /** Rows and index entries written, as D1 bills them. */
  readonly rowsWritten: number;
};

/** How often a merge is tried again after another consumer has changed the same device. Our choice. */
const MAX_PASSES = 5;

/** D1 accepts 2 MB for each bound value: developers.cloudflare.com/d1/platform/limits. Our limits, with a margin. */
const MAX_PARAMETER = { maxBytes: 1_000_000, maxItems: 10_000 };

/**
 * Whether an event also writes rows beside the device's own. If only the device's row lost to another consumer, those
 * were written, and the event would look like a duplicate when it is merged again.
 */
const isPartlyWritten = ({ change }: ConcordEvent): boolean =>
  (Object.keys(change) as (keyof Change)[]).some((member) => HAS_ROWS[member] && change[member] !== undefined);

/** Which members of a change have rows beside the device's. Each that has is in `touchedKeys` too. */
const HAS_ROWS: Readonly<Record<keyof Change, boolean>> = {
  registration: false,
  customer: true,
  dealer: true,
  profile: false,
  status: false,
  desired: false,
  alert: true,
};

/**
 * The fleet in D1. A merge reads the rows that the events touch, joins the events in the domain, and writes the rows
 * that changed if no other consumer has written them meanwhile. So the join exists once, in the domain, and not in SQL too.
 */
export class FleetRepository {
  readonly #db: Handle;

  constructor(db: Handle) {
    this.#db = db;
  }

  /**
   * Merges events into D1. Safe to retry with the same events: a repeated event writes no row.
   * @throws what D1 throws; some of the events may have been merged by then
   */
  async merge(events: readonly ConcordEvent[]): Promise<FleetReport> {
    const outcomes: (MergeOutcome | null)[] = events.map(() => null);
    const announcements: ReadonlyMap<string, Announcement>[] = events.map(() => new Map());
    const asMerged = [...events];
    const watched = new Set<DeviceKey>();
    const cost = { rowsRead: 0, rowsWritten: 0 };
    let pending = events.map((event, index) => ({ event, index }));
    for (let pass = 0; pending.length > 0 && pass < MAX_PASSES; pass++) {
      const stored = await this.#load(
        pending.map(({ event }) => event),
        cost,
      );
      const { events: taken, found } = withoutForgotten(
        pending.map(({ event }) => event),
        stored.forgotten,
      );
      const merged = merge(stored.fleet, taken);
      const mergedEvents = taken.map((event) => ({
        event,
        device: merged.fleet.devices.get(event.deviceKey) as Device,
      }));
      const { lost, audience } = await this.#save(
        stored,
        { fleet: merged.fleet, mergedEvents, beside: [foundWrite(found)] },
        cost,
      );
      for (const key of audience.devices) watched.add(key);
      pending.forEach(({ event, index }, i) => {
        asMerged[index] = taken[i] as ConcordEvent;
        announcements[index] = audience.announcements[i] as ReadonlyMap<string, Announcement>;
        const before = outcomes[index];
        const now = merged.outcomes[i] as MergeOutcome;
        outcomes[index] = before && isPartlyWritten(event) ? combineOutcomes(before, now) : now;
      });
      pending = pending.filter(({ event }) => lost.has(event.deviceKey));
    }
    for (const { index } of pending) outcomes[index] = null;
    const consistencyToken = this.#db.getBookmark?.() ?? null;
    return { outcomes, events: asMerged, announcements, watched, consistencyToken, ...cost };
  }

  /** The stored state that the events touch, to predict their outcomes. */
  async read(events: readonly ConcordEvent[]): Promise<Fleet> {
    return (await this.#load(events, { rowsRead: 0, rowsWritten: 0 })).fleet;
  }

  async #load(events: readonly ConcordEvent[], cost: Cost): Promise<Stored> {
    const touched = touchedKeys(events);
    const reads = [
      { sql: READ.devices, keys: touched.devices },
      { sql: READ.alerts, keys: touched.alerts },
      { sql: READ.assignments, keys: touched.assignments },
      { sql: READ.dealers, keys: touched.dealers },
      { sql: READ.customers, keys: touched.customers },
      { sql: READ_FORGOTTEN, keys: forgottenIds(events) },
    ];
    const [devices, alerts, assignments, dealers, customers, forgotten] = (await this.#run(reads, cost)) as unknown as [
      DeviceRow[],
      AlertRow[],
      AssignmentRow[],
      PartyRow[],
      PartyRow[],
      ForgottenRow[],
    ];
    return storedFrom({ devices, alerts, assignments, dealers, customers, forgotten });
  }

  /**
   * Writes the difference between two fleets and looks up the subscribers in the same transaction: one who subscribes
   * after it reads what was written.
   * @returns the devices that lost to another consumer's write, and the subscribers
   */
  async #save(
    before: Stored,
    { fleet, mergedEvents, beside }: Merged,
    cost: Cost,
  ): Promise<{ lost: Set<DeviceKey>; audience: Audience }> {
    const writes = [...beside, ...writesFor(before, fleet)].flatMap((write) =>
      packBySize(write.rows, MAX_PARAMETER).map((rows) => ({ ...write, rows })),
    );
    const queries = audienceQueries(mergedEvents);
    const results = await this.#run([...writes.map(({ sql, rows }) => ({ sql, keys: rows })), ...queries], cost);
    const lost = new Set<DeviceKey>();
    writes.forEach(({ rows, guarded }, i) => {
      const written = results[i] as { owner: DeviceKey; part: string }[];
      if (!guarded || written.length === rows.length) return;
      const parts = new Set(written.map(({ owner, part }) => `${owner} ${part}`));
      for (const { k, p = "" } of rows) if (!parts.has(`${k} ${p}`)) lost.add(k as DeviceKey);
    });
    const [watches, predecessors] = results.slice(writes.length) as [WatchRow[], PredecessorRow[]];
    return { lost, audience: toAudience(mergedEvents, watches, predecessors) };
  }

  /** Runs the statements that have keys in one batch, which D1 commits as a whole or not at all. */
  async #run(statements: readonly { sql: string; keys: readonly unknown[] }[], cost: Cost): Promise<unknown[][]> {
    const busy = statements.filter(({ keys }) => keys.length > 0);
    if (busy.length === 0) return statements.map(() => []);
    const results = await this.#db.batch(busy.map(({ sql, keys }) => this.#db.prepare(sql).bind(JSON.stringify(keys))));
    for (const { meta } of results) {
      cost.rowsRead += meta.rows_read;
      cost.rowsWritten += meta.rows_written;
    }
    const rows = results.map((result) => result.results);
    return statements.map(({ keys }) => (keys.length > 0 ? (rows.shift() as unknown[]) : []));
  }
}

/** What a pass has merged; `beside` are writes that follow from no difference of fleets. */
type Merged = {
  readonly fleet: Fleet;
  readonly mergedEvents: readonly MergedEvent[];
  readonly beside: readonly Write[];
};

/** D1, or a session of it. */
type Handle = Pick<D1Database, "prepare" | "batch"> & Partial<Pick<D1DatabaseSession, "getBookmark">>;

type Cost = { rowsRead: number; rowsWritten: number };

type DeviceRow = { key: DeviceKey; aspects: string; latest: Version; revision: number };
type AlertRow = { device_key: DeviceKey; alert_id: string; alert: string; revision: number };
type AssignmentRow = { device_key: DeviceKey; version: Version; dealer_id: string | null };
type PartyRow = { key: PartyKey; version: Version; value: string };

/** Each takes its keys as one bound parameter, a JSON array. */
const READ = {
  devices: `SELECT d.key, d.aspects, d.latest, d.revision FROM json_each(?1) j JOIN devices d ON d.key = j.value`,
  alerts: `SELECT a.device_key, a.alert_id, a.alert, a.revision FROM json_each(?1) j
    JOIN alerts a ON a.device_key = j.value->>0 AND a.alert_id = j.value->>1`,
  assignments: `SELECT a.device_key, a.version, a.dealer_id FROM json_each(?1) j
    JOIN assignments a ON a.device_key = j.value->>0 AND a.version = j.value->>1`,
  dealers: `SELECT d.source || ':' || d.dealer_id AS key, d.version, d.value FROM json_each(?1) j
    JOIN dealer_records d ON d.dealer_id = j.value->>0 AND d.source = j.value->>1`,
  customers: `SELECT c.source || ':' || c.customer_id AS key, c.version, c.value FROM json_each(?1) j
    JOIN customer_records c ON c.customer_id = j.value->>0 AND c.source = j.value->>1`,
};

function touchedKeys(events: readonly ConcordEvent[]) {
  const devices = new Set<DeviceKey>();
  const alerts = new Map<string, [DeviceKey, string]>();
  const assignments = new Map<string, [DeviceKey, Version]>();
  const dealers = new Map<PartyKey, [id: string, source: Source]>();
  const customers = new Map<PartyKey, [id: string, source: Source]>();
  const note = (parties: typeof dealers, source: Source, id: string) =>
    parties.set(partyKeyOf(source, id), [id, source]);
  for (const { deviceKey, version, change } of events) {
    devices.add(deviceKey);
    if (change.alert) alerts.set(`${deviceKey} ${change.alert.alertId}`, [deviceKey, change.alert.alertId]);
    if (change.dealer !== undefined) assignments.set(`${deviceKey} ${version}`, [deviceKey, version]);
    if (change.dealer) note(dealers, sourceOf(deviceKey), change.dealer.dealerId);
    if (change.customer) note(customers, sourceOf(deviceKey), change.customer.customerId);
  }
  return {
    devices: [...devices],
    alerts: [...alerts.values()],
    assignments: [...assignments.values()],
    dealers: [...dealers.values()],
    customers: [...customers.values()],
  };
}

/** State as it was read from D1, with the revisions that a write must still find there. */
type Stored = {
  readonly fleet: Fleet;
  readonly deviceRevisions: ReadonlyMap<DeviceKey, number>;
  readonly alertRevisions: ReadonlyMap<string, number>;
  readonly forgotten: ForgottenKeys;
};

function storedFrom(rows: {
  devices: DeviceRow[];
  alerts: AlertRow[];
  assignments: AssignmentRow[];
  dealers: PartyRow[];
  customers: PartyRow[];
  forgotten: ForgottenRow[];
}): Stored {
  const alertsOf = Map.groupBy(rows.alerts, (row) => row.device_key);
  const assignmentsOf = Map.groupBy(rows.assignments, (row) => row.device_key);
  const devices = rows.devices.map((row): [DeviceKey, Device] => [
    row.key,
    {
      key: row.key,
      latest: row.latest,
      aspects: JSON.parse(row.aspects) as Aspects,
      alerts: new Map(alertsOf.get(row.key)?.map((alert) => [alert.alert_id, JSON.parse(alert.alert) as Alert])),
      assignments: new Map(assignmentsOf.get(row.key)?.map(({ version, dealer_id }) => [version, dealer_id])),
      history: [],
    },
  ]);
  return {
    fleet: {
      devices: new Map(devices),
      dealers: new Map(rows.dealers.map((row) => [row.key, toRegister<Dealer>(row)])),
      customers: new Map(rows.customers.map((row) => [row.key, toRegister<Customer>(row)])),
    },
    deviceRevisions: new Map(rows.devices.map((row) => [row.key, row.revision])),
    alertRevisions: new Map(rows.alerts.map((row) => [`${row.device_key} ${row.alert_id}`, row.revision])),
    forgotten: forgottenKeys(rows.forgotten),
  };
}

const toRegister = <T>({ version, value }: PartyRow): Register<T> => ({ version, value: JSON.parse(value) as T });

function writesFor(before: Stored, after: Fleet): Write[] {
  const deviceWrites = new GuardedWrites(DEVICE_ROWS);
  const alertWrites = new GuardedWrites(ALERT_ROWS);
  const assignmentRows: WriteRow[] = [];
  for (const device of after.devices.values()) {
    const known = before.fleet.devices.get(device.key);
    if (device === known) continue;
    if (!known || device.aspects !== known.aspects || device.latest !== known.latest) {
      deviceWrites.add(
        deviceRow(device),
        known && { row: deviceRow(known), revision: before.deviceRevisions.get(device.key) },
      );
    }
    for (const [alertId, alert] of device.alerts) {
      const knownAlert = known?.alerts.get(alertId);
      if (alert === knownAlert) continue;
      const revision = before.alertRevisions.get(`${device.key} ${alertId}`);
      alertWrites.add(
        alertRow(device.key, alertId, alert),
        knownAlert && { row: alertRow(device.key, alertId, knownAlert), revision },
      );
    }
    for (const [version, dealerId] of device.assignments) {
      if (known?.assignments.get(version) !== dealerId) assignmentRows.push({ k: device.key, v: version, d: dealerId });
    }
  }
  return [
    // Before the devices, which are found by their customers' names: a new device is put into that index once.
    ...partyWrites("customer_records", "customer_id", partyRows(before.fleet.customers, after.customers)),
    ...deviceWrites.toWrites(),
    ...alertWrites.toWrites(),
    { sql: WRITE_ASSIGNMENTS, rows: assignmentRows, guarded: false },
    ...partyWrites("dealer_records", "dealer_id", partyRows(before.fleet.dealers, after.dealers)),
  ];
}

/**
 * Sets and plain registers need no revision: their join is one comparison, which SQLite makes like the domain. As JSON
 * text, a dealer and `null` compare like the domain's canonical text.
 */
const WRITE_ASSIGNMENTS = `INSERT INTO assignments (device_key, version, dealer_id)
  SELECT j.value->>'k', j.value->>'v', j.value->>'d' FROM json_each(?1) j WHERE true
  ON CONFLICT (device_key, version) DO UPDATE SET dealer_id = excluded.dealer_id
  WHERE json_quote(excluded.dealer_id) > json_quote(assignments.dealer_id)`;

/**
 * Most events repeat a dealer or a customer without a change. For those the first statement sets the version only,
 * because D1 bills the index over names whenever its column is set. The second writes all others.
 */
const partyWrites = (table: string, id: string, rows: readonly WriteRow[]): Write[] =>
  [moveParties(table, id), writeParties(table, id)].map((sql) => ({ sql, rows, guarded: false }));

const moveParties = (table: string, id: string): string => `UPDATE ${table} SET version = j.value->>'v'
  FROM json_each(?1) j WHERE ${table}.${id} = j.value->>'k' AND ${table}.source = j.value->>'p'
    AND ${table}.version < j.value->>'v'
    AND (${table}.value, ${table}.name) = (j.value->>'value', j.value->>'name')`;

/** The value is stored as canonical text, so that SQLite breaks a tie between equal versions like `compareRegisters`. */
const writeParties = (table: string, id: string): string => `INSERT INTO ${table} (${id}, source, version, value, name)
  SELECT j.value->>'k', j.value->>'p', j.value->>'v', j.value->>'value', j.value->>'name' FROM json_each(?1) j WHERE true
  ON CONFLICT (${id}, source) DO UPDATE SET version = excluded.version, value = excluded.value, name = excluded.name
  WHERE (excluded.version, excluded.value) > (${table}.version, ${table}.value)`;

const partyRows = <T extends { readonly name: string }>(
  before: ReadonlyMap<PartyKey, Register<T>>,
  after: ReadonlyMap<PartyKey, Register<T>>,
): WriteRow[] =>
  [...after]
    .filter(([key, register]) => before.get(key) !== register)
    .map(([key, { version, value }]) => ({
      k: key.slice(key.indexOf(":") + 1),
      p: key.slice(0, key.indexOf(":")),
      v: version,
      value: canonicalText(value),
      name: value.name,
    }));
