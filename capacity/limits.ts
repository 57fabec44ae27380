import { CONTRACTS } from "#contracts/index.ts";

/**
 * Every number that ends something, in one table. `platform`: Cloudflare's, as its page says on the date. `ours`: a
 * setting or a constant of this repository. `measured`: docs/performance/figures.json, on one small machine.
 * `assumed`: nobody has measured it on the real network; replace it with what your account shows.
 */
export type Limit = {
  readonly value: number;
  readonly unit: string;
  readonly kind: "platform" | "ours" | "measured" | "assumed";
  /** Where it is from. */
  readonly source: string;
};

const platform = (value: number, unit: string, page: string): Limit => ({
  value,
  unit,
  kind: "platform",
  source: `developers.cloudflare.com/${page}`,
});
const ours = (value: number, unit: string, source: string): Limit => ({ value, unit, kind: "ours", source });
const measured = (value: number, unit: string, source: string): Limit => ({ value, unit, kind: "measured", source });
const assumed = (value: number, unit: string, source: string): Limit => ({ value, unit, kind: "assumed", source });

/** When the platform's pages were read. */
export const LIMITS_AS_OF = "2026-11";

export const LIMITS = {
  d1Bytes: platform(10e9, "bytes a database", "d1/platform/limits"),
  d1AccountBytes: platform(1e12, "bytes an account; can be raised", "d1/platform/limits"),
  d1Databases: platform(50_000, "databases an account", "d1/platform/limits"),
  /** A database runs one statement at a time, so what it takes follows from how long each takes. */
  d1BusyMs: platform(1_000, "ms of work a second, one statement at a time", "d1/platform/limits"),
  d1CommitMs: assumed(4, "ms that a transaction takes beside its rows", "of 200 to 330 single-row writes a second"),
  d1RowMs: assumed(0.05, "ms that a device takes to be read and written", "a batch of 100 in 5 ms"),
  d1StatementMs: assumed(1, "ms of one statement of a page", "d1/platform/limits counts with 1 ms for a small query"),
  queueMessages: platform(5_000, "messages a second and queue", "queues/platform/limits"),
  queueBacklogBytes: platform(25e9, "bytes a queue", "queues/platform/limits"),
  queueSoftBytes: ours(15e9, "bytes from which clients wait", "workers/ingest/pressure.ts"),
  queueRetentionHours: ours(96, "hours that a message is kept", "the queues' default; up to 14 days"),
  consumers: ours(8, "consumers at once", "max_concurrency in workers/ingest/wrangler.toml; up to 250"),
  parcelsPerBatch: ours(10, "messages a batch", "max_batch_size in workers/ingest/wrangler.toml; up to 100"),
  roundMs: assumed(150, "ms of a round: D1 read, D1 written, objects called", "three calls of 30 to 60 ms"),
  objectRequests: platform(1_000, "requests a second and object", "durable-objects/platform/limits"),
  objectBytes: platform(2e6, "bytes of one stored value", "durable-objects/platform/limits"),
  objectMinimumBytes: platform(12_288, "bytes of an object with an empty database", "durable-objects/reference/faq"),
  socketsPerObject: ours(1_000, "sockets of one device or dealer", "workers/devices/live/subscriptions.ts"),
  socketsPerHub: ours(4_000, "sockets of a hub", "MAX_SOCKETS in workers/devices/hub/hub.ts"),
  hubsPerLocation: ours(
    16,
    "hubs a location, by the hash of the client's address",
    "HUBS_A_LOCATION in src/shared/objects/hub-name.ts",
  ),
  objectsPerSocket: ours(
    500,
    "devices and dealers that a hub's socket follows",
    "MAX_OBJECTS in workers/devices/hub/hub-subscriptions.ts",
  ),
  metricsObjects: ours(4, "objects that count", "METRICS_SHARDS in src/shared/telemetry/shards.ts"),
  metricsWrites: ours(10, "rows a second and counting object", "GATHER_MS in workers/metrics/metrics-object.ts"),
  producerRequests: ours(1_000, "requests a second and credential", "[[ratelimits]] in workers/ingest/wrangler.toml"),
  bridgeRecords: measured(16_596, "records a second and bridge", "bridge.bridge"),
  archiveReads: assumed(
    100,
    "raw objects a second that the compaction reads",
    "6 connections of a Worker at once, 60 ms each: workers/platform/limits",
  ),
  archiveDailyWrites: assumed(
    1_500,
    "writes and lists of R2 a day, beside a write for each batch",
    "a list each five minutes, a day's parts and manifests, and up to four writes a part of the series",
  ),
  archiveTopics: ours(CONTRACTS.length, "topics, each with a file a day", "src/shared/contracts"),
  verificationSteps: assumed(
    79_200,
    "steps of a night's verification",
    "from two o'clock to midnight, a second each: decision 0058",
  ),
  logsPerDay: platform(
    5e9,
    "logged invocations a day, then one in a hundred",
    "workers/observability/logs/workers-logs",
  ),
} as const satisfies Record<string, Limit>;

/**
 * What a record takes, as `npm run bench` has counted it. capacity/agreement.test.ts compares each with
 * docs/performance/figures.json.
 */
export const PER_RECORD = {
  /** Of D1, for a device that a round writes; unchanged ones too, since their time moves. */
  rowsWrittenPerWrite: 1,
  /** More, when the day of a device's last event changes: an entry leaves an index and one enters. */
  rowsWrittenPerDay: 1,
  /** More, when its status changes: an entry of an index, and the two counts that it goes between. */
  rowsWrittenPerStatusChange: 3,
  /** Of D1, for each device of a round that changes, and for each that does not. */
  rowsReadPerWrite: 7,
  rowsReadPerRepeat: 3,
  rowsReadPerPage: 592,
  statementsPerPage: 4,
  /** All of the time of the bench's machine: more than the CPU time that is billed. */
  ingestCpuMs: 0.136,
  consumerCpuMs: 0.273,
  pageCpuMs: 30,
  /** A call of an object keeps it in memory for so long; bench/cost.ts assumes the same. */
  objectCallSeconds: 0.0015,
  objectGigabytes: 0.128,
  /** What a byte of a value beyond the usual 250 is in a day's file. Assumed: Snappy halves JSON. */
  archiveBytesPerLargeByte: 0.5,
} as const;

/** Devices of a round of D1 and object writes: MAX_DEVICES_A_ROUND in workers/ingest/consume.ts. */
export const DEVICES_A_ROUND = { always: 100, live: 500 } as const;
