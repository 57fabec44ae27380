import type { FlowState, TopicOverview } from "../../../../../src/shared/telemetry/overview.ts";

/** What somebody has to act on comes first. */
const ORDER: readonly FlowState[] = ["stalled", "failing", "late", "flowing", "quiet", "silent"];

/** Those that need somebody first, then those with more dead letters; the rest stays in its order. */
export const byUrgency = (topics: readonly TopicOverview[]): TopicOverview[] =>
  [...topics].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.deadLettered - a.deadLettered);
