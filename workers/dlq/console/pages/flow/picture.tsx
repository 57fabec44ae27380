import type { ComponentChildren } from "preact";
import { memo } from "preact/compat";
import { rateOf } from "../../parts/numbers.ts";
import type { Stage, Stream } from "./stages.ts";

/** The whole way of an event, drawn: boxes are stages, lines are what goes from one to the next, as fast as it goes. */
export function FlowPicture({
  stages,
  streams,
}: {
  readonly stages: readonly Stage[];
  readonly streams: readonly Stream[];
}) {
  const told = streams.map(({ from, to, perSecond }) => `${from} to ${to} ${rateOf(perSecond)}`).join(", ");
  return (
    <svg class="flow-picture" viewBox="10 30 1385 470" role="img" aria-label={`The flow of events: ${told}`}>
      <defs>
        <marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 1 9 5 0 9z" />
        </marker>
      </defs>
      {streams.map((stream) => (
        <Pipe
          key={`${stream.from} ${stream.to}`}
          {...stream}
          level={levelOf(stream.perSecond)}
          label={rateOf(stream.perSecond)}
        />
      ))}
      {stages.map((stage) => (
        <Box key={stage.name} {...stage} />
      ))}
    </svg>
  );
}

/** Speeds and widths: nothing, a trickle, up to ten a second, up to a hundred, more. A few, so that little is drawn anew. */
const levelOf = (perSecond: number): number =>
  perSecond <= 0 ? 0 : perSecond < 1 ? 1 : perSecond < 10 ? 2 : perSecond < 100 ? 3 : 4;

type PipeProps = Stream & { readonly level: number; readonly label: string };

const Pipe = memo(function Pipe({ path, kind, level, label, labelAt: [x, y] }: PipeProps) {
  return (
    <g class={`pipe ${kind} level-${level}`}>
      <path d={path} class="pipe-wall" marker-end="url(#tip)" />
      {level > 0 && <path d={path} class="pipe-stream" />}
      <text x={x} y={y} class="pipe-rate">
        {label}
      </text>
    </g>
  );
});

const Box = memo(function Box({ name, value, lines, at: [x, y], size: [width, height], kind, href }: Stage) {
  const left = x + 16;
  const box = (
    <g class={`stage ${kind}`}>
      <rect x={x} y={y} width={width} height={height} rx="10" />
      <text x={left} y={y + 27} class="stage-name">
        {name}
      </text>
      {value && (
        <text x={left} y={y + 60} class="stage-value">
          {value}
        </text>
      )}
      {lines.map((line, i) => (
        <text key={i} x={left} y={y + (value ? 83 : 54) + i * 20} class="stage-line">
          {line}
        </text>
      ))}
    </g>
  );
  return href ? <Link href={href}>{box}</Link> : box;
}, isSameStage);

/** Values are made anew with each tick, and mostly say the same. */
function isSameStage(a: Stage, b: Stage): boolean {
  return a.value === b.value && a.lines.join() === b.lines.join();
}

const Link = ({ href, children }: { readonly href: string; readonly children: ComponentChildren }) => (
  <a href={href}>{children}</a>
);
