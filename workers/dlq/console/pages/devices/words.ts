import type { DeviceJson, Place } from "../../../../../src/shared/desk/device-api.ts";
import type { AlertState } from "../../../../../src/shared/domain/alert.ts";
import type { Severity, StatusReport } from "../../../../../src/shared/domain/change.ts";
import type { DeviceStatus } from "../../../../../src/shared/domain/device.ts";
import type { Source } from "../../../../../src/shared/domain/event.ts";
import type { Tone } from "../../parts/badge.tsx";

export const STATUS_TONES: Readonly<Record<DeviceStatus, Tone>> = {
  ONLINE: "good",
  OFFLINE: "bad",
  REGISTERED: "info",
  UNREGISTERED: "warn",
  RETIRED: "quiet",
};

export const SEARCHED_STATUSES = Object.keys(STATUS_TONES) as readonly DeviceStatus[];

/** A record, so that a new source fails the build here. */
export const SEARCHED_SOURCES = Object.keys({ infinity: 1, elt: 1, ecobee: 1 } satisfies Record<Source, 1>);

/** "ONLINE" → "Online" */
export const sentenceOf = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

export const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = { critical: "bad", warning: "warn", info: "info" };

export const ALERT_STATE_TONES: Readonly<Record<AlertState, Tone>> = {
  OPEN: "bad",
  ACKNOWLEDGED: "warn",
  CLEARED: "quiet",
};

/** What an event is about, of "device.elt.status.reported": ["status", "reported"]. */
export function aboutOf(topic: string): readonly [entity: string, action: string] {
  const [, , entity = "other", action = topic] = topic.split(".");
  return [entity, action];
}

const MODES: Readonly<Record<string, string>> = { auxHeat: "auxiliary heat" };

export const degreesOf = (value: number): string => `${Number(value.toFixed(1))} °C`;

/** A member of a twin as people say it. */
export const settingOf = (value: unknown): string =>
  typeof value === "number" ? degreesOf(value) : typeof value === "string" ? (MODES[value] ?? value) : "–";

/** "heat · 20.5 °C · 38 % · furnace1, fan" */
export function reportLine({ online, mode, indoorTemperatureC, humidityPct, equipment }: StatusReport): string {
  const parts = [
    online ? undefined : "offline",
    mode && settingOf(mode),
    indoorTemperatureC === undefined ? undefined : degreesOf(indoorTemperatureC),
    humidityPct === undefined ? undefined : `${Math.round(humidityPct)} %`,
    equipment && equipment.length > 0 ? equipment.join(", ") : undefined,
  ];
  return parts.filter(Boolean).join(" · ");
}

/** "US, Texas, •••" */
export const placeLine = ({ country, region, city }: Place): string =>
  [country, region, city].filter(Boolean).join(", ");

/** In one line, the scalars of an event's data that say most. */
export function dataLine(data: unknown): string {
  if (typeof data !== "object" || data === null) return data === null ? "no value" : String(data);
  const record = data as Readonly<Record<string, unknown>>;
  if (typeof record.online === "boolean") return reportLine(record as unknown as StatusReport) || "online";
  // What says by itself what it is comes first, and ids last.
  const members = Object.entries(record).sort(([a], [b]) => rankOf(a) - rankOf(b));
  return members
    .flatMap(([name, value]) => wordOf(name, value) ?? [])
    .slice(0, 4)
    .join(" · ");
}

function wordOf(name: string, value: unknown): string | undefined {
  if (typeof value === "object" && value !== null) {
    const { dealerId, customerId } = value as { readonly dealerId?: string; readonly customerId?: string };
    return dealerId ?? customerId;
  }
  if (typeof value === "number" && name.endsWith("C")) return `${wordsOf(name.slice(0, -1))} ${degreesOf(value)}`;
  return UNSAID.has(name) ? String(value) : `${wordsOf(name)} ${String(value)}`;
}

/** Members whose values say what they are. */
const UNSAID = new Set(["code", "severity", "text", "mode", "name", "model", "reason", "resolution", "alertType"]);

const rankOf = (name: string): number => (UNSAID.has(name) ? 0 : /(Id|Ref)$/.test(name) ? 2 : 1);

/** "heatSetpoint" → "heat setpoint" */
export const wordsOf = (name: string): string => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();

/** What it is, in a few words. */
export const kindOf = ({ model, firmware }: Pick<DeviceJson, "model" | "firmware">): string =>
  [model, firmware && `firmware ${firmware}`].filter(Boolean).join(", ");
