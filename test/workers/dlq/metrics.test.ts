import { exports } from "cloudflare:workers";
import parsePrometheus from "parse-prometheus-text-format";
import { describe, expect, it } from "vitest";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import { INSTRUMENTS, type InstrumentName } from "#telemetry/instruments.ts";
import { addReports, INSTRUMENT_NAMES, type MetricsReport, type MetricsTotals, NO_TOTALS } from "#telemetry/metrics.ts";
import { SHARD_NAMES } from "#telemetry/shards.ts";
import { formatExposition, GAUGES, type Scrape } from "../../../workers/dlq/metrics/exposition.ts";
import { readJobsForScrape } from "../../../workers/dlq/metrics/job-gauges.ts";
import { toTopicsOverview } from "../../../workers/dlq/metrics/overview.ts";
import { toOutcomes } from "../../../workers/dlq/metrics/totals.ts";
import { NO_SLOTS, toTopicTimes } from "../../../workers/metrics/slots.ts";
import { bearer, env, TOPIC } from "./support.ts";

const OTHER_TOPIC = "device.elt.status.reported";
const NOW_MS = Date.UTC(2026, 10, 27, 12);
const totalsOf = (...reports: MetricsReport[]): MetricsTotals => reports.reduce(addReports, NO_TOTALS) as MetricsTotals;

const scrapeOf = (totals: MetricsTotals): Scrape => ({
  totals,
  jobs: [
    {
      ...{ name: "files", kind: "compaction", state: "failed", why: "R2 is full", actor: "schedule", steps: 3 },
      ...{ startedAt: new Date(NOW_MS).toISOString(), endedAt: null },
      report: { phase: "", done: 3, total: 24, unit: "days", figures: { "records added": 70 } },
      lastDone: { compaction: "2026-11-27T11:00:00.000Z" },
      lastFailed: { compaction: { at: "2026-11-27T10:00:00.000Z", actor: "ann", why: "A manifest is damaged." } },
    },
  ],
  topics: toTopicsOverview(totals, toTopicTimes(NO_SLOTS, NOW_MS, { [TOPIC]: NOW_MS - 5_000 }), NOW_MS),
  deadLetters: {
    waiting: 3,
    replaying: 0,
    quarantined: 1,
    resolved: 7,
    discarded: 0,
    waitingByReason: { not_json: 3 },
    oldestWaitingMs: NOW_MS - 90_000,
    runs: { running: 1, paused: 0 },
  },
  databaseBytes: 7_500_000_000,
  archive: {
    ...{ atMs: NOW_MS, rawObjects: 5, rawBytes: 900, oldestRawHour: "2026-11-26T13:00:00.000Z", days: 2 },
    ...{ firstDay: "2026-11-24", lastDay: "2026-11-25", parts: 7, bytes: 1_000, records: 40, isWhole: true },
  },
  verification: { recentBuckets: 250, oldestVerifiedAtMs: 1_000, differences: 2 },
});

type Family = { readonly name: string; readonly type: string; readonly metrics: readonly object[] };

/** The exposition, read by a parser that is not ours. */
const familiesOf = (totals: MetricsTotals) => parsePrometheus(formatExposition(scrapeOf(totals))) as Family[];

/** Each sample by its name and labels; the parser would join histograms that differ in their labels. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("#")) continue;
    const [, series, value] =
      /^([a-z_0-9]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})?) (-?[0-9.e+]+)$/.exec(line) ?? [];
    if (!series) throw new Error(`not a sample: ${line}`);
    expect(samples.has(series)).toBe(false);
    samples.set(series, Number(value));
  }
  return samples;
}

describe("the exposition", () => {
  const totals = totalsOf(
    {
      accepted: { [TOPIC]: 10, 'o"d\\d\n': 1 },
      outcomes: { [`${TOPIC} applied`]: 5, [`${TOPIC} duplicate`]: 2 },
      deadLettered: { [`${TOPIC} not_json`]: 1, [`${TOPIC} crash`]: 1 },
      d1RowsWritten: 12,
      receivedToVisibleMs: {
        [`${TOPIC} 5`]: 3,
        [`${TOPIC} 100`]: 2,
        [`${TOPIC} +Inf`]: 1,
        [`${TOPIC} sum`]: 90_250,
        [`${OTHER_TOPIC} 5`]: 8,
      },
      httpMs: { "concord-api POST /graphql 200 10": 1, "concord-api POST /graphql 200 sum": 7 },
      socketsOpened: { device: 5 },
      socketsClosed: { device: 2 },
      backlog: { messages: 4, bytes: 1_000, atMs: NOW_MS },
    },
    { backlog: { messages: 99, bytes: 1, atMs: NOW_MS - 1 } },
  );
  const samples = samplesOf(formatExposition(scrapeOf(totals)));
  const request =
    'service_name="concord-api",http_request_method="POST",http_route="/graphql",http_response_status_code="200"';

  it.each([
    [`concord_records_accepted_total{topic="${TOPIC}"}`, 10],
    ['concord_records_accepted_total{topic="o\\"d\\\\d\\n"}', 1],
    [`concord_records_merged_total{topic="${TOPIC}",outcome="applied"}`, 5],
    [`concord_dead_letters_total{topic="${TOPIC}",reason="crash"}`, 1],
    ["concord_d1_rows_written_total", 12],
    ["concord_records_in_flight", 2],
    ['concord_live_sockets{target="device"}', 3],
    ["concord_d1_database_bytes", 7_500_000_000],
    ['concord_archive_job_state{archive_job="files",state="failed"}', 1],
    ['concord_archive_job_state{archive_job="files",state="running"}', 0],
    ['concord_archive_job_last_done_timestamp_seconds{kind="compaction"}', Date.UTC(2026, 10, 27, 11) / 1_000],
    ['concord_archive_job_last_failed_timestamp_seconds{kind="compaction"}', Date.UTC(2026, 10, 27, 10) / 1_000],
    ['concord_archive_job_done{kind="compaction",unit="days"}', 3],
    ['concord_archive_job_expected{kind="compaction",unit="days"}', 24],
    ['concord_archive_job_figure{kind="compaction",figure="records added"}', 70],
    ["concord_archive_raw_objects", 5],
    ["concord_archive_oldest_raw_timestamp_seconds", Date.UTC(2026, 10, 26, 13) / 1_000],
    ["concord_archive_day_files", 7],
    ["concord_archive_day_file_records", 40],
    ["concord_queue_backlog_messages", 4],
    ['concord_dead_letters{state="open"}', 3],
    ["concord_dead_letter_oldest_age_seconds", 90],
    [`concord_topic_state{topic="${TOPIC}",state="flowing"}`, 1],
    [`concord_topic_state{topic="${TOPIC}",state="late"}`, 0],
    ['concord_source_state{source="elt",state="silent"}', 1],
    [`concord_freshness_received_seconds_bucket{topic="${TOPIC}",le="0.005"}`, 3],
    [`concord_freshness_received_seconds_bucket{topic="${TOPIC}",le="0.1"}`, 5],
    [`concord_freshness_received_seconds_bucket{topic="${TOPIC}",le="60"}`, 5],
    [`concord_freshness_received_seconds_bucket{topic="${TOPIC}",le="+Inf"}`, 6],
    [`concord_freshness_received_seconds_sum{topic="${TOPIC}"}`, 90.25],
    [`concord_freshness_received_seconds_count{topic="${OTHER_TOPIC}"}`, 8],
    [`http_server_request_duration_seconds_sum{${request}}`, 0.007],
  ])("has the series %s with the value %d", (series, value) => {
    expect(samples.get(series)).toBe(value);
  });

  it("is whole without the archive, and while its Worker does not answer", async () => {
    expect(formatExposition({ ...scrapeOf(totals), jobs: null })).toContain("concord_d1_database_bytes 7500000000");
    const jobs = () => Promise.reject(new Error("Network connection lost."));
    expect(await readJobsForScrape({ jobs } as unknown as ArchiveRpc)).toBeNull();
    expect(await readJobsForScrape(undefined)).toBeNull();
  });

  it("names each family once, with its type, even before anything was counted", () => {
    const expected = [
      ...INSTRUMENT_NAMES.map((name) => [INSTRUMENTS[name].name, INSTRUMENTS[name].kind.toUpperCase()]),
      ...GAUGES.map(({ name }) => [name, "GAUGE"]),
    ];
    expect(familiesOf(NO_TOTALS).map(({ name, type }) => [name, type])).toEqual(expected);
  });

  it("names metrics by the conventions of Prometheus, with their units", () => {
    for (const { name, kind } of Object.values(INSTRUMENTS)) {
      expect(name).toMatch(kind === "counter" ? /^[a-z][a-z0-9_]*_total$/ : /^[a-z][a-z0-9_]*(_seconds|_records)$/);
    }
  });
});

describe("the outcomes", () => {
  it("add up to the accepted and replayed records when nothing is in flight, in all and by topic", () => {
    const totals = totalsOf({
      accepted: { [TOPIC]: 6, [OTHER_TOPIC]: 4 },
      replayed: { [TOPIC]: 1 },
      outcomes: { [`${TOPIC} applied`]: 5, [`${TOPIC} superseded`]: 1, [`${OTHER_TOPIC} unchanged`]: 2 },
      deadLettered: { [`${TOPIC} crash`]: 1, [`${OTHER_TOPIC} not_json`]: 1 },
      batches: 3,
      objectWrites: 7,
    });
    expect(toOutcomes(totals)).toEqual({
      accepted: 10,
      applied: 5,
      unchanged: 2,
      duplicate: 0,
      superseded: 1,
      deadLettered: { total: 2, byReason: { crash: 1, not_json: 1 } },
      retried: 0,
      replayed: 1,
      inFlight: 1,
      batches: 3,
      d1RowsRead: 0,
      d1RowsWritten: 0,
      objectWrites: 7,
      topics: {
        [TOPIC]: expect.objectContaining({ accepted: 6, applied: 5, replayed: 1, inFlight: 0 }),
        [OTHER_TOPIC]: expect.objectContaining({ accepted: 4, unchanged: 2, inFlight: 1 }),
      },
    });
  });

  it("are served from the sum of all metrics objects, as are the metrics and the topics", async () => {
    const shard = (i: number) => env.METRICS.getByName(SHARD_NAMES[i] as string);
    await shard(0).report({ accepted: { [TOPIC]: 3 } });
    await shard(2).report({ accepted: { [TOPIC]: 4 }, deadLettered: { [`${TOPIC} not_json`]: 1 } });
    await shard(3).report({ receivedToVisibleMs: { [`${TOPIC} 250`]: 9, [`${TOPIC} sum`]: 900 } });
    const self = exports as unknown as { default: Fetcher };
    const get = async (path: string) => self.default.fetch(`https://ops.example${path}`, { headers: await bearer() });
    expect(await (await get("/ops/api/outcomes")).json()).toMatchObject({ accepted: 7, inFlight: 6 });
    const topics = (await (await get("/ops/api/topics")).json()) as { topics: { name: string }[] };
    expect(topics.topics.find(({ name }) => name === TOPIC)).toMatchObject({
      received: 7,
      state: "failing",
      p99Ms: 250,
    });
    const history = await get(`/ops/api/history?range=1h&name=${TOPIC}`);
    const { received, deadLettered } = (await history.json()) as { received: number[]; deadLettered: number[] };
    const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
    expect([received.length, sum(received), sum(deadLettered)]).toEqual([60, 7, 1]);
    expect((await get("/ops/api/history?range=7d")).status).toBe(400);
    const metrics = await get("/ops/metrics");
    expect(metrics.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const families = parsePrometheus(await metrics.text()) as Family[];
    const valuesOf = (metric: string) => families.find(({ name }) => name === metric)?.metrics;
    expect(valuesOf("concord_records_accepted_total")).toEqual([{ labels: { topic: TOPIC }, value: "7" }]);
    const [size] = valuesOf("concord_d1_database_bytes") as { value: string }[];
    // An empty database with all tables and indexes is a few hundred pages of 4 KB.
    expect(Number(size?.value)).toBeGreaterThan(100_000);
  });
});

describe("the stream of the flow", () => {
  const open = async (headers: Record<string, string>) =>
    (exports as unknown as { default: Fetcher }).default.fetch("https://ops.example/ops/api/flow", { headers });

  it("requires a token of role ops", async () => {
    expect((await open({})).status).toBe(401);
  });

  it("sends the sum of all metrics objects once a second, until its reader leaves", async () => {
    await env.METRICS.getByName(SHARD_NAMES[1] as string).report({ accepted: { [OTHER_TOPIC]: 3 } });
    await env.METRICS.getByName(SHARD_NAMES[3] as string).report({
      accepted: { [OTHER_TOPIC]: 2 },
      outcomes: { [`${OTHER_TOPIC} superseded`]: 4 },
      backlog: { messages: 6, bytes: 70, atMs: 1 },
    });
    const response = await open(await bearer());
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    const ticks: { totals: object }[] = [];
    while (ticks.length < 2) {
      const { value = "" } = await reader.read();
      for (const [, data = ""] of value.matchAll(/^data: (.+)$/gm)) ticks.push(JSON.parse(data));
    }
    await reader.cancel();
    expect(ticks[1]).toMatchObject({
      totals: { superseded: 4, acceptedByTopic: { [OTHER_TOPIC]: 5 } },
      backlog: { messages: 6 },
      deadLetters: { waiting: 0 },
    });
  });
});

/** Instruments that some code counts; the compiler refuses counts of an instrument that does not exist. */
it("each instrument has a name of its own", () => {
  const names = INSTRUMENT_NAMES.map((name: InstrumentName) => INSTRUMENTS[name].name);
  expect(new Set(names).size).toBe(names.length);
});
