import { foldOracle, type OracleDevice } from "../../samples/oracle.ts";
import type { SampleRecord } from "../../samples/record.ts";
import type { Scope } from "../../src/shared/auth/scope.ts";
import { type Alert, viewAlert } from "../../src/shared/domain/alert.ts";
import { intervalsOf } from "../../src/shared/domain/assignment.ts";
import { type Aspects, viewDevice } from "../../src/shared/domain/device.ts";
import type { DeviceKey } from "../../src/shared/domain/event.ts";
import type { DeviceSnapshotSource } from "../../src/shared/domain/snapshot.ts";
import { eventIdIn, occurredAtOf, type Version } from "../../src/shared/domain/version.ts";
import { AlertRepository } from "../../src/shared/repositories/alert.ts";
import type { PageRequest } from "../../src/shared/repositories/page.ts";
import { ReadSession } from "../../src/shared/repositories/read-session.ts";
import { Devices } from "../../src/shared/services/devices.ts";
import { DB, DEVICES } from "./stores.ts";

/** What D1 and the devices' objects hold of the devices that some records speak of, in the oracle's shape. */
export async function heldOf(records: readonly SampleRecord[]): Promise<Map<string, object>> {
  const keys = [...new Set(records.map(({ key }) => `elt:${key}`))];
  return new Map(await Promise.all(keys.map(async (key) => [key, await heldOfDevice(key)] as const)));
}

/** What each source's record of a dealer or a customer says. */
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
    history: snapshot?.history.map(({ version }) => eventIdIn(version)) ?? [],
    alerts: alerts.results.map(({ alert_id, alert }) => {
      const view = viewAlert(JSON.parse(alert) as Alert);
      return alertOf({ ...view, alertId: alert_id, severity: view.severity?.toUpperCase() ?? null });
    }),
    assignments: intervalsOf(new Map(assignments.results.map((each) => [each.version, each.dealer_id]))).map(
      ({ dealerId, from, to }) => ({ dealerId, from: occurredAtOf(from), to: to && occurredAtOf(to) }),
    ),
    dealer: nameIn(dealers.results),
    customer: nameIn(customers.results),
  };
}

/** What they have to hold, found by the oracle, which shares no code with the platform. */
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

/** A dead letter, as far as these tests ask. */
export type HeldLetter = {
  readonly id: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly reason: string;
  readonly failures: number;
  readonly value: string;
};

/** The letters of records that hold a text. */
export async function lettersWith(text: string): Promise<HeldLetter[]> {
  const { results } = await DB.prepare(
    "SELECT id, state, outcome, reason, failures, record->>'value' AS value FROM dead_letters WHERE record LIKE ? ORDER BY value",
  )
    .bind(`%${text}%`)
    .all<HeldLetter>();
  return results;
}

/** What a dealer reads of a device: its events' ids, and its alerts. */
export async function readBy(dealerId: string, key: DeviceKey): Promise<{ history: string[]; alerts: string[] }> {
  const scope: Scope = { role: "dealer", dealerIds: [dealerId] };
  const page: PageRequest = { size: 100, from: "start", after: null, before: null };
  const session = new ReadSession(DB);
  const devices = new Devices({
    scope,
    session,
    objectOf: (one) => DEVICES.getByName(one) as unknown as DeviceSnapshotSource,
    commands: { setDesired: () => Promise.reject(new Error("nobody desires anything here")) },
  });
  const history = await devices.history(key, { page });
  const alerts = (await new AlertRepository(session).findPagesByDevice(scope, [key], { page })).get(key);
  return {
    history: history.edges.map(({ node }) => eventIdIn(node.version)).toSorted(),
    alerts: alerts?.edges.map(({ node }) => node.alertId).toSorted() ?? [],
  };
}
