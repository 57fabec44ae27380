import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type {
  AlertJson,
  AssignmentJson,
  DeviceDetail,
  DeviceEventJson,
} from "../../../../../src/shared/desk/device-api.ts";
import { idOf } from "./live.ts";
import { marksOf, type Scale, xOf } from "./scale.ts";
import { useWidth } from "./width.ts";
import { aboutOf, dataLine } from "./words.ts";

/** Rows of the picture, in pixels. */
const BAND = 28;
const LANE = 20;
const GAP = 8;
const AXIS = 22;

/** Left of the rows stands what they are. */
const GUTTER = 88;
const EDGE = 10;

/** The rows of events, as far as there are such events, in this order; others behind. */
const ENTITIES = ["status", "twin", "alert", "profile", "dealer", "customer", "registration"];

/** The least stretch that is drawn: two events in one second are no reason for a scale of a second. */
const LEAST_MS = 60 * 60_000;

type TimelineProps = {
  readonly device: DeviceDetail;
  readonly events: readonly DeviceEventJson[];
  readonly fresh: ReadonlySet<string>;
  readonly onPick: (id: string) => void;
};

/** Who had the device when, what was wrong meanwhile, and each event as a tick, over one stretch of time. */
export function Timeline(props: TimelineProps) {
  const [isWhole, setIsWhole] = useState(false);
  const [ref, width] = useWidth<HTMLDivElement>(600);
  const nowMs = useNow();
  const [fromMs, toMs] = stretchOf(props, isWhole, nowMs);
  const scale = { fromMs, toMs, left: GUTTER, right: Math.max(GUTTER + 40, width - EDGE) };
  return (
    <>
      <div class="row spread timeline-head">
        <h2 id="life">Timeline</h2>
        <fieldset class="row stretch">
          <legend class="unseen">Stretch of time</legend>
          {[false, true].map((whole) => (
            <label key={String(whole)}>
              <input type="radio" name="stretch" checked={isWhole === whole} onChange={() => setIsWhole(whole)} />
              {whole ? "Whole life" : "Its events"}
            </label>
          ))}
        </fieldset>
      </div>
      <div ref={ref} class="timeline">
        <Picture {...props} scale={scale} nowMs={nowMs} width={width} />
      </div>
    </>
  );
}

function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

/** As far back as its events go, or as anything is known of it; up to now, or to a source's clock that is ahead. */
function stretchOf({ device, events }: TimelineProps, isWhole: boolean, nowMs: number): readonly [number, number] {
  const times = events.map(({ occurredAt }) => Date.parse(occurredAt));
  const known = [
    ...device.assignments.map(({ from }) => Date.parse(from)),
    ...device.alerts.flatMap(({ raisedAt }) => (raisedAt === null ? [] : [Date.parse(raisedAt)])),
    ...(device.registeredAt === null ? [] : [Date.parse(device.registeredAt)]),
  ];
  const toMs = Math.max(nowMs, ...times);
  const oldest = Math.min(toMs, ...times, ...(isWhole || times.length === 0 ? known : []));
  const fromMs = Math.min(oldest, toMs - LEAST_MS);
  // The oldest stands beside the edge, not on it.
  return [fromMs - (toMs - fromMs) * 0.02, toMs];
}

type PictureProps = TimelineProps & { readonly scale: Scale; readonly nowMs: number; readonly width: number };

function Picture({ device, events, fresh, onPick, scale, width }: PictureProps) {
  const lanes = Map.groupBy(events, ({ topic }) => aboutOf(topic)[0]);
  const entities = [...ENTITIES, ...lanes.keys()].filter((each, i, all) => lanes.has(each) && all.indexOf(each) === i);
  const alertsTop = BAND + GAP;
  const lanesTop = alertsTop + LANE + GAP / 2;
  const bottom = lanesTop + entities.length * LANE;
  return (
    <svg width={width} height={bottom + AXIS} viewBox={`0 0 ${width} ${bottom + AXIS}`} role="img">
      <title>{describe(device, events)}</title>
      <Axis scale={scale} bottom={bottom} />
      <Row label="Dealer" middle={BAND / 2}>
        {device.assignments.map((assignment, i) => (
          <Assignment key={assignment.from} assignment={assignment} scale={scale} isOdd={i % 2 === 1} />
        ))}
      </Row>
      <Row label="Alerts" middle={alertsTop + LANE / 2}>
        {device.alerts.map((alert) => (
          <AlertSpan key={alert.alertId} alert={alert} scale={scale} top={alertsTop} />
        ))}
      </Row>
      {entities.map((entity, i) => (
        <Row key={entity} label={entity} middle={lanesTop + i * LANE + LANE / 2}>
          {lanes.get(entity)?.map((event) => (
            <Tick
              key={idOf(event)}
              event={event}
              x={xOf(scale, Date.parse(event.occurredAt))}
              middle={lanesTop + i * LANE + LANE / 2}
              isFresh={fresh.has(idOf(event))}
              onPick={onPick}
            />
          ))}
        </Row>
      ))}
    </svg>
  );
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

const Axis = ({ scale, bottom }: { readonly scale: Scale; readonly bottom: number }) => (
  <g class="axis">
    <line x1={scale.left} x2={scale.right} y1={bottom} y2={bottom} />
    {marksOf(scale).map(({ x, label }) => (
      <g key={x}>
        <line class="mark" x1={x} x2={x} y1={0} y2={bottom + 5} />
        <text x={x + 3} y={bottom + 16}>
          {label}
        </text>
      </g>
    ))}
  </g>
);

const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

const spanOf = (from: string | null, to: string | null): string =>
  `${from === null ? "since when is not known" : absolute.format(new Date(from))} – ${to === null ? "now" : absolute.format(new Date(to))}`;

/** Of one letter of a name in a band. */
const LETTER_WIDTH = 7.5;

type AssignmentProps = { readonly assignment: AssignmentJson; readonly scale: Scale; readonly isOdd: boolean };

/** What lies before the stretch begins at its edge; what lies there whole is not drawn. */
function Assignment({ assignment: { dealerId, dealerName, from, to }, scale, isOdd }: AssignmentProps) {
  const endMs = to === null ? scale.toMs : Date.parse(to);
  if (endMs <= scale.fromMs) return null;
  const x = xOf(scale, Date.parse(from));
  const width = Math.max(1, xOf(scale, endMs) - x);
  const names = [dealerName ?? dealerId ?? "nobody", dealerId ?? "nobody"];
  const name = names.find((each) => each.length * LETTER_WIDTH + 12 < width);
  return (
    <g>
      <rect
        class={`band ${dealerId === null ? "nobody" : isOdd ? "odd" : "even"}`}
        x={x}
        y={0.5}
        width={width}
        height={BAND - 1}
        rx={4}
      >
        <title>{`${dealerName ?? dealerId ?? "Nobody"}, ${spanOf(from, to)}`}</title>
      </rect>
      {name && (
        <text class="band-name" x={x + 8} y={BAND / 2} dominant-baseline="central">
          {name}
        </text>
      )}
    </g>
  );
}

type AlertSpanProps = { readonly alert: AlertJson; readonly scale: Scale; readonly top: number };

function AlertSpan({ alert: { severity, state, code, text, raisedAt, clearedAt }, scale, top }: AlertSpanProps) {
  const startMs = raisedAt === null ? scale.fromMs : Date.parse(raisedAt);
  const endMs = clearedAt === null ? scale.toMs : Date.parse(clearedAt);
  if (endMs <= scale.fromMs) return null;
  const x = xOf(scale, startMs);
  return (
    <rect
      class={`alert-span ${severity ?? "unknown"} ${state.toLowerCase()}`}
      x={x}
      y={top + 4}
      width={Math.max(4, xOf(scale, endMs) - x)}
      height={LANE - 8}
      rx={3}
    >
      <title>{`${severity ?? "Alert"} ${code ?? ""}, ${state.toLowerCase()}, ${spanOf(raisedAt, clearedAt)}: ${text ?? ""}`}</title>
    </rect>
  );
}

type TickProps = {
  readonly event: DeviceEventJson;
  readonly x: number;
  readonly middle: number;
  readonly isFresh: boolean;
  readonly onPick: (id: string) => void;
};

/** What is over is hollow: an alert that was cleared, something taken away. */
const ENDINGS = new Set(["cleared", "removed", "unassigned"]);

/** For the mouse; the list below says the same to everybody. */
function Tick({ event, x, middle, isFresh, onPick }: TickProps) {
  const [entity, action] = aboutOf(event.topic);
  const classes = `tick of-${entity} ${ENDINGS.has(action) ? "hollow" : ""} ${isFresh ? "fresh" : ""}`;
  const isSpan = entity === "status";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse to what the list below has
    <g class={classes} onClick={() => onPick(idOf(event))}>
      <title>{`${entity} ${action}, ${absolute.format(new Date(event.occurredAt))}: ${dataLine(event.data)}`}</title>
      {isSpan ? (
        <rect x={x - 1.5} y={middle - 7} width={3} height={14} rx={1.5} />
      ) : (
        <circle cx={x} cy={middle} r={4.5} />
      )}
    </g>
  );
}
