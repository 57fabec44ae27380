import type { ComponentChildren } from "preact";
import { memo } from "preact/compat";
import { useEffect, useRef } from "preact/hooks";
import { formatRate } from "../../parts/numbers.ts";
import type { Stage, Stream } from "./stages.ts";

/**
 * The path of an event as a picture: boxes are stages, and lines are the flow between them, which moves at its rate.
 */
export function FlowPicture({
  stages,
  streams,
}: {
  readonly stages: readonly Stage[];
  readonly streams: readonly Stream[];
}) {
  const moving = useRef<SVGGElement>(null);
  useEffect(() => animate(moving), []);
  const description = streams.map(({ from, to, perSecond }) => `${from} to ${to} ${formatRate(perSecond)}`).join(", ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset draws no picture, and as an image it could hold no links
    <svg class="flow-picture" viewBox="10 30 1385 470" role="group" aria-label={`The flow of events: ${description}`}>
      <defs>
        <marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 1 9 5 0 9z" />
        </marker>
      </defs>
      {streams.map((stream) => (
        <Pipe key={keyOf(stream)} {...stream} label={formatRate(stream.perSecond)} />
      ))}
      {/* Apart from everything that does not move, so that each move restyles few elements. */}
      <g ref={moving}>
        {streams.map(({ path, kind, ...stream }) => (
          <Moving key={keyOf(stream)} path={path} kind={kind} level={levelOf(stream.perSecond)} />
        ))}
      </g>
      {stages.map((stage) => (
        <Box key={stage.name} {...stage} />
      ))}
    </svg>
  );
}

/** Time between moves. About six a second look like a flow, and more would cost a wall display all day long. */
const MOVE_MS = 160;
/** Moves until the animation repeats: a multiple of the lengths of all dashes. */
const PHASES = 48;

/**
 * Moves all streams of the picture, unless the reader prefers reduced motion.
 * @returns a function that stops it
 */
function animate(moving: { readonly current: SVGGElement | null }): () => void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return () => {};
  let phase = 0;
  const timer = setInterval(() => {
    if (document.visibilityState !== "visible") return;
    phase = (phase + 1) % PHASES;
    moving.current?.style.setProperty("--phase", String(phase));
  }, MOVE_MS);
  return () => clearInterval(timer);
}

/** Level of speed and width: none, below 1/s, below 10/s, below 100/s, more. Few levels, so that little is redrawn. */
const levelOf = (perSecond: number): number =>
  perSecond <= 0 ? 0 : perSecond < 1 ? 1 : perSecond < 10 ? 2 : perSecond < 100 ? 3 : 4;

const keyOf = ({ from, to }: Pick<Stream, "from" | "to">): string => `${from} ${to}`;

const Pipe = memo(function Pipe({ path, kind, label, labelAt: [x, y] }: Stream & { readonly label: string }) {
  return (
    <g class={kind}>
      <path d={path} class="pipe-wall" marker-end="url(#tip)" />
      <text x={x} y={y} class="pipe-rate">
        {label}
      </text>
    </g>
  );
}, isSamePipe);

/** Each tick makes new streams, most of them with the same rates. */
function isSamePipe(a: { readonly label: string }, b: { readonly label: string }): boolean {
  return a.label === b.label;
}

type MovingProps = Pick<Stream, "path" | "kind"> & { readonly level: number };

const Moving = memo(function Moving({ path, kind, level }: MovingProps) {
  return level > 0 ? <path d={path} class={`pipe-stream ${kind} level-${level}`} /> : null;
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

/** Each tick makes new stages, most of them with the same values. */
function isSameStage(a: Stage, b: Stage): boolean {
  return a.value === b.value && a.lines.join() === b.lines.join();
}

const Link = ({ href, children }: { readonly href: string; readonly children: ComponentChildren }) => (
  <a href={href}>{children}</a>
);
