import type { FlowHistory, FlowTick } from "#telemetry/overview.ts";
import { RateChart, type RatePoint } from "../../parts/rate-chart.tsx";
import { pointsBefore, pointsOf } from "./history.ts";
import { CHART_MS, seriesOf } from "./rates.ts";

/** The ranges of the chart: the last five minutes live, or a longer history. */
export const FLOW_RANGES = { "5m": "5 min", "1h": "1 hour", "24h": "24 hours", "30d": "30 days" } as const;
export type FlowRange = keyof typeof FLOW_RANGES;

type FlowChartProps = {
  readonly ticks: readonly FlowTick[];
  readonly range: FlowRange;
  /** Of the last hour for the range of five minutes, else of the range itself. */
  readonly history: FlowHistory | undefined;
};

/** Records per second: those accepted, and those that became dead letters. */
export function FlowChart({ ticks, range, history }: FlowChartProps) {
  const series = (received: readonly RatePoint[], dead: readonly RatePoint[]) =>
    [
      { name: "accepted", kind: "write", points: received },
      { name: "dead letters", kind: "dead", points: dead },
    ] as const;
  if (range !== "5m" && history) {
    const { atMs, stepMs, received, deadLettered } = history;
    return (
      <RateChart
        title={`Records per second, last ${FLOW_RANGES[range]}`}
        fromMs={atMs - received.length * stepMs}
        toMs={atMs}
        series={series(pointsOf(history, received), pointsOf(history, deadLettered))}
      />
    );
  }
  const toMs = ticks.at(-1)?.atMs ?? 0;
  const fromMs = toMs - CHART_MS;
  const before = (counts: readonly number[] | undefined) =>
    history && counts ? pointsBefore(history, counts, { fromMs, toMs: ticks[0]?.atMs ?? toMs }) : [];
  return (
    <RateChart
      title="Records per second, last 5 minutes"
      fromMs={fromMs}
      toMs={toMs}
      series={series(
        [...before(history?.received), ...seriesOf(ticks, "accepted")],
        [...before(history?.deadLettered), ...seriesOf(ticks, "rejected", "failed")],
      )}
    />
  );
}
