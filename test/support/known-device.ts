import { viewAlert } from "#domain/alert.ts";
import type { DeviceState } from "#domain/as-of.ts";
import { toIntervals } from "#domain/assignment.ts";
import { viewDevice } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { formatOccurredAt, type Version } from "#domain/version.ts";
import { foldOracle, type OracleDevice } from "../../samples/oracle.ts";
import type { Received } from "./archived-year.ts";

/** What both call by the same name. */
const SAME = ["status", "serialNumber", "model", "firmware", "name", "features", "registeredAt", "updatedAt"] as const;
type Same = Readonly<Record<(typeof SAME)[number], unknown>>;
const same = (device: Same): Same => Object.fromEntries(SAME.map((name) => [name, device[name]])) as Same;

/** What both know of a device, in the oracle's words. */
export const known = (state: DeviceState | null) =>
  state && {
    ...same(viewDevice(state)),
    dealerId: viewDevice(state).dealerId,
    customerId: viewDevice(state).customerId,
    temperature: viewDevice(state).report?.indoorTemperatureC ?? null,
    reportedAt: viewDevice(state).report?.reportedAt ?? null,
    desired: viewDevice(state).desired?.version ?? null,
    alerts: [...state.alerts]
      .map(([alertId, alert]) => {
        const { state: is, code, text, raisedAt, clearedAt } = viewAlert(alert);
        return { alertId, state: is, code, text, raisedAt, clearedAt };
      })
      .sort((a, b) => (a.alertId < b.alertId ? -1 : 1)),
    assignments: toIntervals(state.assignments).map(({ dealerId, from, to }) => ({
      dealerId,
      from: formatOccurredAt(from),
      to: to && formatOccurredAt(to as Version),
    })),
  };

const expected = (device: OracleDevice | undefined) =>
  device
    ? {
        ...same(device),
        dealerId: device.dealer?.dealerId ?? null,
        customerId: device.customer?.customerId ?? null,
        temperature: device.report?.indoorTemperatureC ?? null,
        reportedAt: device.report?.reportedAt ?? null,
        desired: device.twin.version,
        alerts: device.alerts.map(({ alertId, state, code, text, raisedAt, clearedAt }) => ({
          alertId,
          state,
          code,
          text,
          raisedAt,
          clearedAt,
        })),
        assignments: device.assignments,
      }
    : null;

export const occurredAt = ({ sample }: Received): string => JSON.parse(sample.value as string).occurredAt;
export const occurredAtMs = (received: Received): number => Date.parse(occurredAt(received));
/** A time to its last digit, as text that sorts. */
const exact = (time: string): string =>
  new Date(time.replace(/\.\d+/, "")).toISOString().slice(0, 19) + (/\.(\d+)/.exec(time)?.[1] ?? "").padEnd(18, "0");

export const keyOf = ({ sample }: Received): DeviceKey => `${sample.topic.split(".")[1]}:${sample.key}` as DeviceKey;
/** What the oracle makes of the records that had occurred by a time and were received by another. */
export const oracleOf = (records: readonly Received[], key: DeviceKey, at: string, knownAtMs: number) => {
  const counting = records.filter(
    (one) => keyOf(one) === key && exact(occurredAt(one)) <= exact(at) && one.receivedAtMs <= knownAtMs,
  );
  return expected(foldOracle(counting.map(({ sample }) => sample)).get(key));
};
