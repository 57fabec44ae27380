import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import parsePrometheus from "parse-prometheus-text-format";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CONTRACTS } from "../../../src/shared/contracts/index.ts";
import { INSTRUMENTS, type InstrumentName } from "../../../src/shared/telemetry/instruments.ts";
import {
  addReports,
  INSTRUMENT_NAMES,
  type MetricsReport,
  type MetricsTotals,
  NO_TOTALS,
} from "../../../src/shared/telemetry/metrics.ts";
import { SHARD_NAMES } from "../../../src/shared/telemetry/shards.ts";
import { DATA_POINT_COLUMNS } from "../../../workers/dlq/metrics/analytics.ts";
import { expositionOf, GAUGES, type Scrape } from "../../../workers/dlq/metrics/exposition.ts";
import { MAX_KEYS } from "../../../workers/dlq/metrics/labels.ts";
import { topicsOverviewOf } from "../../../workers/dlq/metrics/overview.ts";
import { NO_SLOTS, timesOf } from "../../../workers/dlq/metrics/slots.ts";
import { outcomesOf } from "../../../workers/dlq/metrics/totals.ts";
import { bearer, env, TOPIC } from "./support.ts";

const OTHER_TOPIC = "device.elt.status.reported";
const NOW_MS = Date.UTC(2026, 10, 27, 12);
let nextObject = 0;
const freshObject = () => env.METRICS.getByName(`object-${++nextObject}`);
const totalsOf = (...reports: MetricsReport[]): MetricsTotals => reports.reduce(addReports, NO_TOTALS) as MetricsTotals;

afterEach(() => vi.useRealTimers());

describe("a metrics object", () => {
  it("adds up what it is told, and still knows it after it was evicted", async () => {
    const object = freshObject();
    await object.report({ accepted: { [TOPIC]: 2 }, batches: 1, d1RowsWritten: 3, batchRecords: { "10": 2, sum: 14 } });
    await evictDurableObject(object);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        object.report({ accepted: { [TOPIC]: 1, [OTHER_TOPIC]: 1 }, batchRecords: { sum: 5 } }),
      ),
    );
    await evictDurableObject(object);
    expect(await object.read()).toEqual({
      ...NO_TOTALS,
      accepted: { [TOPIC]: 22, [OTHER_TOPIC]: 20 },
      batches: 1,
      d1RowsWritten: 3,
      batchRecords: { "10": 2, sum: 114 },
    });
  });

  it("writes once for all that is reported at about the same time", async () => {
    const object = freshObject();
    await object.report({ batches: 0 });
    let writes = 0;
    await runInDurableObject(object, (_, { storage: { kv } }) => {
      const put = kv.put.bind(kv);
      vi.spyOn(kv, "put").mockImplementation((key, value) => {
        writes++;
        put(key, value);
      });
    });
    await Promise.all(Array.from({ length: 50 }, () => object.report({ batches: 1 })));
    // A slow machine may take more than a tenth of a second to report them all, and a minute may turn meanwhile.
    expect([writes <= 8, (await object.read()).batches]).toEqual([true, 50]);
  });

  it("folds topics without a contract into one, so that clients cannot make series", async () => {
    const object = freshObject();
    await object.report({
      accepted: { nonsense: 1, "device.infinity.no.contract": 2, [TOPIC]: 3, __proto__x: 1 },
      deadLettered: { "a topic with spaces unknown_topic": 2, "nonsense unknown_topic": 1 },
      receivedToVisibleMs: { "no topic 5": 1, "no topic sum": 4 },
    });
    expect(await object.read()).toMatchObject({
      accepted: { other: 4, [TOPIC]: 3 },
      deadLettered: { "other unknown_topic": 3 },
      receivedToVisibleMs: { "other 5": 1, "other sum": 4 },
    });
  });

  it("counts labels beyond its room as `other`, and loses none", async () => {
    const object = freshObject();
    const clients = Array.from({ length: MAX_KEYS + 50 }, (_, i) => [`client-${i} 200`, 1]);
    await object.report({ clientRequests: Object.fromEntries(clients) });
    await object.report({ clientRequests: { "late 200": 7, "client-1 200": 1 } });
    const { clientRequests } = await object.read();
    expect(Object.keys(clientRequests)).toHaveLength(MAX_KEYS + 1);
    expect(clientRequests).toMatchObject({ "other other": 57, "client-1 200": 2 });
  });

  it("keeps a histogram's sum and buckets together where its room ends", async () => {
    const object = freshObject();
    const routes = Array.from({ length: MAX_KEYS }, (_, i) => [`api GET /route-${i} 200 5`, 1]);
    await object.report({ httpMs: Object.fromEntries(routes) });
    await object.report({
      httpMs: { "api GET /route-0 200 10": 1, "api GET /late 200 10": 1, "api GET /late 200 sum": 8 },
    });
    const { httpMs } = await object.read();
    expect(httpMs).toMatchObject({ "api GET /route-0 200 10": 1, "other other other other sum": 8 });
    expect(Object.keys(httpMs).length).toBeLessThan(MAX_KEYS);
  });

  it("takes over the totals of the object that it replaces", async () => {
    const object = freshObject();
    await runInDurableObject(object, (_, { storage }) => storage.kv.put("totals", { accepted: { [TOPIC]: 9 } }));
    await evictDurableObject(object);
    await object.report({ accepted: { [TOPIC]: 1 } });
    expect((await object.read()).accepted).toEqual({ [TOPIC]: 10 });
  });

  it("remembers minutes and hours over evictions, each record once", async () => {
    const object = freshObject();
    vi.useFakeTimers({ now: NOW_MS, toFake: ["Date"] });
    for (let minute = 0; minute < 130; minute += 10) {
      vi.setSystemTime(NOW_MS + minute * 60_000);
      await object.report({ accepted: { [TOPIC]: 1 }, outcomes: { [`${TOPIC} applied`]: 1 } });
      await evictDurableObject(object);
    }
    const { spans, minutes, lastReceivedMs } = await object.times();
    expect([spans["1m"], spans["1h"], spans["6h"]].map((span) => span[TOPIC]?.[0])).toEqual([1, 6, 13]);
    expect(minutes).toHaveLength(6);
    expect(lastReceivedMs[TOPIC]).toBe(NOW_MS + 120 * 60_000);
  });
});

describe("Analytics Engine", () => {
  it("gets a minute that is over, a point a topic, where it is bound", async () => {
    const object = freshObject();
    const points: AnalyticsEngineDataPoint[] = [];
    const ANALYTICS = { writeDataPoint: (point: AnalyticsEngineDataPoint) => void points.push(point) };
    vi.useFakeTimers({ now: NOW_MS, toFake: ["Date"] });
    await runInDurableObject(object, (instance) => {
      Object.assign(instance, { env: { ...env, ANALYTICS } });
    });
    await object.report({ accepted: { [TOPIC]: 3, [OTHER_TOPIC]: 1 }, outcomes: { [`${TOPIC} applied`]: 2 } });
    expect(points).toEqual([]);
    vi.setSystemTime(NOW_MS + 60_000);
    await object.report({ batches: 1 });
    const minute = NOW_MS / 60_000;
    expect(points).toEqual([
      { indexes: [TOPIC], blobs: [TOPIC], doubles: [3, 3, 2, 0, 0, 0, minute] },
      { indexes: [OTHER_TOPIC], blobs: [OTHER_TOPIC], doubles: [1, 1, 0, 0, 0, 0, minute] },
    ]);
    expect(DATA_POINT_COLUMNS).toHaveLength(7);
  });
});

/** The platform's limit on a value is 2 MB: developers.cloudflare.com/durable-objects/platform/limits */
it("A metrics object stores a month of every topic in values of a tenth of what they may have", async () => {
  const object = freshObject();
  vi.useFakeTimers({ now: NOW_MS, toFake: ["Date"] });
  const accepted = Object.fromEntries([...CONTRACTS.map(({ topic }) => topic), "other"].map((topic) => [topic, 1e6]));
  const sizes: number[] = [];
  await object.report({ accepted });
  await runInDurableObject(object, (_, { storage: { kv } }) => {
    const put = kv.put.bind(kv);
    vi.spyOn(kv, "put").mockImplementation((key, value) => {
      sizes.push(JSON.stringify(value).length);
      put(key, value);
    });
  });
  const HOURS_TESTED = 31 * 24;
  for (let hour = 1; hour <= HOURS_TESTED; hour++) {
    vi.setSystemTime(NOW_MS + hour * 3_600_000);
    await runInDurableObject(object, (instance) => void instance.report({ accepted }));
  }
  await object.report({ accepted });
  expect(Math.max(...sizes)).toBeLessThan(200_000);
  const before = await object.times();
  await evictDurableObject(object);
  const after = await object.times();
  expect(after).toEqual(before);
  expect(after.spans["30d"][TOPIC]?.[0]).toBe(1e6 * (30 * 24 + 1));
  const days = await runInDurableObject(object, (_, { storage: { kv } }) => [...kv.list({ prefix: "hours-" })].length);
  expect(days).toBeLessThanOrEqual(31);
}, 60_000);

const scrapeOf = (totals: MetricsTotals): Scrape => ({
  totals,
  topics: topicsOverviewOf(totals, timesOf(NO_SLOTS, NOW_MS, { [TOPIC]: NOW_MS - 5_000 }), NOW_MS),
  desk: {
    waiting: 3,
    replaying: 0,
    quarantined: 1,
    resolved: 7,
    discarded: 0,
    waitingByReason: { not_json: 3 },
    oldestWaitingMs: NOW_MS - 90_000,
    runs: { running: 1, paused: 0 },
  },
});

type Family = { readonly name: string; readonly type: string; readonly metrics: readonly object[] };

/** As a scraper reads it. */
const familiesOf = (totals: MetricsTotals) => parsePrometheus(expositionOf(scrapeOf(totals))) as Family[];

/** Each sample by its name and labels; that parser joins histograms that differ in their labels. */
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
  const samples = samplesOf(expositionOf(scrapeOf(totals)));
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
  ])("says %s %d", (series, value) => {
    expect(samples.get(series)).toBe(value);
  });

  it("names each family once, with its type, before anything was counted too", () => {
    const expected = [
      ...INSTRUMENT_NAMES.map((name) => [INSTRUMENTS[name].name, INSTRUMENTS[name].kind.toUpperCase()]),
      ...GAUGES.map(({ name }) => [name, "GAUGE"]),
    ];
    expect(familiesOf(NO_TOTALS).map(({ name, type }) => [name, type])).toEqual(expected);
  });

  it("names metrics as Prometheus wants them, with a unit where they have one", () => {
    for (const { name, kind } of Object.values(INSTRUMENTS)) {
      expect(name).toMatch(kind === "counter" ? /^[a-z][a-z0-9_]*_total$/ : /^[a-z][a-z0-9_]*(_seconds|_records)$/);
    }
  });
});

describe("the outcomes", () => {
  it("sum to what was accepted and replayed, at rest, in all and by topic", () => {
    const totals = totalsOf({
      accepted: { [TOPIC]: 6, [OTHER_TOPIC]: 4 },
      replayed: { [TOPIC]: 1 },
      outcomes: { [`${TOPIC} applied`]: 5, [`${TOPIC} superseded`]: 1, [`${OTHER_TOPIC} unchanged`]: 2 },
      deadLettered: { [`${TOPIC} crash`]: 1, [`${OTHER_TOPIC} not_json`]: 1 },
      batches: 3,
      objectWrites: 7,
    });
    expect(outcomesOf(totals)).toEqual({
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

  it("are served, as are the metrics and the topics, from what the Workers told all objects", async () => {
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
    const accepted = (parsePrometheus(await metrics.text()) as Family[]).find(
      ({ name }) => name === "concord_records_accepted_total",
    );
    expect(accepted?.metrics).toEqual([{ labels: { topic: TOPIC }, value: "7" }]);
  });
});

describe("the flow", () => {
  const open = async (headers: Record<string, string>) =>
    (exports as unknown as { default: Fetcher }).default.fetch("https://ops.example/ops/api/flow", { headers });

  it("is for those at the desk", async () => {
    expect((await open({})).status).toBe(401);
  });

  it("tells once a second what all objects know, until its reader leaves", async () => {
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
      desk: { waiting: 0 },
    });
  });
});

/** Every instrument is counted by somebody; the compiler sees to it that nobody counts another. */
it("has no instrument twice under one name", () => {
  const names = INSTRUMENT_NAMES.map((name: InstrumentName) => INSTRUMENTS[name].name);
  expect(new Set(names).size).toBe(names.length);
});
