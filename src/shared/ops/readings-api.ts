import type { DeviceDetail } from "./device-api.ts";

/** The JSON of the operations API for what a device measured, and for a device as of a time. Times are RFC 3339 in UTC. */

/** The numbers of a status report: °C, and percent of relative humidity. */
export const READING_FIELDS = ["indoorTemperatureC", "heatSetpointC", "coolSetpointC", "humidityPct"] as const;
export type ReadingField = (typeof READING_FIELDS)[number];

/** Of the reports within one step that have the field: at least one. */
export type ReadingStat = {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly count: number;
};

/** A step of time, and each field that a report within it has. */
export type ReadingPoint = {
  /** When the step begins: a whole number of steps since 1970, in UTC. */
  readonly at: string;
} & Readonly<Partial<Record<ReadingField, ReadingStat>>>;

/** The answer of `GET /ops/api/devices/{key}/readings?from&to&step&fields`. `step` is in seconds, `fields` has commas. */
export type Readings = {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  /** Each report that was received before this time is in the points. */
  readonly completeUntil: string;
  /** Oldest first; a step without reports is left out. */
  readonly points: readonly ReadingPoint[];
};

/** The answer of `GET /ops/api/devices/{key}?asOf&knownAt`: the device by the events until then, as known at that time. */
export type DeviceAsOf = {
  readonly asOf: string;
  readonly knownAt: string;
  /** Each event that was received before this time is in the device. */
  readonly completeUntil: string;
  readonly device: DeviceDetail;
};
