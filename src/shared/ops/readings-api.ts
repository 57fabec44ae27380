import type { ReadingPoint } from "#domain/readings.ts";
import type { DeviceDetail } from "./device-api.ts";

/** The JSON of the operations API for what a device measured, and for a device as of a time. Times are RFC 3339 in UTC. */

export { READING_FIELDS, type ReadingField, type ReadingPoint, type ReadingStat } from "#domain/readings.ts";

/** The answer of `GET /ops/api/devices/{key}/readings?from&to&step&fields`. `step` is in seconds, `fields` has commas. */
export type Readings = {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  /** Each report that was received before this time, from `completeSince` on, is in the points. */
  readonly completeUntil: string;
  /** Reports that were received before this time may be missing; `null` if none is. */
  readonly completeSince: string | null;
  /** Oldest first; a step without reports is left out. */
  readonly points: readonly ReadingPoint[];
};

/** The answer of `GET /ops/api/devices/{key}?asOf&knownAt`: the device by the events until then, as known at that time. */
export type DeviceAsOf = {
  readonly asOf: string;
  readonly knownAt: string;
  /** Each event that was received before this time, from `completeSince` on, is in the device. */
  readonly completeUntil: string;
  /** Events that were received before this time may be missing; `null` if none is. */
  readonly completeSince: string | null;
  readonly device: DeviceDetail;
};
