import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import { NO_TOTALS } from "#telemetry/metrics.ts";
import { DATA_POINT_COLUMNS } from "../../../workers/metrics/analytics.ts";
import { MAX_KEYS } from "../../../workers/metrics/labels.ts";
import type { MetricsObject } from "../../../workers/metrics/metrics-object.ts";

const env = testEnv as unknown as { readonly METRICS: DurableObjectNamespace<MetricsObject> };
const TOPIC = "device.infinity.profile.updated";
const OTHER_TOPIC = "device.elt.status.reported";
const NOW_MS = Date.UTC(2026, 10, 27, 12);
let nextObject = 0;
const freshObject = () => env.METRICS.getByName(`object-${++nextObject}`);

afterEach(() => vi.useRealTimers());

describe("a metrics object", () => {
  it("sums up reports, and keeps the sums when it is evicted", async () => {
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

  it("writes reports that arrive together at once", async () => {
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

  it("counts topics without a contract as `other`, so that clients cannot create series", async () => {
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

  it("counts labels beyond its limit as `other`, and loses no count", async () => {
    const object = freshObject();
    const clients = Array.from({ length: MAX_KEYS + 50 }, (_, i) => [`client-${i} 200`, 1]);
    await object.report({ clientRequests: Object.fromEntries(clients) });
    await object.report({ clientRequests: { "late 200": 7, "client-1 200": 1 } });
    const { clientRequests } = await object.read();
    expect(Object.keys(clientRequests)).toHaveLength(MAX_KEYS + 1);
    expect(clientRequests).toMatchObject({ "other other": 57, "client-1 200": 2 });
  });

  it("keeps a histogram's sum and buckets together at its limit", async () => {
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

  it("reads the totals that an earlier release has stored", async () => {
    const object = freshObject();
    await runInDurableObject(object, (_, { storage }) => storage.kv.put("totals", { accepted: { [TOPIC]: 9 } }));
    await evictDurableObject(object);
    await object.report({ accepted: { [TOPIC]: 1 } });
    expect((await object.read()).accepted).toEqual({ [TOPIC]: 10 });
  });

  it("keeps minutes and hours when it is evicted, each record once", async () => {
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
  it("gets each past minute, one point per topic, if it is bound", async () => {
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
it("a metrics object stores a month of every topic in values of a tenth of the platform's limit", async () => {
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
