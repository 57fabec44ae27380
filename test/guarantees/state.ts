import type { Scope } from "#auth/scope.ts";
import { type Alert, viewAlert } from "#domain/alert.ts";
import { toIntervals } from "#domain/assignment.ts";
import { type Aspects, viewDevice } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { formatOccurredAt, type Version, versionEventId } from "#domain/version.ts";
import { AlertRepository } from "#repositories/alert.ts";
import type { PageRequest } from "#repositories/page.ts";
import { ReadSession } from "#repositories/read-session.ts";
import { Devices } from "#services/devices.ts";
import { foldOracle, type OracleDevice } from "../../samples/oracle.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { DB, DEVICES } from "./stores.ts";

/** The state of some records' devices in D1 and in the objects, in the oracle's shape. */
export async function heldOf(records: readonly SampleRecord[]): Promise<Map<string, object>> {
  const keys = [...new Set(records.map(({ key }) => `elt:${key}`))];
  return new Map(await Promise.all(keys.map(async (key) => [key, await heldOfDevice(key)] as const)));
}

/** Each source's record of a dealer or a customer. */
export async function namesOf(party: string, id: string): Promise<Record<string, string>> {
  const { results } = await DB.prepare(
    `SELECT source, value ->> 'name' AS name FROM ${party}_records WHERE ${party}_id = ?`,
  )
    .bind(id)
    .all<{ source: string; name: string }>();
  return Object.fromEntries(results.map(({ source, name }) => [source, name]));
}

async function heldOfDevice(key: string): Promise<object> {
  const rows = <T>(sql: string) => DB.prepare(sql).bind(key).all<T>();
  const [devices, alerts, assignments, dealers, customers, snapshot] = await Promise.all([
    rows<{ aspects: string; latest: Version }>("SELECT * FROM devices WHERE key = ?"),
    rows<{ alert_id: string; alert: string }>("SELECT * FROM alerts WHERE device_key = ? ORDER BY alert_id"),
    rows<{ version: Version; dealer_id: string | null }>("SELECT * FROM assignments WHERE device_key = ?"),
    rows<{ value: string }>(
      "SELECT value FROM dealer_records WHERE source = 'elt' AND dealer_id IN (SELECT dealer_id FROM devices WHERE key = ?)",
    ),
    rows<{ value: string }>(
      "SELECT value FROM customer_records WHERE source = 'elt' AND customer_id IN (SELECT customer_id FROM devices WHERE key = ?)",
    ),
    (DEVICES.getByName(key) as unknown as DeviceSnapshotSource).snapshot(),
  ]);
  const [row] = devices.results;
  const nameIn = ([party]: { value: string }[]) => (party ? JSON.parse(party.value).name : null);
  return {
    inD1: row && summaryOf(viewDevice({ aspects: JSON.parse(row.aspects) as Aspects, latest: row.latest })),
    inObject: snapshot && summaryOf(viewDevice(snapshot)),
    history: snapshot?.history.map(({ version }) => versionEventId(version)) ?? [],
    alerts: alerts.results.map(({ alert_id, alert }) => {
      const view = viewAlert(JSON.parse(alert) as Alert);
      return alertOf({ ...view, alertId: alert_id, severity: view.severity?.toUpperCase() ?? null });
    }),
    assignments: toIntervals(new Map(assignments.results.map((each) => [each.version, each.dealer_id]))).map(
      ({ dealerId, from, to }) => ({ dealerId, from: formatOccurredAt(from), to: to && formatOccurredAt(to) }),
    ),
    dealer: nameIn(dealers.results),
    customer: nameIn(customers.results),
  };
}

/** The expected state, computed by the oracle, which shares no code with the platform. */
export const foldOf = (records: readonly SampleRecord[]): Map<string, object> =>
  new Map([...foldOracle(records)].map(([key, device]) => [key, foldOfDevice(device)]));

const foldOfDevice = (device: OracleDevice): object => ({
  inD1: summaryOf(device),
  inObject: summaryOf(device),
  history: device.history,
  alerts: device.alerts.map(alertOf),
  assignments: device.assignments,
  dealer: device.dealer?.name ?? null,
  customer: device.customer?.name ?? null,
});

type Summary = Pick<OracleDevice, "serialNumber" | "name" | "registeredAt" | "updatedAt"> & {
  readonly status: string;
  readonly report: { readonly online: boolean; readonly indoorTemperatureC?: number | null; reportedAt: string } | null;
};

const summaryOf = ({ status, serialNumber, name, registeredAt, updatedAt, report }: Summary): Summary => ({
  status,
  serialNumber,
  name,
  registeredAt: registeredAt && new Date(registeredAt).toISOString(),
  updatedAt,
  report: report && {
    online: report.online,
    indoorTemperatureC: report.indoorTemperatureC,
    reportedAt: report.reportedAt,
  },
});

type AlertSummary = {
  readonly alertId: string;
  readonly state: string;
  readonly severity: string | null;
  readonly raisedAt: string | null;
  readonly clearedAt: string | null;
};

const alertOf = ({ alertId, state, severity, raisedAt, clearedAt }: AlertSummary): AlertSummary => ({
  alertId,
  state,
  severity,
  raisedAt,
  clearedAt,
});

/** The part of a dead letter that these tests need. */
export type HeldLetter = {
  readonly id: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly reason: string;
  readonly failures: number;
  readonly value: string;
};

/** The letters of records that contain a text. */
export async function lettersWith(text: string): Promise<HeldLetter[]> {
  const { results } = await DB.prepare(
    "SELECT id, state, outcome, reason, failures, record->>'value' AS value FROM dead_letters WHERE record LIKE ? ORDER BY value",
  )
    .bind(`%${text}%`)
    .all<HeldLetter>();
  return results;
}

/** What a dealer reads of a device: the ids of its events, and its alerts. */
export async function readBy(dealerId: string, key: DeviceKey): Promise<{ history: string[]; alerts: string[] }> {
  const scope: Scope = { role: "dealer", dealerIds: [dealerId] };
  const page: PageRequest = { size: 100, from: "start", after: null, before: null };
  const session = new ReadSession(DB);
  const devices = new Devices({
    scope,
    session,
    objectOf: (one) => DEVICES.getByName(one) as unknown as DeviceSnapshotSource,
    commands: { setDesired: () => Promise.reject(new Error("these tests send no commands")) },
  });
  const history = await devices.history(key, { page });
  const alerts = (await new AlertRepository(session).findPagesByDevice(scope, [key], { page })).get(key);
  return {
    history: history.edges.map(({ node }) => versionEventId(node.version)).toSorted(),
    alerts: alerts?.edges.map(({ node }) => node.alertId).toSorted() ?? [],
  };
}
