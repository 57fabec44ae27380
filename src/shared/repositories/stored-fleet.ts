import type { Alert } from "#domain/alert.ts";
import type { Assignments } from "#domain/assignment.ts";
import type { Customer, Dealer } from "#domain/change.ts";
import type { Aspects, Device } from "#domain/device.ts";
import type { DeviceKey, Source } from "#domain/event.ts";
import { type PartyKey, partyKeyOf } from "#domain/party.ts";
import type { Register } from "#domain/register.ts";
import type { Version } from "#domain/version.ts";

/** A device as its rows have it, columns and all, at one moment. */
export type StoredDevice = {
  readonly key: DeviceKey;
  readonly row:
    | (Pick<Device, "aspects" | "latest"> & { readonly revision: number; readonly columns: StoredColumns })
    | null;
  readonly alerts: readonly StoredAlert[];
  readonly assignments: Assignments;
  /** What it is found by, and its customer's name; absent while a Worker still writes these texts. */
  readonly search?: { readonly texts: StoredTexts | null; readonly customerName: string | null };
};

export type StoredColumns = {
  readonly status: string;
  readonly serialNumber: string | null;
  readonly dealerId: string | null;
  readonly customerId: string | null;
  readonly registeredAt: string | null;
  readonly updatedOn: string;
};

export type StoredAlert = {
  readonly alertId: string;
  readonly alert: Alert;
  readonly revision: number;
  readonly columns: { readonly state: string; readonly severity: string | null; readonly raisedAt: string | null };
};

export type StoredTexts = {
  readonly name: string;
  readonly serial: string;
  readonly customer: string;
  readonly owner: string;
};

/** The two kinds of records that belong to a source and not to a device. */
export type PartyKind = "dealer" | "customer";

export type StoredParty = Register<Dealer | Customer> & {
  readonly key: PartyKey;
  readonly id: string;
  readonly source: Source;
  readonly name: string;
};

/** Reads the fleet's rows whole, to compare two databases. It is bound to no scope: no reader of the platform gets these. */
export class StoredFleetRepository {
  readonly #db: Handle;

  constructor(db: Handle) {
    this.#db = db;
  }

  /** Whether there is no device, no dealer and no customer. */
  async isEmpty(): Promise<boolean> {
    const found = await this.#db.prepare(ANY_ROW).first<{ found: number }>();
    return found?.found === 0;
  }

  /** The keys of devices after `after`, in order. */
  async keysAfter(after: string, limit: number): Promise<DeviceKey[]> {
    const { results } = await this.#db
      .prepare("SELECT key FROM devices WHERE key > ?1 ORDER BY key LIMIT ?2")
      .bind(after, limit)
      .all<{ key: DeviceKey }>();
    return results.map(({ key }) => key);
  }

  /** Devices by their keys, all as they are at one moment. A device without a row is among them, with what is left of it. */
  async findDevices(keys: readonly DeviceKey[]): Promise<ReadonlyMap<DeviceKey, StoredDevice>> {
    if (keys.length === 0) return new Map();
    const list = JSON.stringify(keys);
    const results = await this.#db.batch(DEVICE_READS.map((sql) => this.#db.prepare(sql).bind(list)));
    const [devices, alerts, assignments, texts, unfinished] = results.map((result) => result.results) as unknown as [
      DeviceRow[],
      AlertRow[],
      AssignmentRow[],
      TextRow[],
      { key: DeviceKey }[],
    ];
    const rowOf = new Map(devices.map((row) => [row.key, row]));
    const alertsOf = Map.groupBy(alerts, (row) => row.device_key);
    const assignmentsOf = Map.groupBy(assignments, (row) => row.device_key);
    const textOf = new Map(texts.map(({ key, ...text }) => [key, text]));
    const withoutSearch = new Set(unfinished.map(({ key }) => key));
    return new Map(
      keys.map((key): [DeviceKey, StoredDevice] => {
        const row = rowOf.get(key);
        const search = { texts: textOf.get(key) ?? null, customerName: row?.customer_name ?? null };
        const stored: StoredDevice = {
          key,
          row: row ? toRow(row) : null,
          alerts: alertsOf.get(key)?.map(toAlert) ?? [],
          assignments: new Map(assignmentsOf.get(key)?.map(({ version, dealer_id }) => [version, dealer_id])),
        };
        return [key, withoutSearch.has(key) ? stored : { ...stored, search }];
      }),
    );
  }

  /** Records of dealers or customers after one, in the order of ids and sources. Those from before sources are left out. */
  async partiesAfter(
    kind: PartyKind,
    after: readonly [id: string, source: string],
    limit: number,
  ): Promise<StoredParty[]> {
    const { table, id } = PARTIES[kind];
    const { results } = await this.#db
      .prepare(
        `SELECT ${id} AS id, source, version, value, name FROM ${table}
         WHERE (${id}, source) > (?1, ?2) AND source <> '' ORDER BY ${id}, source LIMIT ?3`,
      )
      .bind(after[0], after[1], limit)
      .all<PartyRow>();
    return results.map(toParty);
  }

  async findParties(kind: PartyKind, keys: readonly PartyKey[]): Promise<ReadonlyMap<PartyKey, StoredParty>> {
    if (keys.length === 0) return new Map();
    const { table, id } = PARTIES[kind];
    const { results } = await this.#db
      .prepare(
        `SELECT t.${id} AS id, t.source, t.version, t.value, t.name FROM json_each(?1) j
         JOIN ${table} t ON t.${id} = j.value->>1 AND t.source = j.value->>0`,
      )
      .bind(JSON.stringify(keys.map((key) => [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)])))
      .all<PartyRow>();
    return new Map(results.map(toParty).map((party) => [party.key, party]));
  }
}

/** Where a database is now: Time Travel restores it to this. */
export async function bookmarkOf(db: D1Database): Promise<string | null> {
  const session = db.withSession("first-primary");
  await session.prepare("SELECT 1").first();
  return session.getBookmark();
}

export const PARTIES = {
  dealer: { table: "dealer_records", id: "dealer_id" },
  customer: { table: "customer_records", id: "customer_id" },
} as const satisfies Record<PartyKind, unknown>;

/** D1, or a session of it. */
type Handle = Pick<D1Database, "prepare" | "batch">;

type DeviceRow = {
  readonly key: DeviceKey;
  readonly aspects: string;
  readonly latest: Version;
  readonly revision: number;
  readonly status: string;
  readonly serial_number: string | null;
  readonly dealer_id: string | null;
  readonly customer_id: string | null;
  readonly registered_at: string | null;
  readonly updated_on: string;
  readonly customer_name: string | null;
};
type AlertRow = {
  readonly device_key: DeviceKey;
  readonly alert_id: string;
  readonly alert: string;
  readonly revision: number;
  readonly state: string;
  readonly severity: string | null;
  readonly raised_at: string | null;
};
type AssignmentRow = { readonly device_key: DeviceKey; readonly version: Version; readonly dealer_id: string | null };
type TextRow = StoredTexts & { readonly key: DeviceKey };
type PartyRow = {
  readonly id: string;
  readonly source: Source;
  readonly version: Version;
  readonly value: string;
  readonly name: string;
};

const toRow = (row: DeviceRow): NonNullable<StoredDevice["row"]> => ({
  aspects: JSON.parse(row.aspects) as Aspects,
  latest: row.latest,
  revision: row.revision,
  columns: {
    status: row.status,
    serialNumber: row.serial_number,
    dealerId: row.dealer_id,
    customerId: row.customer_id,
    registeredAt: row.registered_at,
    updatedOn: row.updated_on,
  },
});

const toAlert = (row: AlertRow): StoredAlert => ({
  alertId: row.alert_id,
  alert: JSON.parse(row.alert) as Alert,
  revision: row.revision,
  columns: { state: row.state, severity: row.severity, raisedAt: row.raised_at },
});

const toParty = ({ id, source, version, value, name }: PartyRow): StoredParty => ({
  key: partyKeyOf(source, id),
  id,
  source,
  version,
  value: JSON.parse(value) as Dealer | Customer,
  name,
});

const ANY_ROW = `SELECT EXISTS (SELECT 1 FROM devices) OR EXISTS (SELECT 1 FROM alerts) OR EXISTS (SELECT 1 FROM assignments)
  OR EXISTS (SELECT 1 FROM dealer_records) OR EXISTS (SELECT 1 FROM customer_records) AS found`;

/** Each takes the keys as one JSON array. */
const DEVICE_READS = [
  `SELECT d.key, d.aspects, d.latest, d.revision, d.status, d.serial_number, d.dealer_id, d.customer_id, d.registered_at,
     d.updated_on, c.name AS customer_name
   FROM json_each(?1) j JOIN devices d ON d.key = j.value LEFT JOIN customer_records c
     ON c.customer_id = d.customer_id AND c.source = substr(d.key, 1, instr(d.key, ':') - 1)`,
  `SELECT a.device_key, a.alert_id, a.alert, a.revision, a.state, a.severity, a.raised_at
   FROM json_each(?1) j JOIN alerts a ON a.device_key = j.value`,
  `SELECT a.device_key, a.version, a.dealer_id FROM json_each(?1) j JOIN assignments a ON a.device_key = j.value`,
  `SELECT t.key, t.name, t.serial, t.customer, t.owner FROM json_each(?1) j JOIN device_texts t ON t.key = j.value`,
  // Those that a Worker has not come to yet: from before the texts, or of a customer with another name.
  `SELECT d.key FROM json_each(?1) j JOIN devices d ON d.key = j.value
   WHERE d.key > (SELECT through FROM fill_progress WHERE name = 'search') OR EXISTS (SELECT 1 FROM renamed_customers r
     WHERE r.customer_id = d.customer_id AND r.source = substr(d.key, 1, instr(d.key, ':') - 1))`,
];
