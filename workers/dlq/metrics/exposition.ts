import { INSTRUMENTS, type Instrument, type InstrumentName } from "../../../src/shared/telemetry/instruments.ts";
import { type Counts, INSTRUMENT_NAMES, type MetricsTotals, splitKey } from "../../../src/shared/telemetry/metrics.ts";
import { type DeskFigures, FLOW_STATES, type TopicsOverview } from "../../../src/shared/telemetry/overview.ts";
import { partsOf } from "./labels.ts";
import { outcomesOf } from "./totals.ts";

/** The content type of `expositionOf`'s text: prometheus.io/docs/instrumenting/exposition_formats */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** All that a scrape tells. */
export type Scrape = { readonly totals: MetricsTotals; readonly topics: TopicsOverview; readonly desk: DeskFigures };

/** What is as it is now, rather than counted. */
type Gauge = {
  readonly name: string;
  readonly labels: readonly string[];
  readonly help: string;
  readonly samples: (scrape: Scrape) => readonly Sample[];
};

export const GAUGES: readonly Gauge[] = [
  {
    name: "concord_records_in_flight",
    labels: [],
    help: "Records accepted or replayed and not settled yet.",
    samples: ({ totals }) => one(outcomesOf(totals).inFlight),
  },
  {
    name: "concord_queue_backlog_messages",
    labels: [],
    help: "Messages in concord-events, by the queue's own count when it was last sent to.",
    samples: ({ totals: { backlog } }) => (backlog ? one(backlog.messages) : []),
  },
  {
    name: "concord_queue_backlog_bytes",
    labels: [],
    help: "The same in bytes.",
    samples: ({ totals: { backlog } }) => (backlog ? one(backlog.bytes) : []),
  },
  {
    name: "concord_queue_backlog_timestamp_seconds",
    labels: [],
    help: "When the queue said so.",
    samples: ({ totals: { backlog } }) => (backlog ? one(backlog.atMs / 1_000) : []),
  },
  {
    name: "concord_live_sockets",
    labels: ["target"],
    help: "Sockets opened less sockets closed. A deployment of the devices Worker closes sockets without a word.",
    samples: ({ totals: { socketsOpened, socketsClosed } }) =>
      Object.entries(socketsOpened).map(([target, opened = 0]) => ({
        labels: { target },
        value: opened - (socketsClosed[target] ?? 0),
      })),
  },
  {
    name: "concord_dead_letters",
    labels: ["state"],
    help: "Dead letters by state.",
    samples: ({ desk: { waiting, replaying, quarantined, resolved, discarded } }) =>
      byLabel("state", { open: waiting, replaying, quarantined, resolved, discarded }),
  },
  {
    name: "concord_dead_letters_waiting",
    labels: ["reason"],
    help: "Open dead letters by reason.",
    samples: ({ desk }) => byLabel("reason", desk.waitingByReason),
  },
  {
    name: "concord_dead_letter_oldest_age_seconds",
    labels: [],
    help: "Since the open letter that has waited longest failed; 0 where none waits.",
    samples: ({ desk: { oldestWaitingMs }, topics: { atMs } }) =>
      one(oldestWaitingMs === null ? 0 : Math.max(0, atMs - oldestWaitingMs) / 1_000),
  },
  {
    name: "concord_replay_runs",
    labels: ["state"],
    help: "Replay runs that are not over, by state.",
    samples: ({ desk }) => byLabel("state", desk.runs),
  },
  {
    name: "concord_topic_last_received_timestamp_seconds",
    labels: ["topic"],
    help: "When a record of the topic was last accepted.",
    samples: ({ topics }) =>
      topics.topics.flatMap(({ name, lastReceivedAtMs }) =>
        lastReceivedAtMs === null ? [] : [{ labels: { topic: name }, value: lastReceivedAtMs / 1_000 }],
      ),
  },
  {
    name: "concord_topic_state",
    labels: ["topic", "state"],
    help: "1 for how the topic stands: flowing, failing (all dead-lettered), quiet, late (ask the source), stalled (ask us), silent.",
    samples: ({ topics }) => stateSamples("topic", topics.topics),
  },
  {
    name: "concord_source_state",
    labels: ["source", "state"],
    help: "The same of a source, as its topics stand.",
    samples: ({ topics }) => stateSamples("source", topics.sources),
  },
  {
    name: "concord_freshness_objective_seconds",
    labels: [],
    help: "Within how long records are to be visible.",
    samples: ({ topics }) => one(topics.objective.withinMs / 1_000),
  },
  {
    name: "concord_freshness_objective_ratio",
    labels: [],
    help: "The share of records that are to be.",
    samples: ({ topics }) => one(topics.objective.share),
  },
];

/** Everything that is known, as Prometheus reads it. */
export function expositionOf(scrape: Scrape): string {
  const counted = INSTRUMENT_NAMES.map((name) => family(INSTRUMENTS[name], samplesOf(name, scrape.totals)));
  const gauges = GAUGES.map((gauge) => family({ ...gauge, kind: "gauge" }, gauge.samples(scrape)));
  return [...counted, ...gauges].join("");
}

type Sample = { readonly suffix?: string; readonly labels: Readonly<Record<string, string>>; readonly value: number };

type Family = { readonly kind: Instrument["kind"] | "gauge"; readonly name: string; readonly help: string };

function family({ kind, name, help }: Family, samples: readonly Sample[]): string {
  const lines = samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join("")}`;
}

function samplesOf(name: InstrumentName, totals: MetricsTotals): readonly Sample[] {
  const counted = totals[name];
  if (typeof counted === "number") return one(counted);
  const instrument: Instrument = INSTRUMENTS[name];
  if (instrument.kind === "histogram") return histogram(instrument, counted);
  return Object.entries(counted).map(([key, value = 0]) => ({ labels: labelsOf(instrument.labels, key), value }));
}

/** Prometheus counts cumulatively, and in base units; we count each value in one bucket. */
function histogram({ labels, bounds, per }: Extract<Instrument, { kind: "histogram" }>, counts: Counts): Sample[] {
  const keys = labels.length === 0 ? [""] : [...new Set(Object.keys(counts).map((key) => splitKey(key)[0]))];
  return keys.flatMap((key) => {
    const own = labelsOf(labels, key);
    const countAt = (bound: number | string) => counts[key === "" ? String(bound) : `${key} ${bound}`] ?? 0;
    let total = 0;
    const buckets = [...bounds, "+Inf"].map((bound): Sample => {
      total += countAt(bound);
      return {
        suffix: "_bucket",
        labels: { ...own, le: String(typeof bound === "number" ? bound / per : bound) },
        value: total,
      };
    });
    return [
      ...buckets,
      { suffix: "_sum", labels: own, value: countAt("sum") / per },
      { suffix: "_count", labels: own, value: total },
    ];
  });
}

function labelsOf(labels: readonly string[], key: string): Record<string, string> {
  const values = partsOf(key, labels.length);
  return Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ""]));
}

const one = (value: number): Sample[] => [{ labels: {}, value }];

const byLabel = (label: string, counts: Counts): Sample[] =>
  Object.entries(counts).map(([value, count = 0]) => ({ labels: { [label]: value }, value: count }));

const stateSamples = (label: string, all: readonly { readonly name: string; readonly state: string }[]): Sample[] =>
  all.flatMap(({ name, state }) =>
    FLOW_STATES.map((each) => ({ labels: { [label]: name, state: each }, value: Number(each === state) })),
  );

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
