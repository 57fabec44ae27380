/**
 * Every metric. Reports, totals, the exposition for Prometheus and the dashboards all read this list, so a metric is
 * one entry here and the line that counts it.
 *
 * Names are OpenTelemetry's where it has one, as its Prometheus exporters write them: dots become underscores, and the
 * unit and `_total` are at the end (opentelemetry.io/docs/specs/semconv: http, messaging, graphql).
 */
type Counter<Labels extends readonly string[]> = {
  readonly kind: "counter";
  readonly name: `${string}_total`;
  readonly help: string;
  readonly labels: Labels;
};

type Histogram<Labels extends readonly string[]> = {
  readonly kind: "histogram";
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
  /** Upper bounds as they are reported; a last bucket without a bound is `+Inf`. */
  readonly bounds: readonly number[];
  /** Reported units per exposed unit: a thousand from milliseconds to seconds. */
  readonly per: number;
};

export type Instrument = Counter<readonly string[]> | Histogram<readonly string[]>;

const counter = <const Labels extends readonly string[]>(
  name: `${string}_total`,
  labels: Labels,
  help: string,
): Counter<Labels> => ({ kind: "counter", name, labels, help });

const times = <const Labels extends readonly string[]>(
  name: `${string}_seconds`,
  labels: Labels,
  help: string,
  bounds: readonly number[] = TIME_BOUNDS_MS,
): Histogram<Labels> => ({ kind: "histogram", name, labels, help, bounds, per: 1_000 });

/** In milliseconds. */
export const TIME_BOUNDS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000] as const;

/** An event may reach us a day after its own time, and is measured then too. */
const AGE_BOUNDS_MS = [...TIME_BOUNDS_MS, 300_000, 3_600_000, 86_400_000] as const;

const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;

export const INSTRUMENTS = {
  accepted: counter("concord_records_accepted_total", ["topic"], "Records taken from clients."),
  outcomes: counter(
    "concord_records_merged_total",
    ["topic", "outcome"],
    "Records that a device took, by what they did.",
  ),
  deadLettered: counter("concord_dead_letters_total", ["topic", "reason"], "Records that became dead letters."),
  retried: counter("concord_records_retried_total", ["topic"], "Records sent back to the queue after a fault."),
  replayed: counter("concord_records_replayed_total", ["topic"], "Dead letters sent back to the consumer."),
  backfillAccepted: counter(
    "concord_backfill_records_accepted_total",
    ["topic"],
    "Those of the records taken from clients that came in the lane of backfills.",
  ),
  backfillSettled: counter(
    "concord_backfill_records_settled_total",
    ["topic", "outcome"],
    "How these ended: as a device took them, or the reason of the dead letter.",
  ),
  receivedToVisibleMs: times(
    "concord_freshness_received_seconds",
    ["topic"],
    "From a record's acceptance until every reader could see it. Neither replays nor backfills.",
  ),
  occurredToVisibleMs: times(
    "concord_freshness_occurred_seconds",
    ["topic"],
    "From an event's time at its source until every reader could see it.",
    AGE_BOUNDS_MS,
  ),
  handleMs: times(
    "messaging_process_duration_seconds",
    ["messaging_destination_name"],
    "A batch in the consumer, once for each topic in it.",
  ),
  batches: counter("concord_batches_total", [], "Queue batches consumed."),
  batchRecords: {
    kind: "histogram",
    name: "concord_batch_records",
    help: "Records in a queue batch.",
    labels: [],
    bounds: SIZES,
    per: 1,
  },
  d1RowsRead: counter("concord_d1_rows_read_total", [], "Rows D1 read for consumers, as it bills them."),
  d1RowsWritten: counter("concord_d1_rows_written_total", [], "Rows D1 wrote for consumers, as it bills them."),
  objectCalls: counter(
    "concord_object_calls_total",
    [],
    "Calls of device objects, dealers' feeds and hubs by consumers.",
  ),
  objectWrites: counter("concord_object_writes_total", [], "Writes to device objects."),
  archiveObjects: counter(
    "concord_archive_objects_total",
    ["outcome"],
    "Objects that consumers put into the archive: `written`, `known` if an earlier delivery had written it, or `failed`.",
  ),
  archivedRecords: counter("concord_archive_records_total", [], "Records in the objects that consumers wrote."),
  archivedBytes: counter("concord_archive_bytes_total", [], "Bytes of the objects that consumers wrote, compressed."),
  httpMs: times(
    "http_server_request_duration_seconds",
    ["service_name", "http_request_method", "http_route", "http_response_status_code"],
    "Requests by Worker, route and status, until the answer's headers.",
  ),
  clientRequests: counter(
    "concord_client_requests_total",
    ["client", "http_response_status_code"],
    "Requests at the Kafka boundary by whose credentials they came with.",
  ),
  graphqlMs: times(
    "concord_graphql_operation_duration_seconds",
    ["graphql_operation_type", "graphql_operation_name"],
    "GraphQL operations executed; those that are no trusted document's go by the name `other`.",
  ),
  graphqlErrors: counter("concord_graphql_errors_total", ["error_type"], "Errors in GraphQL answers, by code."),
  graphqlRowsRead: counter(
    "concord_graphql_d1_rows_read_total",
    ["graphql_operation_name"],
    "Rows D1 read for GraphQL operations, as it bills them.",
  ),
  socketsOpened: counter("concord_live_sockets_opened_total", ["target"], "Sockets that objects took."),
  socketsClosed: counter("concord_live_sockets_closed_total", ["target"], "Sockets that objects saw close."),
  hubOffers: counter(
    "concord_hub_offers_total",
    ["outcome"],
    "Changes that consumers carried to hubs: `taken`, or `refused` by a hub that could not be called.",
  ),
  hubCalls: counter(
    "concord_hub_calls_total",
    ["call"],
    "Calls of devices' objects and dealers' feeds by hubs: to follow one, to stop, and for what an offer did not bring.",
  ),
} as const satisfies Record<string, Instrument>;

export type InstrumentName = keyof typeof INSTRUMENTS;
