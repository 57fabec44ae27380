import type { FlowState, TopicOverview } from "#telemetry/overview.ts";

/** States that need action come first. */
const ORDER: readonly FlowState[] = ["stalled", "failing", "late", "flowing", "quiet", "silent"];

/** Topics that need action first, then those with more dead letters; the rest keeps its order. */
export const byUrgency = (topics: readonly TopicOverview[]): TopicOverview[] =>
  [...topics].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.deadLettered - a.deadLettered);
