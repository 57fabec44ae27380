import { SLOT_FIGURES, type Slot } from "#telemetry/topic-times.ts";

/** Most data points that one invocation may write: developers.cloudflare.com/analytics/analytics-engine/limits */
const MAX_POINTS = 250;

/**
 * Writes a past minute to Analytics Engine, one point per topic, so that months-old traffic can be queried in SQL. Does
 * nothing without the binding. blob1 is the topic; the doubles are the figures of a slot in their order, then the
 * minute.
 */
export function writeDataPoints(dataset: AnalyticsEngineDataset | undefined, { at, topics }: Slot): void {
  if (!dataset) return;
  for (const [topic, figures] of Object.entries(topics).slice(0, MAX_POINTS)) {
    dataset.writeDataPoint({
      indexes: [topic],
      blobs: [topic],
      doubles: [...SLOT_FIGURES.map((_, i) => figures[i] ?? 0), at],
    });
  }
}

/** Names of a point's doubles, in order. */
export const DATA_POINT_COLUMNS = [...SLOT_FIGURES, "minute"] as const;
