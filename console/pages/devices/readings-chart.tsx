import { useState } from "preact/hooks";
import type { ReadingField, ReadingPoint } from "#ops/readings-api.ts";
import { formatClock } from "../../parts/time.tsx";
import { type Drawn, drawnOf, nearestIndex, overall, type Span, stretchesOf, valueMarks } from "./readings-scale.ts";
import { placeMarks, type Scale, xOf } from "./scale.ts";
import { useWidth } from "./width.ts";

export type Unit = "°C" | "%";

/** What a field is called, and in which pane it is drawn. */
export const FIELDS: Readonly<Record<ReadingField, { readonly name: string; readonly unit: Unit }>> = {
  indoorTemperatureC: { name: "Indoor", unit: "°C" },
  heatSetpointC: { name: "Heat to", unit: "°C" },
  coolSetpointC: { name: "Cool to", unit: "°C" },
  humidityPct: { name: "Humidity", unit: "%" },
};

/** Pixels. */
const [GUTTER, EDGE, AXIS, GAP, LABEL] = [52, 10, 22, 14, 80];
const PANE: Readonly<Record<Unit, number>> = { "°C": 150, "%": 80 };

type ChartProps = {
  readonly points: readonly ReadingPoint[];
  readonly span: Span;
  readonly fields: readonly ReadingField[];
};

/** The mean of each step as a line in the band from its lowest to its highest value. The pointer or ← → choose a step. */
export function ReadingsChart({ points, span, fields }: ChartProps) {
  const [ref, width] = useWidth<HTMLDivElement>(600);
  const [chosen, setChosen] = useState<number>();
  const scale = { ...span, left: GUTTER, right: Math.max(GUTTER + 40, width - EDGE) };
  const panes = panesOf(points, fields, span.stepMs);
  const bottom = panes.reduce((sum, { unit }) => sum + PANE[unit] + GAP, 0);
  const last = points.length - 1;
  const index = Math.min(chosen ?? last, last);
  const point = points[index];
  const timesMs = points.map(({ at }) => Date.parse(at) + span.stepMs / 2);
  const move = (event: KeyboardEvent) => {
    const to = MOVES[event.key]?.(index, last);
    if (to === undefined) return;
    event.preventDefault();
    setChosen(Math.min(last, Math.max(0, to)));
  };
  const follow = ({ clientX, currentTarget }: PointerEvent) => {
    const x = clientX - (currentTarget as Element).getBoundingClientRect().left;
    const ms = span.fromMs + ((x - scale.left) / (scale.right - scale.left)) * (span.toMs - span.fromMs);
    setChosen(nearestIndex(timesMs, ms));
  };
  let top = 0;
  return (
    <figure class="readings-chart">
      <div
        ref={ref}
        class="readings-picture"
        role="slider"
        tabIndex={0}
        aria-label="Step of the chart"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={index}
        aria-valuetext={point && textOf(point, fields)}
        onKeyDown={move}
        onPointerMove={follow}
      >
        <svg width={width} height={bottom + AXIS} viewBox={`0 0 ${width} ${bottom + AXIS}`} aria-hidden="true">
          {placeMarks(scale, LABEL).map(({ x, label }) => (
            <g key={x}>
              <line class="readings-mark" x1={x} x2={x} y1={0} y2={bottom} />
              <text x={x + 3} y={bottom + AXIS * 0.75}>
                {label}
              </text>
            </g>
          ))}
          {panes.map((pane) => {
            const at = top;
            top += PANE[pane.unit] + GAP;
            return <PaneOf key={pane.unit} {...pane} scale={scale} top={at} span={span} />;
          })}
          {chosen !== undefined && point && (
            <line
              class="readings-cursor"
              x1={xOf(scale, timesMs[index] ?? 0)}
              x2={xOf(scale, timesMs[index] ?? 0)}
              y1={0}
              y2={bottom}
            />
          )}
        </svg>
      </div>
      <figcaption class="readings-said">{point && textOf(point, fields)}</figcaption>
    </figure>
  );
}

const MOVES: Readonly<Record<string, (index: number, last: number) => number>> = {
  ArrowLeft: (index) => index - 1,
  ArrowDown: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  ArrowUp: (index) => index + 1,
  PageDown: (index) => index - 10,
  PageUp: (index) => index + 10,
  Home: () => 0,
  End: (_, last) => last,
};

type Line = { readonly field: ReadingField; readonly drawn: readonly Drawn[] };
type Pane = { readonly unit: Unit; readonly lines: readonly Line[]; readonly marks: readonly number[] };

/** A pane for each unit that has something to draw. */
function panesOf(points: readonly ReadingPoint[], fields: readonly ReadingField[], stepMs: number): readonly Pane[] {
  return (["°C", "%"] as const).flatMap((unit) => {
    const lines = fields
      .filter((field) => FIELDS[field].unit === unit)
      .map((field) => ({ field, drawn: drawnOf(points, field, stepMs) }));
    const all = overall(lines.flatMap(({ drawn }) => drawn));
    return all ? [{ unit, lines, marks: valueMarks(all.min, all.max) }] : [];
  });
}

type PaneProps = Pane & { readonly scale: Scale; readonly top: number; readonly span: Span };

function PaneOf({ unit, lines, marks, scale, top, span }: PaneProps) {
  const [low, high] = [marks[0] ?? 0, marks.at(-1) ?? 1];
  const y = (value: number) => top + PANE[unit] - ((value - low) / (high - low)) * (PANE[unit] - 8);
  return (
    <g>
      {marks.map((mark) => (
        <g key={mark}>
          <line class="readings-grid" x1={scale.left} x2={scale.right} y1={y(mark)} y2={y(mark)} />
          <text class="readings-value" x={scale.left - 6} y={y(mark)} dominant-baseline="central" text-anchor="end">
            {`${mark} ${unit}`}
          </text>
        </g>
      ))}
      {lines.map(({ field, drawn }) => (
        <g key={field} class={`readings-of-${field}`}>
          {stretchesOf(drawn, span).map((stretch) => (
            <Stretch key={stretch[0]?.atMs} stretch={stretch} x={(ms) => xOf(scale, ms)} y={y} />
          ))}
        </g>
      ))}
    </g>
  );
}

type StretchProps = {
  readonly stretch: readonly Drawn[];
  readonly x: (ms: number) => number;
  readonly y: (value: number) => number;
};

/** A band and its mean; what stands alone is a bar and a dot. */
function Stretch({ stretch, x, y }: StretchProps) {
  const [first] = stretch;
  if (!first) return null;
  if (stretch.length === 1) {
    const middle = x(first.atMs);
    return (
      <>
        <line class="readings-alone" x1={middle} x2={middle} y1={y(first.min)} y2={y(first.max)} />
        <circle cx={middle} cy={y(first.mean)} r={2.5} />
      </>
    );
  }
  const pixels = (value: (each: Drawn) => number) => (each: Drawn) =>
    `${x(each.atMs).toFixed(1)},${y(value(each)).toFixed(1)}`;
  const above = stretch.map(pixels(({ max }) => max));
  const below = stretch.map(pixels(({ min }) => min)).toReversed();
  return (
    <>
      <polygon points={[...above, ...below].join(" ")} />
      <polyline points={stretch.map(pixels(({ mean }) => mean)).join(" ")} />
    </>
  );
}

/** "27 Nov, 09:00 UTC: Indoor 20.5 °C (19.8–21.1), Humidity 38 %" */
export function textOf(point: ReadingPoint, fields: readonly ReadingField[]): string {
  const parts = fields.flatMap((field) => {
    const { [field]: stat } = point;
    return stat ? [`${FIELDS[field].name} ${statText(stat, FIELDS[field].unit)}`] : [];
  });
  return `${formatClock(point.at)}: ${parts.join(", ") || "none of these"}`;
}

export const statText = (
  { min, max, mean }: { readonly min: number; readonly max: number; readonly mean: number },
  unit: Unit,
): string => {
  const [lowest, highest] = [rounded(min), rounded(max)];
  return `${rounded(mean)} ${unit}${lowest === highest ? "" : ` (${lowest}–${highest})`}`;
};

const rounded = (value: number): number => Number(value.toFixed(1));
