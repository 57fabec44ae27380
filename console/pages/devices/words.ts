import type { AlertState } from "#domain/alert.ts";
import type { Severity, StatusReport } from "#domain/change.ts";
import type { DeviceStatus } from "#domain/device.ts";
import type { DeviceJson, Place } from "#ops/device-api.ts";
import type { Tone } from "../../parts/badge.tsx";

export const STATUS_TONES: Readonly<Record<DeviceStatus, Tone>> = {
  ONLINE: "good",
  OFFLINE: "bad",
  REGISTERED: "info",
  UNREGISTERED: "warn",
  RETIRED: "quiet",
};

export const SEARCHED_STATUSES = Object.keys(STATUS_TONES) as readonly DeviceStatus[];

/** "ONLINE" → "Online" */
export const capitalize = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

export const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = { critical: "bad", warning: "warn", info: "info" };

export const ALERT_STATE_TONES: Readonly<Record<AlertState, Tone>> = {
  OPEN: "bad",
  ACKNOWLEDGED: "warn",
  CLEARED: "quiet",
};

/** The entity and action of a topic: ["status", "reported"] of "device.elt.status.reported". */
export function splitTopic(topic: string): readonly [entity: string, action: string] {
  const [, , entity = "other", action = topic] = topic.split(".");
  return [entity, action];
}

const MODES: Readonly<Record<string, string>> = { auxHeat: "auxiliary heat" };

export const formatDegrees = (value: number): string => `${Number(value.toFixed(1))} °C`;

/** A value of a twin in words. */
export const formatSetting = (value: unknown): string =>
  typeof value === "number" ? formatDegrees(value) : typeof value === "string" ? (MODES[value] ?? value) : "–";

/** "heat · 20.5 °C · 38 % · furnace1, fan" */
export function reportLine({ online, mode, indoorTemperatureC, humidityPct, equipment }: StatusReport): string {
  const parts = [
    online ? undefined : "offline",
    mode && formatSetting(mode),
    indoorTemperatureC === undefined ? undefined : formatDegrees(indoorTemperatureC),
    humidityPct === undefined ? undefined : `${Math.round(humidityPct)} %`,
    equipment && equipment.length > 0 ? equipment.join(", ") : undefined,
  ];
  return parts.filter(Boolean).join(" · ");
}

/** "US, Texas, •••" */
export const placeLine = ({ country, region, city }: Place): string =>
  [country, region, city].filter(Boolean).join(", ");

/** The most informative values of an event's data, in one line. */
export function dataLine(data: unknown): string {
  if (typeof data !== "object" || data === null) return data === null ? "no value" : String(data);
  const record = data as Readonly<Record<string, unknown>>;
  if (typeof record.online === "boolean") return reportLine(record as unknown as StatusReport) || "online";
  // Values that need no name come first, and ids last.
  const members = Object.entries(record).sort(([a], [b]) => rankOf(a) - rankOf(b));
  return members
    .flatMap(([name, value]) => describeMember(name, value) ?? [])
    .slice(0, 4)
    .join(" · ");
}

function describeMember(name: string, value: unknown): string | undefined {
  if (typeof value === "object" && value !== null) {
    const { dealerId, customerId } = value as { readonly dealerId?: string; readonly customerId?: string };
    return dealerId ?? customerId;
  }
  if (typeof value === "number" && name.endsWith("C"))
    return `${splitWords(name.slice(0, -1))} ${formatDegrees(value)}`;
  return UNNAMED.has(name) ? String(value) : `${splitWords(name)} ${String(value)}`;
}

/** Members whose values are clear without their names. */
const UNNAMED = new Set(["code", "severity", "text", "mode", "name", "model", "reason", "resolution", "alertType"]);

const rankOf = (name: string): number => (UNNAMED.has(name) ? 0 : /(Id|Ref)$/.test(name) ? 2 : 1);

/** "heatSetpoint" → "heat setpoint" */
export const splitWords = (name: string): string => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();

/** The model and firmware in a few words. */
export const kindOf = ({ model, firmware }: Pick<DeviceJson, "model" | "firmware">): string =>
  [model, firmware && `firmware ${firmware}`].filter(Boolean).join(", ");
