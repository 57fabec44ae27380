import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AlertJson, AssignmentJson, DeviceDetail, DeviceEventJson } from "#ops/device-api.ts";
import { formatMinute } from "../../parts/time.tsx";
import { idOf } from "./live.ts";
import { placeMarks, type Scale, xOf } from "./scale.ts";
import { useWidth } from "./width.ts";
import { dataLine, splitTopic } from "./words.ts";

/** Sizes of the picture's parts, in pixels. */
type Sizes = Readonly<Record<"band" | "lane" | "alert" | "gap" | "axis" | "gutter" | "letter" | "label", number>>;

const SIZES: Sizes = { band: 28, lane: 20, alert: 10, gap: 8, axis: 22, gutter: 88, letter: 7.5, label: 80 };

/** A picture of this width is on a wall display; console.css has larger text there too. */
const WALL_WIDTH = 1_200;

const sizesFor = (width: number): Sizes => {
  const factor = width < WALL_WIDTH ? 1 : 1.4;
  return Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, size * factor])) as Sizes;
};

/** Pixels to the right of the newest time. */
const EDGE = 10;

/** The order of the rows of events. Entities without events have no row; others come last. */
const ENTITIES = ["status", "twin", "alert", "profile", "dealer", "customer", "registration"];

/** The shortest range: two events within a second should not scale the picture to a second. */
const LEAST_MS = 60 * 60_000;

type TimelineProps = {
  readonly device: DeviceDetail;
  readonly events: readonly DeviceEventJson[];
  readonly fresh: ReadonlySet<string>;
  readonly onPick: (id: string) => void;
  /** The time at which it ends; now, if it is absent. */
  readonly untilMs?: number;
};

/** The dealers, alerts and events of a device over time. */
export function Timeline(props: TimelineProps) {
  const [isWhole, setIsWhole] = useState(false);
  const [ref, width] = useWidth<HTMLDivElement>(600);
  const nowMs = useNow(props.untilMs);
  const [fromMs, toMs] = toRange(props, isWhole, nowMs);
  const sizes = sizesFor(width);
  const scale = { fromMs, toMs, left: sizes.gutter, right: Math.max(sizes.gutter + 40, width - EDGE) };
  return (
    <>
      <div class="row spread timeline-head">
        <h2 id="life">Timeline</h2>
        <fieldset class="row stretch">
          <legend class="unseen">Stretch of time</legend>
          {[false, true].map((whole) => (
            <label key={String(whole)}>
              <input type="radio" name="stretch" checked={isWhole === whole} onChange={() => setIsWhole(whole)} />
              {whole ? "Lifetime" : "Recent events"}
            </label>
          ))}
        </fieldset>
      </div>
      <div ref={ref} class={width < WALL_WIDTH ? "timeline" : "timeline wall"}>
        <Picture {...props} scale={scale} sizes={sizes} width={width} />
      </div>
    </>
  );
}

function useNow(fixedMs: number | undefined): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return fixedMs ?? nowMs;
}

/**
 * The range: from the oldest event, or the oldest known time, until now or the newest event of a clock that is ahead.
 */
function toRange({ device, events }: TimelineProps, isWhole: boolean, nowMs: number): readonly [number, number] {
  const times = events.map(({ occurredAt }) => Date.parse(occurredAt));
  const known = [
    ...device.assignments.map(({ from }) => Date.parse(from)),
    ...device.alerts.flatMap(({ raisedAt }) => (raisedAt === null ? [] : [Date.parse(raisedAt)])),
    ...(device.registeredAt === null ? [] : [Date.parse(device.registeredAt)]),
  ];
  const toMs = Math.max(nowMs, ...times);
  const oldest = Math.min(toMs, ...times, ...(isWhole || times.length === 0 ? known : []));
  const fromMs = Math.min(oldest, toMs - LEAST_MS);
  // Leaves a gap between the edge and the oldest event.
  return [fromMs - (toMs - fromMs) * 0.02, toMs];
}

type PictureProps = TimelineProps & { readonly scale: Scale; readonly sizes: Sizes; readonly width: number };

function Picture({ device, events, fresh, onPick, scale, sizes, width }: PictureProps) {
  const { band, lane, alert, gap } = sizes;
  const byEntity = Map.groupBy(events, ({ topic }) => splitTopic(topic)[0]);
  const entities = [...new Set([...ENTITIES, ...byEntity.keys()])].filter((each) => byEntity.has(each));
  // A dealer that gets the device back has its earlier colour.
  const dealers = [...new Set(device.assignments.flatMap(({ dealerId }) => dealerId ?? []))] as (string | null)[];
  const spans = stackedAlerts(device.alerts, scale);
  const depth = Math.max(1, ...spans.map(({ level }) => level + 1));
  const alertsTop = band + gap;
  const lanesTop = alertsTop + depth * alert + gap;
  const bottom = lanesTop + entities.length * lane;
  return (
    <svg width={width} height={bottom + sizes.axis} viewBox={`0 0 ${width} ${bottom + sizes.axis}`} role="img">
      <title>{describe(device, events)}</title>
      <Axis scale={scale} bottom={bottom} sizes={sizes} />
      <Row label="Dealer" middle={band / 2}>
        {device.assignments.map((each) => (
          <Assignment
            key={each.from}
            assignment={each}
            scale={scale}
            sizes={sizes}
            isOdd={dealers.indexOf(each.dealerId) % 2 === 1}
          />
        ))}
      </Row>
      <Row label="Alerts" middle={alertsTop + (depth * alert) / 2}>
        {spans.map(({ alert: each, level }) => (
          <AlertSpan key={each.alertId} alert={each} scale={scale} top={alertsTop + level * alert} height={alert - 2} />
        ))}
      </Row>
      {entities.map((entity, i) => (
        <Row key={entity} label={entity} middle={lanesTop + (i + 0.5) * lane}>
          {byEntity.get(entity)?.map((event) => (
            <Tick
              key={idOf(event)}
              event={event}
              x={xOf(scale, Date.parse(event.occurredAt))}
              middle={lanesTop + (i + 0.5) * lane}
              size={lane}
              isFresh={fresh.has(idOf(event))}
              onPick={onPick}
            />
          ))}
        </Row>
      ))}
    </svg>
  );
}

/** Most concurrent alerts that are drawn above each other. */
const MOST_LEVELS = 3;

type Stacked = { readonly alert: AlertJson; readonly level: number };

function stackedAlerts(alerts: readonly AlertJson[], scale: Scale): Stacked[] {
  const inOrder = [...alerts].sort((a, b) => ((a.raisedAt ?? "") < (b.raisedAt ?? "") ? -1 : 1));
  const ends = Array.from({ length: MOST_LEVELS }, () => Number.NEGATIVE_INFINITY);
  return inOrder.flatMap((alert) => {
    const { from, to } = drawnAt(alert, scale);
    if (to <= scale.left) return [];
    const free = ends.findIndex((end) => end < from);
    const level = free === -1 ? MOST_LEVELS - 1 : free;
    ends[level] = to;
    return [{ alert, level }];
  });
}

/** The start and end of an alert in pixels; it is at least 4 pixels wide. */
function drawnAt({ raisedAt, clearedAt }: AlertJson, scale: Scale): { readonly from: number; readonly to: number } {
  const from = raisedAt === null ? scale.left : xOf(scale, Date.parse(raisedAt));
  const to = clearedAt === null ? scale.right : xOf(scale, Date.parse(clearedAt));
  return { from, to: to <= scale.left ? to : Math.max(to, from + 4) };
}

const describe = ({ assignments, alerts }: DeviceDetail, events: readonly DeviceEventJson[]): string =>
  `${assignments.length} assignments, ${alerts.length} alerts and ${events.length} events over time. The events are listed below.`;

type RowProps = { readonly label: string; readonly middle: number; readonly children: ComponentChildren };

const Row = ({ label, middle, children }: RowProps) => (
  <g>
    <text class="lane" x={0} y={middle} dominant-baseline="central">
      {label.charAt(0).toUpperCase() + label.slice(1)}
    </text>
    {children}
  </g>
);

type AxisProps = { readonly scale: Scale; readonly bottom: number; readonly sizes: Sizes };

const Axis = ({ scale, bottom, sizes }: AxisProps) => (
  <g class="axis">
    <line x1={scale.left} x2={scale.right} y1={bottom} y2={bottom} />
    {placeMarks(scale, sizes.label).map(({ x, label }) => (
      <g key={x}>
        <line class="mark" x1={x} x2={x} y1={0} y2={bottom + 5} />
        <text x={x + 3} y={bottom + sizes.axis * 0.75}>
          {label}
        </text>
      </g>
    ))}
  </g>
);

const formatSpan = (from: string | null, to: string | null): string =>
  `${from === null ? "unknown start" : formatMinute(from)} – ${to === null ? "now" : formatMinute(to)}`;

type AssignmentProps = {
  readonly assignment: AssignmentJson;
  readonly scale: Scale;
  readonly sizes: Sizes;
  readonly isOdd: boolean;
};

/** An assignment that began before the range starts at its edge; one that ended before it is not drawn. */
function Assignment({ assignment: { dealerId, dealerName, from, to }, scale, sizes, isOdd }: AssignmentProps) {
  const endMs = to === null ? scale.toMs : Date.parse(to);
  if (endMs <= scale.fromMs) return null;
  const x = xOf(scale, Date.parse(from));
  const width = Math.max(1, xOf(scale, endMs) - x);
  const names = [dealerName ?? dealerId ?? "no dealer", dealerId ?? "no dealer"];
  const name = names.find((each) => each.length * sizes.letter + 12 < width);
  return (
    <g>
      <rect
        class={`band ${dealerId === null ? "nobody" : isOdd ? "odd" : "even"}`}
        x={x}
        y={0.5}
        width={width}
        height={sizes.band - 1}
        rx={4}
      >
        <title>{`${dealerName ?? dealerId ?? "No dealer"}, ${formatSpan(from, to)}`}</title>
      </rect>
      {name && (
        <text
          class={`band-name ${dealerId === null ? "nobody" : ""}`}
          x={x + 8}
          y={sizes.band / 2}
          dominant-baseline="central"
        >
          {name}
        </text>
      )}
    </g>
  );
}

type AlertSpanProps = {
  readonly alert: AlertJson;
  readonly scale: Scale;
  readonly top: number;
  readonly height: number;
};

function AlertSpan({ alert, scale, top, height }: AlertSpanProps) {
  const { severity, state, code, text, raisedAt, clearedAt } = alert;
  const { from, to } = drawnAt(alert, scale);
  const said = [severity ?? "alert", code, state.toLowerCase(), formatSpan(raisedAt, clearedAt), text];
  return (
    <rect
      class={`alert-span ${severity ?? "unknown"} ${state.toLowerCase()}`}
      x={from}
      y={top + 1}
      width={to - from}
      height={height}
      rx={3}
    >
      <title>{said.filter(Boolean).join(", ")}</title>
    </rect>
  );
}

type TickProps = {
  readonly event: DeviceEventJson;
  readonly x: number;
  readonly middle: number;
  /** Of its row. */
  readonly size: number;
  readonly isFresh: boolean;
  readonly onPick: (id: string) => void;
};

/** Actions that end something, which are drawn hollow. */
const ENDINGS = new Set(["cleared", "removed", "unassigned"]);

/** An event that can be clicked. The list below has the same events for the keyboard and screen readers. */
function Tick({ event, x, middle, size, isFresh, onPick }: TickProps) {
  const [entity, action] = splitTopic(event.topic);
  const classes = `tick of-${entity} ${ENDINGS.has(action) ? "hollow" : ""} ${isFresh ? "fresh" : ""}`;
  const isSpan = entity === "status";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse to what the list below has
    <g class={classes} onClick={() => onPick(idOf(event))}>
      <title>{`${entity} ${action}, ${formatMinute(event.occurredAt)}: ${dataLine(event.data)}`}</title>
      {isSpan ? (
        <rect x={x - 1.5} y={middle - size * 0.35} width={3} height={size * 0.7} rx={1.5} />
      ) : (
        <circle cx={x} cy={middle} r={size * 0.23} />
      )}
    </g>
  );
}
