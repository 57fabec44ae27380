import type { Failure } from "./letter.ts";

/** A Record, so that a new reason fails the build here. */
export const REASONS = Object.keys({
  unknown_topic: true,
  empty_value: true,
  not_json: true,
  schema_mismatch: true,
  clock_skew: true,
  too_large: true,
  too_deep: true,
  too_many_headers: true,
  fault: true,
  crash: true,
} satisfies Record<Failure["reason"], true>) as Failure["reason"][];
