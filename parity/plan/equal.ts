import { canonicalText } from "#domain/register.ts";
import { parseTime, toMilliseconds } from "#domain/time.ts";
import type { Json } from "../json.ts";
import type { ToleranceSpec } from "../settings/schema.ts";
import { spanMs } from "../span.ts";

export type Equal = (one: Json, other: Json) => boolean;

/** Whether two values are the same, or as close as the tolerance lets them be. */
export function equality(tolerance: ToleranceSpec | undefined, order: "any" | undefined): Equal {
  const isClose = closeness(tolerance);
  const isSame: Equal = (one, other) => {
    if (Array.isArray(one) && Array.isArray(other))
      return one.length === other.length && one.every((each, i) => isSame(each as Json, other[i] as Json));
    return canonicalText(one) === canonicalText(other) || isClose(one, other);
  };
  return order === "any" ? (one, other) => isSame(sorted(one), sorted(other)) : isSame;
}

const sorted = (value: Json): Json =>
  Array.isArray(value)
    ? [...(value as Json[])].sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : compare(a, b)))
    : value;

function compare(a: Json, b: Json): number {
  const [one, other] = [canonicalText(a), canonicalText(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function closeness(tolerance: ToleranceSpec | undefined): Equal {
  if (tolerance === undefined) return () => false;
  const ms = typeof tolerance === "string" ? spanMs(tolerance) : undefined;
  if (ms !== undefined) return (one, other) => (distanceMs(one, other) ?? Number.POSITIVE_INFINITY) <= ms;
  const share = typeof tolerance === "string" ? Number.parseFloat(tolerance) / 100 : 0;
  const distance = typeof tolerance === "number" ? tolerance : 0;
  return (one, other) => {
    if (typeof one !== "number" || typeof other !== "number") return false;
    const largest = Math.max(Math.abs(one), Math.abs(other));
    // 0.1 + 0.2 is not 0.3: what is off by the rounding of a double is within the tolerance.
    return Math.abs(one - other) <= Math.max(distance, share * largest) + largest * Number.EPSILON * 4;
  };
}

/** How far two times are apart, or `undefined` if they are not times. */
export function distanceMs(one: Json, other: Json): number | undefined {
  if (typeof one !== "string" || typeof other !== "string") return undefined;
  const [from, to] = [parseTime(one), parseTime(other)];
  return from && to ? Math.abs(toMilliseconds(from) - toMilliseconds(to)) : undefined;
}
