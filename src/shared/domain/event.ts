import type { Change } from "./change.ts";
import type { Version } from "./version.ts";

export const SOURCES = ["infinity", "elt", "ecobee"] as const;
export type Source = (typeof SOURCES)[number];

/** `{source}:{deviceId}`; case matters. */
export type DeviceKey = `${Source}:${string}`;

export const deviceKeyOf = (source: Source, deviceId: string): DeviceKey => `${source}:${deviceId}`;

export function sourceOf(key: DeviceKey): Source {
  return key.slice(0, key.indexOf(":")) as Source;
}

export const deviceIdOf = (key: DeviceKey): string => key.slice(key.indexOf(":") + 1);

/** A record that passed its contract. Plain data: it may cross a queue or an RPC call as it is. */
export type ConcordEvent = {
  readonly topic: string;
  readonly deviceKey: DeviceKey;
  readonly eventId: string;
  /** Whole milliseconds of `version`, for clocks and figures; the version alone says which event is newer. */
  readonly occurredAtMs: number;
  readonly version: Version;
  /** The validated `data` member, in the source's own words. */
  readonly data: unknown;
  readonly change: Change;
};

export const isDeviceKey = (text: string): text is DeviceKey =>
  SOURCES.some((source) => text.startsWith(`${source}:`) && text.length > source.length + 1);
