import { SLOT_FIGURES, type Slot } from "./slots.ts";

/** What one invocation may write: developers.cloudflare.com/analytics/analytics-engine/limits */
const MAX_POINTS = 250;

/**
 * Writes a minute that is over to Analytics Engine, a point a topic, where the binding is there: for who wants to ask in
 * SQL what happened months ago. blob1 is the topic; the doubles are the figures of a slot in their order.
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

/** The columns of a point, for a query's author. */
export const DATA_POINT_COLUMNS = [...SLOT_FIGURES, "minute"] as const;
