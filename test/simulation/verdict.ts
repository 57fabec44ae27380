import { env as testEnv } from "cloudflare:workers";
import type { Alert } from "#domain/alert.ts";
import { viewAlert } from "#domain/alert.ts";
import { toIntervals } from "#domain/assignment.ts";
import { type Aspects, viewDevice } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { formatOccurredAt, type Version, versionEventId } from "#domain/version.ts";
import { foldOracle, type OracleDevice } from "../../samples/oracle.ts";
import { OUTDATED, outdatedText } from "./faults.ts";
import type { StreamRecord } from "./stream.ts";

const { DB, DEVICES } = testEnv as unknown as {
  DB: D1Database;
  DEVICES: { getByName(key: string): DeviceSnapshotSource };
};

/** The stored state of the devices of one stream, in the oracle's shape. */
export async function heldDevices(name: string): Promise<Map<string, object>> {
  // "." sorts right after "-", so the range has the stream's devices and no others.
  const rows = <T>(sql: string) => DB.prepare(sql).bind(`elt:${name}-`, `elt:${name}.`).all<T>();
  const [devices, alerts, assignments] = await Promise.all([
    rows<{ key: DeviceKey; aspects: string; latest: Version }>("SELECT * FROM devices WHERE key >= ? AND key < ?"),
    rows<{ device_key: string; alert_id: string; alert: string }>(
      "SELECT * FROM alerts WHERE device_key >= ? AND device_key < ?",
    ),
    rows<{ device_key: string; version: Version; dealer_id: string | null }>(
      "SELECT * FROM assignments WHERE device_key >= ? AND device_key < ?",
    ),
  ]);
  const held = devices.results.map(async ({ key, aspects, latest }): Promise<[string, object]> => {
    const own = <T extends { device_key: string }>(list: T[]) => list.filter((row) => row.device_key === key);
    const view = viewDevice({ aspects: JSON.parse(aspects) as Aspects, latest });
    const snapshot = await DEVICES.getByName(key).snapshot();
    const device = {
      ...summary(view),
      alerts: own(alerts.results)
        .map((row) => ({ alertId: row.alert_id, ...viewAlert(JSON.parse(row.alert) as Alert) }))
        .map(({ alertId, state, severity, raisedAt, clearedAt }) => ({
          alertId,
          state,
          severity: severity?.toUpperCase() ?? null,
          raisedAt,
          clearedAt,
        })),
      assignments: toIntervals(new Map(own(assignments.results).map((row) => [row.version, row.dealer_id]))).map(
        ({ dealerId, from, to }) => ({ dealerId, from: formatOccurredAt(from), to: to && formatOccurredAt(to) }),
      ),
      history: snapshot?.history.map(({ version }) => versionEventId(version)),
      inObject: { aspects: JSON.stringify(snapshot?.aspects), latest: snapshot?.latest },
      inD1: { aspects, latest },
    };
    return [key, device];
  });
  return new Map(await Promise.all(held));
}

type Summary = Pick<OracleDevice, "status" | "serialNumber" | "name" | "registeredAt" | "updatedAt" | "report">;

const summary = ({
  status,
  serialNumber,
  name,
  registeredAt,
  updatedAt,
  report,
}: {
  status: unknown;
  serialNumber: unknown;
  name: unknown;
  registeredAt: unknown;
  updatedAt: unknown;
  report: { online: boolean; indoorTemperatureC?: number | null; reportedAt: string } | null;
}) => ({
  status,
  serialNumber,
  name,
  registeredAt,
  updatedAt,
  report: report && {
    online: report.online,
    indoorTemperatureC: report.indoorTemperatureC,
    reportedAt: report.reportedAt,
  },
});

/** The expected state, computed by the oracle, which shares no code with the platform. */
export function expectedDevices(
  records: readonly StreamRecord[],
  held: ReadonlyMap<string, object>,
): Map<string, object> {
  const good = records.filter(({ fate }) => fate === "applied");
  return new Map(
    [...foldOracle(good)].map(([key, device]) => [
      key,
      {
        ...summary(device as Summary),
        alerts: device.alerts.map(({ alertId, state, severity, raisedAt, clearedAt }) => ({
          alertId,
          state,
          severity,
          raisedAt,
          clearedAt,
        })),
        assignments: device.assignments,
        history: device.history,
        // The two stores are compared with each other: each converged alone.
        inObject: (held.get(key) as { inD1?: object } | undefined)?.inD1,
        inD1: (held.get(key) as { inD1?: object } | undefined)?.inD1,
      },
    ]),
  );
}

/** The letters of one stream: the values and the reasons. */
export async function heldLetters(name: string): Promise<Map<string, string>> {
  const { results } = await DB.prepare("SELECT reason, record FROM dead_letters WHERE record LIKE ?")
    .bind(`%${name}-%`)
    .all<{ reason: string; record: string }>();
  const letters = new Map<string, string>();
  for (const { reason, record } of results) {
    const { value } = JSON.parse(record) as { value: string };
    if (letters.has(value)) throw new Error(`two letters of one record: ${value}`);
    letters.set(value, reason);
  }
  return letters;
}

const REASONS = {
  refused: "schema_mismatch",
  outdated: "schema_mismatch",
  poison: "fault",
  thrower: "fault",
  killer: "crash",
} as const;

export const expectedLetters = (records: readonly StreamRecord[]): Map<string, string> =>
  new Map(
    records.flatMap(({ fate, value }): [string, string][] => {
      if (fate === "applied" || value === null) return [];
      return [[fate === OUTDATED ? outdatedText(value) : value, REASONS[fate]]];
    }),
  );
