import type { FlowHistory } from "#telemetry/overview.ts";
import type { RatePoint } from "../../parts/rate-chart.tsx";

/** Counts by step as rates, each at the middle of its step; the current step counts for the time that it has lasted. */
export function pointsOf({ atMs, stepMs }: FlowHistory, counts: readonly number[]): RatePoint[] {
  const currentMs = Math.floor(atMs / stepMs) * stepMs;
  return counts.map((count, i) => {
    const fromMs = currentMs - (counts.length - 1 - i) * stepMs;
    const spanMs = Math.max(1_000, Math.min(stepMs, atMs - fromMs));
    return [fromMs + spanMs / 2, (count * 1_000) / spanMs] as const;
  });
}

type Span = { readonly fromMs: number; readonly toMs: number };

/** The points between the chart's start and the first tick that the page has received. */
export function pointsBefore(history: FlowHistory, counts: readonly number[], { fromMs, toMs }: Span): RatePoint[] {
  const points = pointsOf(history, counts).filter(([ms]) => ms < toMs);
  const inside = points.filter(([ms]) => ms >= fromMs);
  const last = points.at(-1);
  const outside = points.at(-inside.length - 1);
  return [
    // The line begins at the chart's edge and ends where the page's own counts begin.
    ...(outside && inside.length > 0 ? [[fromMs, outside[1]] as const] : []),
    ...inside,
    ...(last && inside.length > 0 ? [[toMs, last[1]] as const] : []),
  ];
}
