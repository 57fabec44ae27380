import type { ArchiveFigures } from "#ops/archive-files-api.ts";
import { INSTRUMENTS, type Instrument, type InstrumentName } from "#telemetry/instruments.ts";
import { type Counts, INSTRUMENT_NAMES, type MetricsTotals, partsOf, splitKey } from "#telemetry/metrics.ts";
import { FLOW_STATES, type LetterFigures, type TopicsOverview } from "#telemetry/overview.ts";
import { familyText, type Sample } from "#telemetry/prometheus.ts";
import { JOB_GAUGES, type JobsOfScrape } from "./job-gauges.ts";
import { toOutcomes } from "./totals.ts";
import { VERIFICATION_GAUGES, type VerificationOfScrape } from "./verification-gauges.ts";

/** Everything that one scrape exposes. */
export type Scrape = JobsOfScrape &
  VerificationOfScrape & {
    readonly totals: MetricsTotals;
    readonly topics: TopicsOverview;
    readonly deadLetters: LetterFigures;
    readonly databaseBytes: number;
    /** `null` where there is no archive, or no figures of it. */
    readonly archive: ArchiveFigures | null;
  };

/** A metric that is measured at the time of the scrape. */
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
    samples: ({ totals }) => one(toOutcomes(totals).inFlight),
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
    help: "Their size in bytes.",
    samples: ({ totals: { backlog } }) => (backlog ? one(backlog.bytes) : []),
  },
  {
    name: "concord_queue_backlog_timestamp_seconds",
    labels: [],
    help: "When the queue reported them.",
    samples: ({ totals: { backlog } }) => (backlog ? one(backlog.atMs / 1_000) : []),
  },
  {
    name: "concord_d1_database_bytes",
    labels: [],
    help: "Size of the database; D1 takes 10 GB.",
    samples: ({ databaseBytes }) => one(databaseBytes),
  },
  {
    name: "concord_archive_raw_objects",
    labels: [],
    help: "Objects of the archive that no compaction has turned into day files yet.",
    samples: ({ archive }) => (archive ? one(archive.rawObjects) : []),
  },
  {
    name: "concord_archive_oldest_raw_timestamp_seconds",
    labels: [],
    help: "The beginning of the oldest hour that has such objects; absent if none waits.",
    samples: ({ archive }) => (archive?.oldestRawHour ? one(Date.parse(archive.oldestRawHour) / 1_000) : []),
  },
  {
    name: "concord_archive_day_files",
    labels: [],
    help: "Parquet files of the archive.",
    samples: ({ archive }) => (archive ? one(archive.parts) : []),
  },
  {
    name: "concord_archive_day_file_bytes",
    labels: [],
    help: "Their size in bytes.",
    samples: ({ archive }) => (archive ? one(archive.bytes) : []),
  },
  {
    name: "concord_archive_day_file_records",
    labels: [],
    help: "Records in them.",
    samples: ({ archive }) => (archive ? one(archive.records) : []),
  },
  {
    name: "concord_archive_figures_timestamp_seconds",
    labels: [],
    help: "When the archive was last counted, which it is each five minutes.",
    samples: ({ archive }) => (archive ? one(archive.atMs / 1_000) : []),
  },
  {
    name: "concord_live_sockets",
    labels: ["target"],
    help: "Sockets opened less sockets closed. A deployment of the devices Worker closes sockets without counting them.",
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
    samples: ({ deadLetters: { waiting, replaying, quarantined, resolved, discarded } }) =>
      byLabel("state", { open: waiting, replaying, quarantined, resolved, discarded }),
  },
  {
    name: "concord_dead_letters_waiting",
    labels: ["reason"],
    help: "Open dead letters by reason.",
    samples: ({ deadLetters }) => byLabel("reason", deadLetters.waitingByReason),
  },
  {
    name: "concord_dead_letter_oldest_age_seconds",
    labels: [],
    help: "Time since the failure of the oldest open dead letter; 0 if none is open.",
    samples: ({ deadLetters: { oldestWaitingMs }, topics: { atMs } }) =>
      one(oldestWaitingMs === null ? 0 : Math.max(0, atMs - oldestWaitingMs) / 1_000),
  },
  {
    name: "concord_replay_runs",
    labels: ["state"],
    help: "Running and paused replay runs, by state.",
    samples: ({ deadLetters }) => byLabel("state", deadLetters.runs),
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
    help: "1 for the state of the topic: flowing, failing (all dead-lettered), quiet, late (ask the source), stalled (ask us), silent.",
    samples: ({ topics }) => stateSamples("topic", topics.topics),
  },
  {
    name: "concord_source_state",
    labels: ["source", "state"],
    help: "1 for the state of the source, which follows from its topics.",
    samples: ({ topics }) => stateSamples("source", topics.sources),
  },
  {
    name: "concord_freshness_objective_seconds",
    labels: [],
    help: "The objective: within how long records are to be visible.",
    samples: ({ topics }) => one(topics.objective.withinMs / 1_000),
  },
  {
    name: "concord_freshness_objective_ratio",
    labels: [],
    help: "The objective: the share of records that are to be visible in time.",
    samples: ({ topics }) => one(topics.objective.share),
  },
  ...JOB_GAUGES,
  ...VERIFICATION_GAUGES,
];

/** All metrics in the text format of Prometheus. */
export function formatExposition(scrape: Scrape): string {
  const counted = INSTRUMENT_NAMES.map((name) => familyText(INSTRUMENTS[name], toSamples(name, scrape.totals)));
  const gauges = GAUGES.map((gauge) => familyText({ ...gauge, kind: "gauge" }, gauge.samples(scrape)));
  return [...counted, ...gauges].join("");
}

function toSamples(name: InstrumentName, totals: MetricsTotals): readonly Sample[] {
  const counted = totals[name];
  if (typeof counted === "number") return one(counted);
  const instrument: Instrument = INSTRUMENTS[name];
  if (instrument.kind === "histogram") return histogram(instrument, counted);
  return Object.entries(counted).map(([key, value = 0]) => ({ labels: toLabels(instrument.labels, key), value }));
}

/** Prometheus has cumulative buckets in base units; ours count each value in one bucket, in the instrument's unit. */
function histogram({ labels, bounds, per }: Extract<Instrument, { kind: "histogram" }>, counts: Counts): Sample[] {
  const keys = labels.length === 0 ? [""] : [...new Set(Object.keys(counts).map((key) => splitKey(key)[0]))];
  return keys.flatMap((key) => {
    const own = toLabels(labels, key);
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

function toLabels(labels: readonly string[], key: string): Record<string, string> {
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
