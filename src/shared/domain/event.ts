import type { Change } from "./change.ts";
import { SOURCES, type Source } from "./sources.ts";
import type { Version } from "./version.ts";

export { SOURCES, type Source } from "./sources.ts";

/** `{source}:{deviceId}`; case matters. */
export type DeviceKey = `${Source}:${string}`;

/** The key of a source's device: `elt:t-1` of `elt` and `t-1`. */
export const deviceKeyOf = (source: Source, deviceId: string): DeviceKey => `${source}:${deviceId}`;

/** The source in a key: `elt` of `elt:t-1`. */
export function sourceOf(key: DeviceKey): Source {
  return key.slice(0, key.indexOf(":")) as Source;
}

/** The source's own id in a key: `t-1` of `elt:t-1`. */
export const deviceIdOf = (key: DeviceKey): string => key.slice(key.indexOf(":") + 1);

/** A record that its contract accepted. Plain data, so that it can cross a queue or an RPC call. */
export type ConcordEvent = {
  readonly topic: string;
  readonly deviceKey: DeviceKey;
  readonly eventId: string;
  /** The time in `version`, cut off to milliseconds, for latencies. Only the version says which event is newer. */
  readonly occurredAtMs: number;
  readonly version: Version;
  /** The validated `data` member, in the source's own shape. */
  readonly data: unknown;
  readonly change: Change;
};

/** Whether a text begins with a known source, as a key does. It says nothing about whether the device exists. */
export const isDeviceKey = (text: string): text is DeviceKey =>
  SOURCES.some((source) => text.startsWith(`${source}:`) && text.length > source.length + 1);
