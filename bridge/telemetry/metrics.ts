import { memoryUsage } from "node:process";
import { familyText, type Sample } from "#telemetry/prometheus.ts";
import type { BridgeEvent } from "../events.ts";
import { runsOf } from "./runs.ts";
import { type BridgeState, PHASES } from "./state.ts";

/**
 * Every metric of the bridge. Names and labels are OpenTelemetry's where it has one, as its Prometheus exporters write
 * them (opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics); of what it has none, they begin with ours.
 */
type Instrument = {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly name: string;
  readonly labels: readonly string[];
  readonly help: string;
};

const POLLED = ["messaging_system", "messaging_operation_name", "messaging_consumer_group_name"] as const;
const SENT = ["messaging_system", "messaging_operation_name"] as const;
const TOPIC = "messaging_destination_name";

const COUNTED = {
  consumed: {
    kind: "counter",
    name: "messaging_client_consumed_messages_total",
    labels: [...POLLED, TOPIC],
    help: "Records read from Kafka; one that is read again counts again.",
  },
  sent: {
    kind: "counter",
    name: "messaging_client_sent_messages_total",
    labels: [...SENT, TOPIC],
    help: "Records that Concord has, as accepted or as dead letters.",
  },
  sendSeconds: {
    kind: "histogram",
    name: "messaging_client_operation_duration_seconds",
    labels: [...SENT, TOPIC],
    help: "Requests that Concord answered for, until their answer.",
  },
  sentBytes: {
    kind: "counter",
    name: "concord_bridge_sent_bytes_total",
    labels: ["topic"],
    help: "Their bytes, before they were compressed.",
  },
  letters: {
    kind: "counter",
    name: "concord_bridge_dead_letters_total",
    labels: ["topic"],
    help: "Records that Concord keeps as dead letters.",
  },
  notKept: {
    kind: "counter",
    name: "concord_bridge_records_not_kept_total",
    labels: ["topic"],
    help: "Records that Concord could not keep when they came; they are sent again.",
  },
  retries: {
    kind: "counter",
    name: "concord_bridge_retries_total",
    labels: ["topic"],
    help: "Requests that got no answer, or one that asks to try again.",
  },
  refused: {
    kind: "counter",
    name: "concord_bridge_records_refused_total",
    labels: ["topic"],
    help: "Records that Concord takes in no request; what identifies them was sent in their place.",
  },
  undecodable: {
    kind: "counter",
    name: "concord_bridge_records_undecodable_total",
    labels: ["topic"],
    help: "Keys and values that no schema of the registry could decode; they were sent as they are.",
  },
  registryRetries: {
    kind: "counter",
    name: "concord_bridge_registry_retries_total",
    labels: [],
    help: "Calls of the schema registry that got no answer, or one that asks to try again.",
  },
  gaps: {
    kind: "counter",
    name: "concord_bridge_gaps_total",
    labels: ["topic", "cause"],
    help: "Gaps in offsets, by their cause; compaction and transactions lose nothing.",
  },
  lost: {
    kind: "counter",
    name: "concord_bridge_records_lost_total",
    labels: ["topic"],
    help: "Records that retention deleted before they were read.",
  },
  positionResets: {
    kind: "counter",
    name: "concord_bridge_position_resets_total",
    labels: ["topic"],
    help: "Partitions that were read again from their beginning, since their log ends before the committed offset.",
  },
  commits: { kind: "counter", name: "concord_bridge_commits_total", labels: [], help: "Commits of offsets." },
  commitFailures: {
    kind: "counter",
    name: "concord_bridge_commit_failures_total",
    labels: [],
    help: "Commits that failed; the next one makes up for them.",
  },
  sessions: {
    kind: "counter",
    name: "concord_bridge_sessions_total",
    labels: [],
    help: "How often partitions were assigned: at the start, at a rebalance, after a failure.",
  },
  sessionFailures: {
    kind: "counter",
    name: "concord_bridge_session_failures_total",
    labels: [],
    help: "Sessions that ended by a failure.",
  },
} as const satisfies Record<string, Instrument>;

type CountedName = keyof typeof COUNTED;

/** A metric that is measured at the time of the scrape. */
type Gauge = Omit<Instrument, "kind"> & { readonly samples: (state: BridgeState) => readonly Sample[] };

const one = (value: number): Sample[] => [{ labels: {}, value }];

const GAUGES: readonly Gauge[] = [
  {
    name: "concord_bridge_lag_records",
    labels: ["topic", "partition"],
    help: "Records behind the committed offset.",
    samples: ({ positions }) =>
      positions
        .standings()
        .flatMap(({ topic, partition, lag }) =>
          lag === null ? [] : [{ labels: { topic, partition: String(partition) }, value: lag }],
        ),
  },
  {
    name: "concord_bridge_lag_seconds",
    labels: ["topic"],
    help: "Age of the oldest record that was read and is not committed, by its own time; 0 if there is none.",
    samples: ({ positions }) => ages(positions.ages(), ({ recordMs }) => recordMs),
  },
  {
    name: "concord_bridge_oldest_waiting_seconds",
    labels: ["topic"],
    help: "How long ago that record was read; 0 if there is none.",
    samples: ({ positions }) => ages(positions.ages(), ({ waitingMs }) => waitingMs),
  },
  {
    name: "concord_bridge_buffered_records",
    labels: [],
    help: "Records in memory that Concord has not answered for.",
    samples: ({ buffered }) => one(buffered.records),
  },
  {
    name: "concord_bridge_buffered_bytes",
    labels: [],
    help: "Their bytes, as they are written into requests.",
    samples: ({ buffered }) => one(buffered.bytes),
  },
  {
    name: "concord_bridge_partitions",
    labels: [],
    help: "Partitions that are assigned to this bridge.",
    samples: ({ positions }) => one(positions.standings().length),
  },
  {
    name: "concord_bridge_state",
    labels: ["state"],
    help: "1 for what the bridge is doing: joining, delivering, waiting (for Concord or the schema registry) or ended.",
    samples: ({ phase }) => PHASES.map((state) => ({ labels: { state }, value: Number(state === phase.kind) })),
  },
  {
    name: "process_resident_memory_bytes",
    labels: [],
    help: "Memory of the process.",
    samples: () => one(memoryUsage.rss()),
  },
];

const ages = <Age>(all: ReadonlyMap<string, Age>, msOf: (age: Age) => number): Sample[] =>
  [...all].map(([topic, age]) => ({ labels: { topic }, value: msOf(age) / 1_000 }));

/** For the documentation and its tests. */
export const BRIDGE_METRICS: readonly Instrument[] = [
  ...Object.values(COUNTED),
  ...GAUGES.map(({ name, labels, help }) => ({ kind: "gauge" as const, name, labels, help })),
];

/** In seconds; opentelemetry.io gives them for this metric. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

type Histogram = { readonly buckets: number[]; sum: number; count: number };

/** Counts the bridge's events, and writes all metrics in the text format of Prometheus. */
export class BridgeMetrics {
  readonly #state: BridgeState;
  readonly #group: string;
  readonly #counts = new Map<CountedName, Map<string, { labels: Sample["labels"]; value: number }>>();
  readonly #sendSeconds = new Map<string, Histogram>();

  constructor(state: BridgeState, group: string) {
    this.#state = state;
    this.#group = group;
    // A counter without labels is there from the start, so that its first increase is seen.
    for (const [name, { kind, labels }] of Object.entries(COUNTED))
      if (kind === "counter" && labels.length === 0) this.#add(name as CountedName, [], 0);
  }

  on(event: BridgeEvent): void {
    switch (event.kind) {
      case "consumed":
        for (const { topic, records } of runsOf(event.records))
          this.#add("consumed", ["kafka", "poll", this.#group, topic], records);
        return;
      case "delivered": {
        const { topic, accepted, deadLettered, notKept, bytes, durationMs } = event;
        this.#add("sent", ["concord", "send", topic], accepted + deadLettered);
        this.#add("sentBytes", [topic], bytes);
        this.#add("letters", [topic], deadLettered);
        this.#add("notKept", [topic], notKept);
        this.#observe(topic, durationMs / 1_000);
        return;
      }
      case "delivery.retried":
        this.#add("retries", [event.topic]);
        return;
      case "registry.retried":
        this.#add("registryRetries", []);
        return;
      case "record.refused":
        this.#add("refused", [event.at.topic]);
        return;
      case "undecodable":
        this.#add("undecodable", [event.at.topic]);
        return;
      case "gap":
        this.#add("gaps", [event.topic, event.cause]);
        if (event.cause === "retention") this.#add("lost", [event.topic], event.to - event.from);
        return;
      case "position.reset":
        this.#add("positionResets", [event.topic]);
        return;
      case "committed":
        this.#add("commits", []);
        return;
      case "commit.failed":
        this.#add("commitFailures", []);
        return;
      case "session.opened":
        this.#add("sessions", []);
        return;
      case "session.ended":
        if (event.failed) this.#add("sessionFailures", []);
        return;
    }
  }

  text(): string {
    const counted = (Object.keys(COUNTED) as CountedName[]).map((name) =>
      familyText(
        COUNTED[name],
        name === "sendSeconds" ? this.#histogram() : [...(this.#counts.get(name)?.values() ?? [])],
      ),
    );
    const gauges = GAUGES.map((gauge) => familyText({ ...gauge, kind: "gauge" }, gauge.samples(this.#state)));
    return [...counted, ...gauges].join("");
  }

  /** @param values of the labels, in their order */
  #add(name: CountedName, values: readonly string[], more = 1): void {
    const counts = this.#counts.get(name) ?? new Map<string, { labels: Sample["labels"]; value: number }>();
    this.#counts.set(name, counts);
    const key = values.join("\n");
    const known = counts.get(key);
    if (known) known.value += more;
    else counts.set(key, { labels: labelled(COUNTED[name].labels, values), value: more });
  }

  #observe(topic: string, seconds: number): void {
    const histogram = this.#sendSeconds.get(topic) ?? { buckets: BOUNDS.map(() => 0), sum: 0, count: 0 };
    this.#sendSeconds.set(topic, histogram);
    histogram.sum += seconds;
    histogram.count += 1;
    for (const [i, bound] of BOUNDS.entries())
      if (seconds <= bound) histogram.buckets[i] = (histogram.buckets[i] ?? 0) + 1;
  }

  #histogram(): Sample[] {
    return [...this.#sendSeconds].flatMap(([topic, { buckets, sum, count }]) => {
      const labels = labelled(COUNTED.sendSeconds.labels, ["concord", "send", topic]);
      const bucket = (le: string, value: number): Sample => ({ suffix: "_bucket", labels: { ...labels, le }, value });
      return [
        ...buckets.map((value, i) => bucket(String(BOUNDS[i]), value)),
        bucket("+Inf", count),
        { suffix: "_sum", labels, value: sum },
        { suffix: "_count", labels, value: count },
      ];
    });
  }
}

const labelled = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
