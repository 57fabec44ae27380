import { canonicalText, joinMaps } from "./register.ts";
import { compareText, compareVersions, type Version } from "./version.ts";

/** A grow-only set: by version of the event, the dealer that it assigned the device to, or `null` for none. */
export type Assignments = ReadonlyMap<Version, string | null>;

/**
 * A dealer's time with a device, or a time without a dealer: from the version of its assignment, inclusive, to that of
 * the next, exclusive; `to` is `null` while it lasts. Versions and not times, because a handover may lie among events of
 * the same second.
 */
export type Interval = { readonly dealerId: string | null; readonly from: Version; readonly to: Version | null };

/** Whether an event of this version occurred within the interval. */
export const isWithin = ({ from, to }: Interval, version: Version): boolean =>
  compareVersions(from, version) <= 0 && (to === null || compareVersions(version, to) < 0);

export const joinAssignments = (a: Assignments, b: Assignments): Assignments => joinMaps(a, b, greater);

/** Values differ only if two events claim the same version. The greater content wins, in the order that registers use. */
const greater = (a: string | null, b: string | null): string | null =>
  compareText(canonicalText(a), canonicalText(b)) >= 0 ? a : b;

/** Intervals, oldest first. An interval ends where the next begins; the same dealer twice in a row is one interval. */
export function toIntervals(assignments: Assignments): Interval[] {
  const steps = [...assignments].sort(([a], [b]) => compareVersions(a, b));
  const starts = steps.filter(([, dealerId], i) => i === 0 || dealerId !== steps[i - 1]?.[1]);
  return starts.map(([version, dealerId], i) => ({ dealerId, from: version, to: starts[i + 1]?.[0] ?? null }));
}
