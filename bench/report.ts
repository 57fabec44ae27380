import { type Row, table } from "../local/screen.ts";
import { ARCHIVED, type ArchiveFigures, archiveGates, archiveRows } from "./archive.ts";
import type { BackfillFigures } from "./backfill.ts";
import type { BridgeFigures, BridgeSide } from "./bridge.ts";
import type { ConsumerFigures } from "./consumer.ts";
import { type CostFigures, DESIGNS, type Design, WORKLOADS, type Workload } from "./cost.ts";
import { atLeast, atMost, type Gate, ms, rounded } from "./gates.ts";
import type { GrowthFigures } from "./growth.ts";
import { growthGates, growthRows } from "./growth-report.ts";
import type { IngestFigures } from "./ingest.ts";
import type { LiveFigures } from "./live.ts";
import { liveGates, liveRows } from "./live-report.ts";
import type { Rate } from "./measure.ts";
import type { NodeFigures, Side } from "./node.ts";
import type { ObjectFigures } from "./objects.ts";
import { PRICES, warehouseDollarsPerMillion } from "./prices.ts";
import type { ReadFigures } from "./read.ts";
import { REBUILT_GROWTH, type RebuildFigures, rebuildGates, rebuildRows } from "./rebuild.ts";
import type { StartFigures } from "./start.ts";

/** The measurements of a run, by part. A part that did not run is absent. */
export type Figures = {
  readonly ingest?: IngestFigures;
  readonly consumer?: ConsumerFigures;
  readonly objects?: ObjectFigures;
  readonly read?: ReadFigures;
  readonly node?: NodeFigures;
  readonly live?: LiveFigures;
  readonly cost?: CostFigures;
  readonly archive?: ArchiveFigures;
  readonly growth?: GrowthFigures;
  readonly rebuild?: RebuildFigures;
  readonly start?: StartFigures;
  readonly bridge?: BridgeFigures | undefined;
  readonly backfill?: BackfillFigures;
};

const PAGE_SIZE = 50;

const STEADY_ALWAYS = "cost of the steady fleet, always, to the naive design";
const INGEST_100 = "ingest of 100 records, to sending them packed";
const BRIDGE = "the bridge, to its requests from memory";
const CONSUMER = "consumer, to a json_each upsert of 100";

/** Why a gate is missed, as far as we know. */
const unseenTo = (design: string): string => `cost of devices never seen, ${design}, to the naive design`;
const UNSEEN =
  "the first event of a device also writes that nobody has it and the count of its kind, two rows that the naive design has no lists or counts for; decision 0047";

export const REASONS: Readonly<Record<string, string>> = {
  [ARCHIVED]:
    "the run had more to do than the machine has cores. An event is visible before it is archived; here the write takes CPU time from what comes next, and the local queue runs one batch at a time, where the platform runs eight",
  [unseenTo("always")]: UNSEEN,
  [unseenTo("live")]: UNSEEN,
  [STEADY_ALWAYS]:
    "no device of this fleet sends two events at once, so none coalesce, and the two rows that each event writes, one in D1 and one in its object, cost more than the gate by themselves. `live` writes one of them",
  [INGEST_100]:
    "the local stand-in for the rate limit is a Worker and an object of its own, which takes longer here than sending does; the next line compares with a floor that asks it too. The rest goes into parsing each record by its contract, cutting out its exact text, the hop through the front door, and the credentials",
  [BRIDGE]:
    "the run had more to do than the machine has cores, so a rate goes by CPU time, and the broker and the bridge take theirs beside the boundary. Benthos does not compress, so the boundary has less to do for it; here that costs no network",
  [REBUILT_GROWTH]:
    "the run shared its two cores with other work. How much of the rest is the search index, into which each new device goes, was not measured apart",
  [CONSUMER]:
    "each record is parsed by its contract again, and the rows in D1 are read before they are written, while the floor only writes",
};

export function gatesOf({
  ingest,
  consumer,
  read,
  live,
  cost,
  archive,
  growth,
  rebuild,
  bridge,
  backfill,
}: Figures): Gate[] {
  return [
    ...(ingest
      ? [
          atLeast(0.6, INGEST_100, ingest.ours100.perSecond / ingest.send100.perSecond),
          atLeast(
            0.55,
            "ingest of 100 records, to asking the rate limit and sending them packed",
            ingest.ours100.perSecond / ingest.limited100.perSecond,
          ),
        ]
      : []),
    ...(consumer ? [atLeast(0.6, CONSUMER, consumer.recordsPerSecond.live / consumer.recordsPerSecond.floor)] : []),
    ...(read
      ? [
          atLeast(0.5, "a device by key, to a bare SELECT", read.device.perSecond / read.select.perSecond),
          atMost(2.5, "POST to visible (p50), to the floor's", read.visibleMs.ours.p50 / read.visibleMs.floor.p50),
          atMost(6, "statements of a page of 50 with what belongs to it", read.pageCost.statements),
          atMost(12, "rows read for each of its devices", read.pageCost.rowsRead / PAGE_SIZE),
        ]
      : []),
    ...(live ? liveGates(live) : []),
    ...(bridge ? bridgeGates(bridge) : []),
    ...(cost ? costGates(cost) : []),
    ...(archive ? archiveGates(archive) : []),
    ...(growth ? growthGates(growth) : []),
    ...(rebuild ? rebuildGates(rebuild) : []),
    ...(backfill
      ? [
          atMost(300, "MB of memory that a backfill of a million rows takes, from CSV", backfill.csv.peakMb),
          atMost(300, "the same from Parquet, with row groups of 100,000", backfill.parquet.peakMb),
        ]
      : []),
  ];
}

const bridgeGates = ({ recordsPerSecond, backlog }: BridgeFigures): Gate[] => [
  atLeast(0.95, BRIDGE, (recordsPerSecond.bridge ?? 0) / (recordsPerSecond.alone ?? 0)),
  ...(backlog.peakMb === undefined
    ? []
    : [atMost(200, "memory of the bridge before a backlog of a million records, in MB", backlog.peakMb)]),
];

function costGates({ bills, idleWrites: { repeated, superseded, unchanged } }: CostFigures): Gate[] {
  const { naive, always, live } = bills["steady fleet"];
  const unseen = dollarsOf(bills["devices never seen"]);
  return [
    atMost(0.35, STEADY_ALWAYS, always.dollarsPerMillion / naive.dollarsPerMillion),
    atMost(
      0.2,
      "cost of the steady fleet, live, to the naive design",
      live.dollarsPerMillion / naive.dollarsPerMillion,
    ),
    ...(["always", "live"] as const).map((design) => atMost(1, unseenTo(design), unseen[design] / unseen.naive)),
    atMost(0, "rows written by a repeated event", repeated.d1 + repeated.objects),
    atMost(0, "rows written by a superseded event", superseded.d1 + superseded.objects),
    atMost(1, "rows written in D1 by an unchanged event", unchanged.d1),
  ];
}

const dollarsOf = ({ naive, always, live }: CostFigures["bills"][Workload]): Readonly<Record<Design, number>> => ({
  naive: naive.dollarsPerMillion,
  always: always.dollarsPerMillion,
  live: live.dollarsPerMillion,
});

export type Table = { readonly title: string; readonly text: string };

export function tablesOf({
  ingest,
  consumer,
  objects,
  read,
  node,
  live,
  cost,
  archive,
  growth,
  rebuild,
  start,
  bridge,
  backfill,
}: Figures): Table[] {
  return [
    ...(ingest ? [{ title: "Ingest: until the queue has it", text: table(ingestRows(ingest)) }] : []),
    ...(consumer ? [{ title: "Consumer: until it is settled", text: table(consumerRows(consumer)) }] : []),
    ...(objects ? [{ title: "A device's object", text: table(objectRows(objects)) }] : []),
    ...(read ? [{ title: "Reads", text: table(readRows(read)) }] : []),
    ...(node ? [{ title: "Beside Fastify, Drizzle on SQLite and Apollo Server", text: table(nodeRows(node)) }] : []),
    ...(live ? [{ title: "Live: subscribers of devices while events flow", text: table(liveRows(live)) }] : []),
    ...(cost ? costTables(cost) : []),
    ...(archive ? [{ title: "Archive: what is settled, in R2", text: table(archiveRows(archive)) }] : []),
    ...(growth
      ? [{ title: "Growth: rows read, and latency relative to 1,000 devices", text: table(growthRows(growth)) }]
      : []),
    ...(rebuild
      ? [{ title: "Rebuild: an archive of day files into what is empty", text: table(rebuildRows(rebuild)) }]
      : []),
    ...(bridge ? [{ title: "The bridge: from a broker until the queue has it", text: table(bridgeRows(bridge)) }] : []),
    ...(start
      ? [
          {
            title: "A Worker alone: what is uploaded, and a fresh runtime with nothing else in it",
            text: table(startRows(start)),
          },
        ]
      : []),
    ...(backfill
      ? [
          {
            title: "Backfill: a million rows, two events each, to a boundary that only counts",
            text: table(backfillRows(backfill)),
          },
        ]
      : []),
  ];
}

function backfillRows({ megabytes, floor, dryRun, csv, parquet }: BackfillFigures): Row[] {
  const row = (name: string, { rowsPerSecond, peakMb }: BackfillFigures["csv"]): Row => [
    name,
    `${rounded(rowsPerSecond)} rows/s, ${rounded(peakMb)} MB of memory`,
    `${rounded(rowsPerSecond / floor.rowsPerSecond)} of it`,
  ];
  return [
    [`CSV, ${rounded(megabytes.csv)} MB with gzip, only read`, `${rounded(floor.rowsPerSecond)} rows/s`],
    row("mapped and checked by the contracts, as a dry run does", dryRun),
    row("sent as well", csv),
    row(`the same from Parquet, ${rounded(megabytes.parquet)} MB`, parquet),
  ];
}

const rate = ({ perSecond, p50Ms, p99Ms }: Rate, records = 1): string =>
  `${rounded(perSecond * records)}/s, p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}`;
const times = (ours: Rate, floor: Rate): string => `${rounded(ours.perSecond / floor.perSecond)} of it`;

const ingestRows = (figures: IngestFigures): Row[] => [
  ["100 records, parsed alone", rate(figures.parse100, 100)],
  ["100 records, parsed and sent as one message", rate(figures.send100, 100), times(figures.send100, figures.parse100)],
  ["100 records, the rate limit asked too", rate(figures.limited100, 100), times(figures.limited100, figures.send100)],
  ["100 records, v2 produce", rate(figures.ours100, 100), times(figures.ours100, figures.send100)],
  ["100 lines, sent as one message, a line back for each", rate(figures.streamFloor100, 100)],
  ["100 records, v3 stream", rate(figures.stream100, 100), times(figures.stream100, figures.streamFloor100)],
  ["1 record, parsed alone", rate(figures.parse1)],
  ["1 record, parsed and sent", rate(figures.send1), times(figures.send1, figures.parse1)],
  ["1 record, the rate limit asked too", rate(figures.limited1), times(figures.limited1, figures.send1)],
  ["1 record, v2 produce", rate(figures.ours1), times(figures.ours1, figures.send1)],
];

function consumerRows({ recordsPerSecond: { floor, live, objectsFloor, always } }: ConsumerFigures): Row[] {
  return [
    ["a json_each upsert of 100", `${rounded(floor)} records/s`],
    ["live: D1 alone", `${rounded(live)} records/s`, `${rounded(live / floor)} of it`],
    ["the same, and one value in each of a hundred objects", `${rounded(objectsFloor)} records/s`],
    ["always: D1 and each object", `${rounded(always)} records/s`, `${rounded(always / objectsFloor)} of it`],
  ];
}

const objectRows = ({ ping, snapshot, write, merge }: ObjectFigures): Row[] => [
  ["a call that does nothing", rate(ping)],
  ["a device's snapshot", rate(snapshot), times(snapshot, ping)],
  ["one value stored", rate(write)],
  ["an event merged into a device and its history", rate(merge), times(merge, write)],
];

function readRows({ select, device, page, pageCost, visibleMs }: ReadFigures): Row[] {
  return [
    ["a bare SELECT by key", rate(select)],
    ["a device by key", rate(device), times(device, select)],
    [
      "a page of 50 with what belongs to it",
      rate(page),
      `${pageCost.statements} statements, ${pageCost.rowsRead} rows`,
    ],
    ["POST to visible, floor", `p50 ${ms(visibleMs.floor.p50)}, p99 ${ms(visibleMs.floor.p99)}`],
    [
      "POST to visible, ours",
      `p50 ${ms(visibleMs.ours.p50)}, p99 ${ms(visibleMs.ours.p99)}`,
      `${rounded(visibleMs.ours.p50 / visibleMs.floor.p50)} of it`,
    ],
  ];
}

function nodeRows({ recordsPerSecond, device, page, visibleMs }: NodeFigures): Row[] {
  const ratio = ({ node, ours }: Readonly<Record<Side, number>>) => `${rounded(ours / node)} of it`;
  return [
    ["Node: records until all can be read", `${rounded(recordsPerSecond.node)}/s`],
    ["ours", `${rounded(recordsPerSecond.ours)}/s`, ratio(recordsPerSecond)],
    ["Node: a device by key", rate(device.node)],
    ["ours", rate(device.ours), times(device.ours, device.node)],
    ["Node: a page of 50 with what belongs to it", rate(page.node)],
    ["ours", rate(page.ours), times(page.ours, page.node)],
    ["Node: POST to visible", `p50 ${ms(visibleMs.node.p50)}, p99 ${ms(visibleMs.node.p99)}`],
    [
      "ours",
      `p50 ${ms(visibleMs.ours.p50)}, p99 ${ms(visibleMs.ours.p99)}`,
      ratio({ node: visibleMs.node.p50, ours: visibleMs.ours.p50 }),
    ],
  ];
}

const BRIDGE_NAMES: Readonly<Record<BridgeSide, string>> = {
  alone: "its requests, from memory",
  bridge: "the bridge",
  benthos: "Benthos, up to 1000 records a request",
  kcat: "kcat and curl, started for each 1000 records",
};

function bridgeRows({ recordsPerSecond, peakMb, backlog }: BridgeFigures): Row[] {
  const memory = (mb: number | undefined) => (mb === undefined ? "" : `, ${Math.round(mb)} MB`);
  return [
    ...(Object.keys(BRIDGE_NAMES) as BridgeSide[]).flatMap((side): Row[] => {
      const rate = recordsPerSecond[side];
      if (rate === undefined) return [];
      const share = `${rounded(rate / (recordsPerSecond.alone ?? Number.NaN))} of it`;
      return [[BRIDGE_NAMES[side], `${rounded(rate)}/s`, side === "alone" ? "" : share + memory(peakMb[side])]];
    }),
    [
      `a backlog of ${backlog.waiting}, before a boundary that takes everything`,
      `${rounded(backlog.recordsPerSecond)}/s`,
      `${backlog.delivered} delivered${memory(backlog.peakMb)}`,
    ],
  ];
}

function costTables({ bills }: CostFigures): Table[] {
  return WORKLOADS.map((workload) => ({
    title: `Cost of a million events: ${workload} (prices of ${PRICES.asOf})`,
    text: table([
      ...DESIGNS.map((design): Row => {
        const { dollarsPerMillion, events, usage } = bills[workload][design];
        const units = Object.entries(usage).map(([unit, used]) => `${unit} ${rounded(used / events)}`);
        const share = dollarsPerMillion / bills[workload].naive.dollarsPerMillion;
        return [
          `${design}: ${rounded(share)} of naive`,
          `$${dollarsPerMillion.toFixed(2)}`,
          `an event: ${units.join(", ")}`,
        ];
      }),
      [
        "a warehouse, estimated",
        `$${warehouseDollarsPerMillion("low").toFixed(2)} to $${warehouseDollarsPerMillion("high").toFixed(2)}`,
        "whatever the events say: bench/prices.ts has what is assumed",
      ],
    ]),
  }));
}

const startRows = (start: StartFigures): Row[] =>
  Object.entries(start).map(([name, { kib, gzipKib, startMs, heapMib }]) => [
    name,
    `${rounded(gzipKib)} KiB gzip, ${rounded(kib)} KiB plain`,
    `heap ${rounded(heapMib)} MiB, answers ${rounded(startMs / (start.empty?.startMs ?? Number.NaN))} times as late as an empty one`,
  ]);
