import { canonicalText, joinMaps } from "./register.ts";
import { compareText, compareVersions, type Version } from "./version.ts";

/** A grow-only set: which dealer, or none, the device was given to by the event of each version. */
export type Assignments = ReadonlyMap<Version, string | null>;

/**
 * A stretch with one dealer, or with none: from the version that gave the device to it up to, and without, the one that
 * took it away; open-ended when `to` is null. Versions and not times, for a handover may lie among events of one second.
 */
export type Interval = { readonly dealerId: string | null; readonly from: Version; readonly to: Version | null };

export const isWithin = ({ from, to }: Interval, version: Version): boolean =>
  compareVersions(from, version) <= 0 && (to === null || compareVersions(version, to) < 0);

export const joinAssignments = (a: Assignments, b: Assignments): Assignments => joinMaps(a, b, greater);

/** Only two events that claim one version can meet here; content decides, in the very order that registers use. */
const greater = (a: string | null, b: string | null): string | null =>
  compareText(canonicalText(a), canonicalText(b)) >= 0 ? a : b;

/** Intervals in their order. An interval ends where the next begins; the same dealer twice in a row is one interval. */
export function intervalsOf(assignments: Assignments): Interval[] {
  const steps = [...assignments].sort(([a], [b]) => compareVersions(a, b));
  const starts = steps.filter(([, dealerId], i) => i === 0 || dealerId !== steps[i - 1]?.[1]);
  return starts.map(([version, dealerId], i) => ({ dealerId, from: version, to: starts[i + 1]?.[0] ?? null }));
}
