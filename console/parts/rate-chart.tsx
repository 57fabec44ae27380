import { formatRate } from "./numbers.ts";
import { formatClock } from "./time.tsx";
import "./rate-chart.css";

/** A moment, and how many a second at about that time. */
export type RatePoint = readonly [atMs: number, perSecond: number];

export type RateSeries = {
  readonly name: string;
  readonly kind: "write" | "dead";
  /** Oldest first. */
  readonly points: readonly RatePoint[];
};

type RateChartProps = {
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The first is the one that is filled. */
  readonly series: readonly RateSeries[];
};

const [WIDTH, HEIGHT] = [1000, 120];

/** Lines over time, on one scale from zero, with a legend and the times of both ends. */
export function RateChart({ title, fromMs, toMs, series }: RateChartProps) {
  const top = niceCeiling(Math.max(...series.flatMap(({ points }) => points.map(([, rate]) => rate)), 0));
  const x = (ms: number) => (((ms - fromMs) / Math.max(toMs - fromMs, 1)) * WIDTH).toFixed(1);
  const line = (points: readonly RatePoint[]) =>
    points.map(([ms, rate]) => `${x(ms)},${(HEIGHT - (rate / top) * HEIGHT).toFixed(1)}`).join(" ");
  const [filled] = series;
  const [first, last] = [filled?.points[0], filled?.points.at(-1)];
  return (
    <figure class="rate-chart">
      <figcaption>
        {title}
        {series.map(({ name, kind }) => (
          <span key={name} class={`rate-legend ${kind}`}>
            {name}
          </span>
        ))}
        <span class="rate-top muted">top {formatRate(top)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="grid" d={`M0 ${HEIGHT / 2}H${WIDTH}M0 0.5H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {filled && first && last && (
          <polygon
            class={filled.kind}
            points={`${x(first[0])},${HEIGHT} ${line(filled.points)} ${x(last[0])},${HEIGHT}`}
          />
        )}
        {series.map(({ name, kind, points }) => (
          <polyline key={name} class={kind} points={line(points)} />
        ))}
      </svg>
      <div class="rate-axis muted">
        <span>{formatClock(fromMs)}</span>
        <span>{formatClock((fromMs + toMs) / 2)}</span>
        <span>{formatClock(toMs)}</span>
      </div>
    </figure>
  );
}

/** 1, 2 or 5 times a power of ten, so that the scale does not jump with every tick; 1 where there is nothing. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}
