import type { FlowTick } from "#telemetry/overview.ts";
import { formatCount, formatDuration, formatRate, formatShortCount, pluralize } from "../../parts/numbers.ts";
import { formatRelativeTime } from "../../parts/time.tsx";
import { percentileOf, rateOfFigure, ratesBySource } from "./rates.ts";

/**
 * The part of the platform that a stage or stream belongs to; it has that part's colour in the documentation's
 * pictures.
 */
export type FlowKind = "write" | "read" | "live" | "dead";

export type Stage = {
  readonly name: string;
  readonly kind: FlowKind;
  readonly value: string;
  readonly lines: readonly string[];
  readonly at: readonly [x: number, y: number];
  readonly size: readonly [width: number, height: number];
  /** The page with the details. */
  readonly href?: string;
};

export type Stream = {
  readonly from: string;
  readonly to: string;
  readonly kind: FlowKind;
  readonly perSecond: number;
  readonly path: string;
  readonly labelAt: readonly [x: number, y: number];
};

const TALL = 112;

/** The stages of the platform, in the order that events pass them. */
export function stagesOf(ticks: readonly FlowTick[]): Stage[] {
  const last = ticks.at(-1);
  const rate = (figure: Parameters<typeof rateOfFigure>[1]) => formatRate(rateOfFigure(ticks, figure));
  const batches = rateOfFigure(ticks, "batches");
  const settled = (["applied", "unchanged", "duplicate", "superseded"] as const).map((name) =>
    rateOfFigure(ticks, name),
  );
  const perBatch = batches > 0 ? settled.reduce((sum, each) => sum + each, 0) / batches : 0;
  return [
    {
      name: "Sources",
      kind: "write",
      value: rate("accepted"),
      lines: Object.entries(ratesBySource(ticks))
        .filter(([source, perSecond]) => source !== "other" || perSecond > 0)
        .map(([source, perSecond]) => `${source} ${formatRate(perSecond)}`),
      at: [20, 114],
      size: [180, 172],
      href: "#/topics",
    },
    {
      name: "Boundary",
      kind: "write",
      value: `${rate("requests")}`,
      lines: ["requests", `${rate("refused")} refused`],
      at: [270, 140],
      size: [160, TALL + 8],
    },
    {
      name: "Queue",
      kind: "write",
      value: formatCount(last?.inFlight ?? 0),
      lines: [
        "records in flight",
        last?.backlog ? `${formatShortCount(last.backlog.messages)} messages waiting` : "no backlog reported",
      ],
      at: [500, 140],
      size: [170, TALL + 8],
    },
    {
      name: "Consumer",
      kind: "write",
      value: formatRate(batches),
      lines: [
        batches > 0 ? `batches of ${perBatch < 9.95 ? perBatch.toFixed(1) : formatCount(perBatch)}` : "no batches",
        `${rate("retried")} retried`,
      ],
      at: [740, 140],
      size: [160, TALL + 8],
    },
    {
      name: "D1",
      kind: "read",
      value: rate("d1RowsWritten"),
      lines: ["rows written", `${rate("queryRowsRead")} read`],
      at: [980, 50],
      size: [160, TALL + 8],
    },
    {
      name: "Device objects",
      kind: "live",
      value: rate("objectWrites"),
      lines: ["writes"],
      at: [980, 235],
      size: [160, TALL - 12],
      href: "#/devices",
    },
    {
      name: "GraphQL",
      kind: "read",
      value: rate("queries"),
      lines: [p99Text(percentileOf(ticks, "queryMs", 0.99)), `${rate("queryErrors")} errors`],
      at: [1220, 50],
      size: [165, TALL + 8],
    },
    {
      name: "Live sockets",
      kind: "live",
      value: formatShortCount(Math.max(0, (last?.totals.socketsOpened ?? 0) - (last?.totals.socketsClosed ?? 0))),
      lines: ["open"],
      at: [1220, 235],
      size: [165, TALL - 12],
    },
    {
      name: "Dead letters",
      kind: "dead",
      value: last?.deadLetters ? `${formatCount(last.deadLetters.waiting)} waiting` : "unknown",
      lines: letterLines(last),
      at: [500, 375],
      size: [400, TALL - 16],
      href: "#/groups",
    },
  ];
}

function letterLines(last: FlowTick | undefined): string[] {
  if (!last?.deadLetters) return ["D1 does not answer"];
  const { oldestWaitingMs, runs, quarantined } = last.deadLetters;
  const running = (runs.running ?? 0) + (runs.paused ?? 0);
  const oldest =
    oldestWaitingMs === null ? "none" : formatRelativeTime(oldestWaitingMs, Math.max(last.atMs, oldestWaitingMs));
  return [`oldest ${oldest} · ${formatCount(quarantined)} quarantined · ${pluralize(running, "run")}`];
}

/** "250 ms", or "over 1 min" above the last bound. */
export const boundText = (bound: number): string => (Number.isFinite(bound) ? formatDuration(bound) : "over 1 min");

/** "p99 250 ms", or that nothing was asked: a stage has room for a few words. */
export const p99Text = (bound: number | null): string => (bound === null ? "no queries" : `p99 ${boundText(bound)}`);

/** The rates from one stage to the next. */
export function streamsOf(ticks: readonly FlowTick[]): Stream[] {
  const rate = (figure: Parameters<typeof rateOfFigure>[1]) => rateOfFigure(ticks, figure);
  const rejected = rate("rejected");
  const written = rate("applied") + rate("unchanged") + rate("duplicate") + rate("superseded");
  const entering = Math.max(0, rate("accepted") - rejected);
  const watched = rate("objectWrites");
  const { socketsOpened = 0, socketsClosed = 0 } = ticks.at(-1)?.totals ?? {};
  const hasSockets = socketsOpened > socketsClosed;
  return [
    {
      from: "Sources",
      to: "Boundary",
      kind: "write",
      perSecond: rate("accepted"),
      path: "M200 200H264",
      labelAt: [232, 186],
    },
    { from: "Boundary", to: "Queue", kind: "write", perSecond: entering, path: "M430 200H494", labelAt: [462, 186] },
    {
      from: "Queue",
      to: "Consumer",
      kind: "write",
      perSecond: written + rate("failed"),
      path: "M670 200H734",
      labelAt: [702, 186],
    },
    {
      from: "Consumer",
      to: "D1",
      kind: "write",
      perSecond: written,
      path: "M900 180C940 180 930 110 974 110",
      labelAt: [918, 122],
    },
    {
      from: "Consumer",
      to: "Device objects",
      kind: "live",
      perSecond: watched,
      path: "M900 220C940 220 930 285 974 285",
      labelAt: [918, 290],
    },
    {
      from: "D1",
      to: "GraphQL",
      kind: "read",
      perSecond: rate("queries"),
      path: "M1140 110H1214",
      labelAt: [1177, 96],
    },
    {
      from: "Device objects",
      to: "Live sockets",
      kind: "live",
      perSecond: hasSockets ? watched : 0,
      path: "M1140 285H1214",
      labelAt: [1177, 271],
    },
    {
      from: "Boundary",
      to: "Dead letters",
      kind: "dead",
      perSecond: rejected,
      path: "M350 260V431H494",
      labelAt: [400, 419],
    },
    {
      from: "Consumer",
      to: "Dead letters",
      kind: "dead",
      perSecond: rate("failed"),
      path: "M820 260V369",
      labelAt: [847, 325],
    },
    {
      from: "Dead letters",
      to: "Queue",
      kind: "dead",
      perSecond: rate("replayed"),
      path: "M585 375V266",
      labelAt: [612, 325],
    },
  ];
}
