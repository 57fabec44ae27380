import type { FlowHistory } from "#telemetry/overview.ts";
import { formatCount, pluralize } from "./numbers.ts";
import { formatClock } from "./time.tsx";
import "./count-bars.css";

type CountBarsProps = {
  readonly history: Pick<FlowHistory, "atMs" | "stepMs">;
  /** Of each step, oldest first. */
  readonly counts: readonly number[];
  readonly kind: "write" | "dead";
  readonly noun: string;
  readonly by: string;
};

const HEIGHT = 100;

/** A bar for each step of a history, from zero to the highest, which is named. A bar under the pointer says its count. */
export function CountBars({ history: { atMs, stepMs }, counts, kind, noun, by }: CountBarsProps) {
  const top = Math.max(...counts, 1);
  const currentMs = Math.floor(atMs / stepMs) * stepMs;
  const startMs = (i: number) => currentMs - (counts.length - 1 - i) * stepMs;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (
    <figure class={`count-bars ${kind}`}>
      <figcaption class="muted">top {formatCount(top)}</figcaption>
      <svg
        viewBox={`0 0 ${counts.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${pluralize(total, noun)} by ${by}, at most ${formatCount(top)} in one`}
      >
        <path class="grid" d={`M0 0H${counts.length}M0 ${HEIGHT / 2}H${counts.length}M0 ${HEIGHT}H${counts.length}`} />
        {counts.map((count, i) => {
          const height = count === 0 ? 0 : Math.max(2, (count / top) * HEIGHT);
          return (
            <g key={i}>
              <rect class="bar-fill" x={i + 0.1} y={HEIGHT - height} width={0.8} height={height} />
              <rect class="hit" x={i} y={0} width={1} height={HEIGHT}>
                <title>{`${pluralize(count, noun)}, ${formatClock(startMs(i))}`}</title>
              </rect>
            </g>
          );
        })}
      </svg>
      <div class="rate-axis muted">
        <span>{formatClock(startMs(0))}</span>
        <span>{formatClock(startMs(Math.floor(counts.length / 2)))}</span>
        <span>{formatClock(atMs)}</span>
      </div>
    </figure>
  );
}
