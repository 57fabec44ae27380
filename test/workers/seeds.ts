import { env as testEnv } from "cloudflare:workers";
import type { Alert } from "#domain/alert.ts";
import { viewAlert } from "#domain/alert.ts";
import type { Actor, Customer, Dealer } from "#domain/change.ts";
import { type Aspects, viewDevice } from "#domain/device.ts";
import { SOURCES, type Source } from "#domain/event.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";
import { type Moment, utcDay } from "#domain/time.ts";
import { compareVersions, toVersion, type Version } from "#domain/version.ts";

/** Of every Worker that reads devices. `DEVICES` is the class of `remembering-device.ts`. */
const env = testEnv as unknown as { readonly DB: D1Database; readonly DEVICES: DurableObjectNamespace };

const START_MS = Date.UTC(2026, 10, 23, 13);

/** A time so many minutes into the tests' day. */
export const at = (minute: number): Moment => new Date(START_MS + minute * 60_000).toISOString() as Moment;

export const version = (minute: number, eventId = `evt-${minute}`): Version =>
  toVersion(START_MS + minute * 60_000, eventId);

type DeviceSeed = {
  readonly key: string;
  readonly aspects?: Aspects;
  /** Who got the device when, in minutes; the last one has it now. */
  readonly dealers?: readonly (readonly [minute: number, dealerId: string | null, eventId?: string])[];
  readonly customerId?: string;
  /** When its newest event occurred, in minutes. */
  readonly updated?: number;
};

export const registered = (serialNumber: string): Aspects => ({
  registration: {
    version: version(0),
    value: { kind: "registered", model: "M-1", serialNumber, registeredAt: at(0) },
  },
});

export async function seedDevices(...seeds: readonly DeviceSeed[]): Promise<void> {
  await env.DB.batch(seeds.flatMap(deviceRows));
}

function deviceRows({ key, aspects = {}, dealers = [], customerId, updated = 0 }: DeviceSeed): D1PreparedStatement[] {
  const last = dealers.at(-1);
  const whole: Aspects = {
    ...aspects,
    ...(last && { dealer: { version: version(last[0], last[2]), value: { dealerId: last[1] } } }),
    ...(customerId && { customer: { version: version(0), value: { customerId } } }),
  };
  const latest = version(updated);
  const view = viewDevice({ aspects: whole, latest });
  return [
    insert("devices", {
      key,
      aspects: JSON.stringify(whole),
      latest,
      revision: 1,
      status: view.status,
      serial_number: view.serialNumber,
      dealer_id: view.dealerId,
      customer_id: view.customerId,
      registered_at: view.registeredAt,
      updated_on: utcDay(latest),
    }),
    ...dealers.map(([minute, dealerId, eventId]) =>
      insert("assignments", { device_key: key, version: version(minute, eventId), dealer_id: dealerId }),
    ),
  ];
}

type AlertSeed = {
  readonly eventId?: string;
  readonly deviceKey: string;
  readonly alertId: string;
  /** In minutes; absent for an alert of which only the clearing is known. */
  readonly raised?: number;
  readonly cleared?: number;
  readonly severity?: "info" | "warning" | "critical";
  /** When and by whom it was acknowledged. */
  readonly acknowledged?: readonly [minute: number, by: Actor];
};

export async function seedAlerts(...seeds: readonly AlertSeed[]): Promise<void> {
  await env.DB.batch(seeds.map(alertRow));
}

function alertRow({
  deviceKey,
  alertId,
  raised,
  cleared,
  eventId,
  severity = "warning",
  acknowledged,
}: AlertSeed): D1PreparedStatement {
  const details = { code: "E-1", severity, text: "Something is wrong." };
  const alert: Alert = {
    ...(raised !== undefined && { details: { version: version(raised, eventId), value: details } }),
    progress:
      cleared === undefined
        ? { version: version(raised ?? 0), value: { kind: "raised" } }
        : { version: version(cleared), value: { kind: "cleared" } },
    ...(acknowledged && {
      acknowledgement: {
        version: version(acknowledged[0]),
        value: { kind: "acknowledged", acknowledgement: "accept", by: acknowledged[1] },
      },
    }),
  };
  const view = viewAlert(alert);
  return insert("alerts", {
    device_key: deviceKey,
    alert_id: alertId,
    alert: JSON.stringify(alert),
    revision: 1,
    state: view.state,
    severity: view.severity,
    raised_at: view.raisedAt,
  });
}

/** Of one source, or else in the words of each. */
type Said<T> = T & { readonly source?: Source };

export const seedDealers = (...dealers: readonly Said<Dealer>[]): Promise<void> =>
  seedRecords("dealer", dealers, ({ dealerId }) => dealerId);

export const seedCustomers = (...customers: readonly Said<Customer>[]): Promise<void> =>
  seedRecords("customer", customers, ({ customerId }) => customerId);

async function seedRecords<T extends { readonly name: string }>(
  party: "dealer" | "customer",
  said: readonly Said<T>[],
  idOf: (value: T) => string,
): Promise<void> {
  const rows = said.flatMap(({ source, ...value }) =>
    (source ? [source] : SOURCES).map((each) =>
      insert(`${party}_records`, {
        [`${party}_id`]: idOf(value as unknown as T),
        source: each,
        version: version(0),
        value: JSON.stringify(value),
        name: value.name,
      }),
    ),
  );
  await env.DB.batch(rows);
}

/** What a device's object is to answer with. */
const remember = (key: string, snapshot: DeviceSnapshot): Promise<void> =>
  (env.DEVICES.getByName(key) as unknown as { remember(snapshot: DeviceSnapshot): Promise<void> }).remember(snapshot);

/** Fills a device's object with aspects. */
export const rememberDevice = (key: string, aspects: Aspects): Promise<void> =>
  remember(key, { latest: version(0), aspects, history: [] });

/** Fills a device's object with events of the given minutes, perhaps with ids of their own. */
export async function seedHistory(
  key: string,
  ...moments: readonly (number | readonly [minute: number, eventId: string])[]
): Promise<void> {
  const history = moments
    .map((moment) => (typeof moment === "number" ? ([moment, undefined] as const) : moment))
    .map(([minute, eventId]) => ({
      version: version(minute, eventId),
      topic: "device.elt.status.reported",
      data: { online: true, minute },
    }))
    .toSorted((a, b) => compareVersions(b.version, a.version));
  await remember(key, { latest: history[0]?.version ?? version(0), aspects: {}, history });
}

function insert(table: string, row: Record<string, string | number | null>): D1PreparedStatement {
  const names = Object.keys(row);
  const marks = names.map(() => "?");
  return env.DB.prepare(`INSERT INTO ${table} (${names}) VALUES (${marks})`).bind(...Object.values(row));
}

export async function emptyTables(): Promise<void> {
  const tables = ["devices", "alerts", "assignments", "dealer_records", "customer_records"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
}

type Watched = {
  readonly DB: D1Database;
  /** The text of every statement that was prepared. */
  readonly statements: string[];
  /** As D1 bills them. */
  readonly rowsRead: () => number;
  /** How SQLite goes about every statement that ran, a line a step. */
  readonly plans: () => Promise<string[]>;
};

/** A D1 that notes what is asked of it and what that costs. */
export function watchedD1(database: D1Database = env.DB): Watched {
  const statements: string[] = [];
  const bound: D1PreparedStatement[] = [];
  let rowsRead = 0;
  const session = database.withSession("first-unconstrained");
  const prepare = (text: string) => {
    // Read once in a while for all requests of an isolate: test/workers/api/revocations.test.ts counts them.
    if (text.includes("token_revocations")) return session.prepare(text);
    statements.push(text);
    const bind = (...values: unknown[]) => {
      bound.push(database.prepare(`EXPLAIN QUERY PLAN ${text}`).bind(...values));
      const all = async () => {
        const answer = await session
          .prepare(text)
          .bind(...values)
          .all();
        rowsRead += answer.meta.rows_read;
        return answer;
      };
      return { all };
    };
    return { bind };
  };
  const DB = {
    withSession: () => ({ prepare, getBookmark: () => session.getBookmark() }),
  } as unknown as D1Database;
  const plans = async () => {
    const answers = await database.batch<{ detail: string }>(bound);
    return answers.flatMap(({ results }) => results.map(({ detail }) => detail));
  };
  return { DB, statements, rowsRead: () => rowsRead, plans };
}
