import type { DeviceTexts } from "#archive/compare/columns.ts";
import type { LiveDevice } from "#archive/compare/device.ts";
import type { LiveParty } from "#archive/compare/party.ts";
import type { Alert } from "#domain/alert.ts";
import type { Aspects, Device } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Forgotten, ForgottenId } from "#domain/forgotten.ts";
import type { PartyKey } from "#domain/party.ts";
import type { Version } from "#domain/version.ts";

/** Somebody who was forgotten, and when that was done to all that is stored. */
export type ForgottenState = Forgotten & { readonly redactedAtMs: number | null };

/** A dealer or a customer. */
export type PartyKind = "dealer" | "customer";

/** Reads what is stored of devices, dealers and customers, as it is in the primary database, and counts the rows. */
export class LiveState {
  readonly #db: D1DatabaseSession;
  /** Rows that D1 has read so far. */
  rowsRead = 0;

  constructor(db: D1Database) {
    this.#db = db.withSession("first-primary");
  }

  /** @param keys at most some hundred; all that is read of them is of one moment */
  async readDevices(keys: readonly DeviceKey[]): Promise<LiveDevice[]> {
    if (keys.length === 0) return [];
    const [devices, alerts, assignments, texts, customers, through] = (await this.#batch(
      [READ.devices, READ.alerts, READ.assignments, READ.texts, READ.customers, READ.through],
      keys,
    )) as [DeviceRow[], AlertRow[], AssignmentRow[], TextRow[], CustomerRow[], { through: string }[]];
    const rowOf = new Map(devices.map((row) => [row.key, row]));
    const alertsOf = Map.groupBy(alerts, ({ key }) => key);
    const assignmentsOf = Map.groupBy(assignments, ({ key }) => key);
    const textsOf = new Map(texts.map(({ key, ...text }) => [key, text]));
    const customerOf = new Map(customers.map((row) => [row.key, row]));
    const filled = through[0]?.through ?? "";
    return keys.map((key): LiveDevice => {
      const row = rowOf.get(key);
      const text = textsOf.get(key) ?? null;
      const customer = customerOf.get(key);
      // A renamed customer's devices get the new name step by step.
      const customerName = customer?.isBeingRenamed ? (text?.customer ?? null) : (customer?.name ?? null);
      return {
        key,
        row: row ? toRow(row) : null,
        alerts: (alertsOf.get(key) ?? []).map(({ alertId, alert, state, severity, raisedAt }) => ({
          alertId,
          alert: JSON.parse(alert) as Alert,
          columns: { state, severity, raisedAt },
        })),
        assignments: new Map((assignmentsOf.get(key) ?? []).map(({ version, dealerId }) => [version, dealerId])),
        ...(key <= filled && { search: { texts: text, customerName } }),
      };
    });
  }

  /** The keys of the devices behind `after`, in their order. */
  async deviceKeysAfter(after: string, limit: number): Promise<DeviceKey[]> {
    const rows = await this.#rows("SELECT key FROM devices WHERE key > ?1 ORDER BY key LIMIT ?2", [after, limit]);
    return rows.map(({ key }) => key as DeviceKey);
  }

  async readParties(kind: PartyKind, keys: readonly PartyKey[]): Promise<Map<PartyKey, LiveParty>> {
    if (keys.length === 0) return new Map();
    const pairs = keys.map((key) => [key.slice(key.indexOf(":") + 1), key.slice(0, key.indexOf(":"))]);
    const rows = await this.#rows(
      `SELECT p.source || ':' || p.${kind}_id AS key, p.version, p.value, p.name FROM json_each(?1) j
        JOIN ${kind}_records p ON p.${kind}_id = j.value->>0 AND p.source = j.value->>1`,
      [JSON.stringify(pairs)],
    );
    return new Map(rows.map((row) => [row.key as PartyKey, toParty(row as PartyRow)]));
  }

  /** The keys of the records behind one, in the order of ids and sources. Records of no source are left out. */
  async partyKeysAfter(kind: PartyKind, after: readonly [id: string, source: string], limit: number) {
    const rows = await this.#rows(
      `SELECT ${kind}_id AS id, source FROM ${kind}_records
        WHERE (${kind}_id, source) > (?1, ?2) ORDER BY ${kind}_id, source LIMIT ?3`,
      [...after, limit],
    );
    return rows as { readonly id: string; readonly source: string }[];
  }

  /** Of these keys, those of somebody who was forgotten. `redactedAtMs` is `null` until all that is stored is redacted. */
  async readForgotten(ids: readonly ForgottenId[]): Promise<Map<ForgottenId, ForgottenState>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#rows(
      `SELECT f.id, f.until_ms AS untilMs, f.request_id AS requestId, f.redacted_at_ms AS redactedAtMs
        FROM json_each(?1) j JOIN forgotten f ON f.id = j.value`,
      [JSON.stringify(ids)],
    );
    return new Map((rows as (ForgottenState & { id: ForgottenId })[]).map(({ id, ...state }) => [id, state]));
  }

  async #batch(statements: readonly string[], keys: readonly unknown[]): Promise<unknown[][]> {
    const json = JSON.stringify(keys);
    const results = await this.#db.batch(
      statements.map((sql) => {
        const statement = this.#db.prepare(sql);
        return sql.includes("?1") ? statement.bind(json) : statement;
      }),
    );
    for (const { meta } of results) this.rowsRead += meta.rows_read;
    return results.map((result) => result.results);
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

type DeviceRow = {
  key: DeviceKey;
  aspects: string;
  latest: Version;
  status: string;
  serialNumber: string | null;
  dealerId: string | null;
  customerId: string | null;
  registeredAt: string | null;
  updatedOn: string;
};
type AlertRow = {
  key: DeviceKey;
  alertId: string;
  alert: string;
  state: string;
  severity: string | null;
  raisedAt: string | null;
};
type AssignmentRow = { key: DeviceKey; version: Version; dealerId: string | null };
type TextRow = DeviceTexts & { key: DeviceKey };
type CustomerRow = { key: DeviceKey; name: string; isBeingRenamed: number };
type PartyRow = { key: string; version: Version; value: string; name: string };

function toRow({ key: _, aspects, latest, ...columns }: DeviceRow): Pick<Device, "aspects" | "latest"> & {
  columns: Omit<DeviceRow, "key" | "aspects" | "latest">;
} {
  return { aspects: JSON.parse(aspects) as Aspects, latest, columns };
}

const toParty = ({ version, value, name }: PartyRow): LiveParty => ({
  version,
  value: JSON.parse(value) as LiveParty["value"],
  name,
});

const READ = {
  devices: `SELECT d.key, d.aspects, d.latest, d.status, d.serial_number AS serialNumber, d.dealer_id AS dealerId,
      d.customer_id AS customerId, d.registered_at AS registeredAt, d.updated_on AS updatedOn
    FROM json_each(?1) j JOIN devices d ON d.key = j.value`,
  alerts: `SELECT a.device_key AS key, a.alert_id AS alertId, a.alert, a.state, a.severity, a.raised_at AS raisedAt
    FROM json_each(?1) j JOIN alerts a ON a.device_key = j.value`,
  assignments: `SELECT a.device_key AS key, a.version, a.dealer_id AS dealerId
    FROM json_each(?1) j JOIN assignments a ON a.device_key = j.value`,
  texts: `SELECT t.key, t.name, t.serial, t.customer, t.owner FROM json_each(?1) j JOIN device_texts t ON t.key = j.value`,
  customers: `SELECT d.key, c.name, EXISTS (
      SELECT 1 FROM renamed_customers r WHERE r.customer_id = c.customer_id AND r.source = c.source
    ) AS isBeingRenamed
    FROM json_each(?1) j JOIN devices d ON d.key = j.value
    JOIN customer_records c ON c.customer_id = d.customer_id AND c.source = substr(d.key, 1, instr(d.key, ':') - 1)`,
  through: "SELECT through FROM fill_progress WHERE name = 'search'",
};
