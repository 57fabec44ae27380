import { fnv1a } from "#base/fnv.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Version } from "#domain/version.ts";
import { SERIES_PREFIX, seriesPrefix } from "../names.ts";

/*
 * A bucket's segments, of which a listing is the catalogue: one request, and no second truth that could disagree with it.
 * `series/3f/2026-11-23/0000.seg` has what was received on a day, in one part or more; `series/3f/2026-11/0-4.seg` what was
 * received in a month, of the first quarter of the bucket's devices.
 */

/** A UTC day of receipt, and which part of it. */
export type DaySegment = { readonly kind: "day"; readonly name: string; readonly day: string; readonly part: number };
/** A UTC month of receipt, and which of so many slices of the bucket. The number of slices is a power of two. */
export type MonthSegment = {
  readonly kind: "month";
  readonly name: string;
  readonly month: string;
  readonly slice: number;
  readonly slices: number;
};
export type SegmentName = DaySegment | MonthSegment;

export const daySegmentName = (bucket: string, day: string, part: number): string =>
  `${seriesPrefix(bucket)}${day}/${String(part).padStart(4, "0")}.seg`;

export const monthSegmentName = (bucket: string, month: string, slice: number, slices: number): string =>
  `${seriesPrefix(bucket)}${month}/${slice}-${slices}.seg`;

const NAME =
  /^series\/[0-9a-f]{2}\/(?<month>\d{4}-\d\d)(?:(?<day>-\d\d)\/(?<part>\d+)|\/(?<slice>\d+)-(?<slices>\d+))\.seg$/;

/** What a segment's name says; `undefined` for any other name. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const groups = NAME.exec(name)?.groups;
  if (!groups) return undefined;
  const { month = "", day, part, slice, slices } = groups;
  return day === undefined
    ? { kind: "month", name, month, slice: Number(slice), slices: Number(slices) }
    : { kind: "day", name, day: month + day, part: Number(part) };
}

/** How far the series reach: `series/through.json`. */
export const THROUGH_NAME = `${SERIES_PREFIX}through.json`;

/** The UTC month of a day: `2026-11`. */
export const monthOf = (day: string): string => day.slice(0, 7);

/** When a month ends, in milliseconds, exclusive. */
export const monthEndMs = (month: string): number => Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 1);
export const monthStartMs = (month: string): number => Date.parse(`${month}-01T00:00:00Z`);
export const dayStartMs = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** Where a device stands in the order of all segments: 32 bits, of which the first eight are its bucket. */
export const placeOf = (key: DeviceKey): number => fnv1a(key);

/** A range of places: the end is exclusive. */
export type Places = { readonly from: number; readonly to: number };

const BUCKET_PLACES = 2 ** 24;

/** The places of a slice of a bucket. */
export function placesOf(
  bucket: string,
  { slice, slices }: { readonly slice: number; readonly slices: number },
): Places {
  const first = Number.parseInt(bucket, 16) * BUCKET_PLACES;
  const width = BUCKET_PLACES / slices;
  return { from: first + slice * width, to: first + (slice + 1) * width };
}

export const isInPlaces = (place: number, { from, to }: Places): boolean => place >= from && place < to;

/**
 * What lines are sorted by, as texts that `compareText` orders: the device, and then a version, a day or nothing. A device's
 * lines are next to each other.
 */
export const lineOrder = (key: DeviceKey, within: string): string => `${placeText(placeOf(key))} ${key}\u0000${within}`;

/** The order from which a range of places begins. */
export const placeText = (place: number): string => place.toString(16).padStart(8, "0");

/** The order of an event's line. Its record's receipt tells apart what a producer sent twice. */
export const eventOrder = (key: DeviceKey, version: Version, receipt: string): string =>
  lineOrder(key, `${version}\u0000${receipt}`);
