import { canonicalText, joinMaps } from "./register.ts";
import { compareText, compareVersions, occurredAtOf, type Version } from "./version.ts";

/** A grow-only set: which dealer, or none, the device was given to by the event of each version. */
export type Assignments = ReadonlyMap<Version, string | null>;

/** A stretch of time with one dealer, or with none; open-ended when `to` is null. RFC 3339 in UTC. */
export type Interval = { readonly dealerId: string | null; readonly from: string; readonly to: string | null };

export const joinAssignments = (a: Assignments, b: Assignments): Assignments => joinMaps(a, b, greater);

/** Only two events that claim one version can meet here; content decides, in the very order that registers use. */
const greater = (a: string | null, b: string | null): string | null =>
  compareText(canonicalText(a), canonicalText(b)) >= 0 ? a : b;

/** Intervals in order of time. An interval ends where the next begins; the same dealer twice in a row is one interval. */
export function intervalsOf(assignments: Assignments): Interval[] {
  const steps = [...assignments].sort(([a], [b]) => compareVersions(a, b));
  const starts = steps.filter(([, dealerId], i) => i === 0 || dealerId !== steps[i - 1]?.[1]);
  return starts.map(([version, dealerId], i) => {
    const next = starts[i + 1];
    return { dealerId, from: occurredAtOf(version), to: next ? occurredAtOf(next[0]) : null };
  });
}
