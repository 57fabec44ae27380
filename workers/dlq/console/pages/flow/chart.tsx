import type { FlowTick } from "../../../../../src/shared/telemetry/overview.ts";
import { rateOf } from "../../parts/numbers.ts";
import { CHART_MS, seriesOf } from "./rates.ts";

const [WIDTH, HEIGHT] = [1000, 120];

/** Records a second over the last five minutes: those accepted, and those that became dead letters. */
export function FlowChart({ ticks }: { readonly ticks: readonly FlowTick[] }) {
  const endMs = ticks.at(-1)?.atMs ?? 0;
  const accepted = seriesOf(ticks, "accepted");
  const rejected = seriesOf(ticks, "rejected");
  const highest = niceCeiling(Math.max(...accepted.map(([, rate]) => rate), 1));
  const line = (series: typeof accepted) =>
    series
      .map(
        ([atMs, rate]) =>
          `${(WIDTH - ((endMs - atMs) / CHART_MS) * WIDTH).toFixed(1)},${(HEIGHT - (rate / highest) * HEIGHT).toFixed(1)}`,
      )
      .join(" ");
  const first = accepted[0];
  const startX = first ? WIDTH - ((endMs - first[0]) / CHART_MS) * WIDTH : WIDTH;
  return (
    <figure class="flow-chart">
      <figcaption>
        Records a second, last five minutes
        <span class="flow-legend write">accepted</span>
        <span class="flow-legend dead">dead letters</span>
        <span class="flow-chart-top muted">top {rateOf(highest)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="grid" d={`M0 ${HEIGHT / 2}H${WIDTH}M0 0.5H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {accepted.length > 1 && (
          <polygon class="write" points={`${startX.toFixed(1)},${HEIGHT} ${line(accepted)} ${WIDTH},${HEIGHT}`} />
        )}
        <polyline class="write" points={line(accepted)} />
        <polyline class="dead" points={line(rejected)} />
      </svg>
    </figure>
  );
}

/** 1, 2 or 5 times a power of ten, so that the scale does not jump with every tick. */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}
