import type { Counts, MetricsReport } from "./metrics.ts";

/** Records by how they came and ended. */
type Records = Pick<MetricsReport, "accepted" | "outcomes" | "deadLettered">;

/**
 * What live records have in a report or in totals: all of it, less what came as a backfill. A topic of which only a
 * backfill came is left out, as if nothing had come.
 */
export const livePart = (report: MetricsReport): Required<Records> => ({
  accepted: less(report.accepted, report.backfillAccepted),
  outcomes: less(report.outcomes, report.backfillSettled),
  deadLettered: less(report.deadLettered, report.backfillSettled),
});

const less = (all: Counts = {}, part: Counts = {}): Counts =>
  Object.fromEntries(
    Object.entries(all)
      .map(([key, count = 0]) => [key, count - (Object.hasOwn(part, key) ? (part[key] ?? 0) : 0)] as const)
      .filter(([, count]) => count > 0),
  );
