import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { METRICS_OBJECT_NAME } from "../../../src/shared/telemetry/metrics.ts";
import { expositionOf } from "../../../workers/dlq/exposition.ts";
import { addReport, NO_TOTALS, outcomesOf } from "../../../workers/dlq/totals.ts";
import { bearer, env, TOPIC } from "./support.ts";

const OTHER_TOPIC = "device.elt.status.reported";
let nextObject = 0;
const freshObject = () => env.METRICS.getByName(`object-${++nextObject}`);
const asIs = (topic: string) => topic;

/** Reads the text format as a scraper does; throws on a line that is none. */
function scrape(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type) types.set(type[1] as string, type[2] as string);
    if (line.startsWith("#")) continue;
    const sample = /^([a-z_0-9]+)((?:\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})?) (-?[0-9.e+]+)$/.exec(line);
    if (!sample) throw new Error(`not a sample: ${line}`);
    const [, name = "", labels = "", value] = sample;
    expect(types.has(name) || types.get(name.replace(/_(bucket|sum|count)$/, "")) === "histogram").toBe(true);
    expect(samples.has(name + labels)).toBe(false);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

describe("the metrics object", () => {
  it("adds up what it is told, and still knows it after it was evicted", async () => {
    const object = freshObject();
    await object.report({ accepted: { [TOPIC]: 2 }, batches: 1, d1RowsWritten: 3, settleMs: { "10": 2 } });
    await evictDurableObject(object);
    await Promise.all(
      Array.from({ length: 20 }, () => object.report({ accepted: { [TOPIC]: 1, [OTHER_TOPIC]: 1 }, settleMsSum: 5 })),
    );
    await evictDurableObject(object);
    expect(await object.read()).toEqual({
      ...NO_TOTALS,
      accepted: { [TOPIC]: 22, [OTHER_TOPIC]: 20 },
      batches: 1,
      d1RowsWritten: 3,
      settleMs: { "10": 2 },
      settleMsSum: 100,
    });
  });

  it("writes once for all that is reported at about the same time", async () => {
    const object = freshObject();
    let writes = 0;
    await runInDurableObject(object, (_, { storage: { kv } }) => {
      const put = kv.put.bind(kv);
      vi.spyOn(kv, "put").mockImplementation((key, value) => {
        writes++;
        put(key, value);
      });
    });
    await Promise.all(Array.from({ length: 50 }, () => object.report({ batches: 1 })));
    // A slow machine may take more than a tenth of a second to report them all.
    expect([writes <= 5, (await object.read()).batches]).toEqual([true, 50]);
  });

  it("folds topics without a contract into one, so that clients cannot make series", async () => {
    const object = freshObject();
    await object.report({
      accepted: { nonsense: 1, "device.infinity.no.contract": 2, [TOPIC]: 3, __proto__x: 1 },
      deadLettered: { "a topic with spaces unknown_topic": 2, "nonsense unknown_topic": 1 },
    });
    expect(await object.read()).toMatchObject({
      accepted: { other: 4, [TOPIC]: 3 },
      deadLettered: { "other unknown_topic": 3 },
    });
  });
});

describe("the exposition", () => {
  const totals = addReport(
    NO_TOTALS,
    {
      accepted: { [TOPIC]: 10, 'o"d\\d\n': 1 },
      outcomes: { [`${TOPIC} applied`]: 5, [`${TOPIC} duplicate`]: 2 },
      deadLettered: { [`${TOPIC} not_json`]: 1, [`${TOPIC} crash`]: 1 },
      retried: { [TOPIC]: 4 },
      d1RowsWritten: 12,
      settleMs: { "5": 3, "100": 2, "+Inf": 1 },
      settleMsSum: 90_250,
    },
    asIs,
  );
  const samples = scrape(expositionOf(totals));

  it.each([
    [`concord_records_accepted_total{topic="${TOPIC}"}`, 10],
    ['concord_records_accepted_total{topic="o\\"d\\\\d\\n"}', 1],
    [`concord_records_total{topic="${TOPIC}",outcome="applied"}`, 5],
    [`concord_records_total{topic="${TOPIC}",outcome="dead_lettered"}`, 2],
    [`concord_dead_letters_total{topic="${TOPIC}",reason="crash"}`, 1],
    [`concord_records_retried_total{topic="${TOPIC}"}`, 4],
    ["concord_d1_rows_written_total", 12],
    ["concord_records_in_flight", 2],
    ['concord_settle_seconds_bucket{le="0.005"}', 3],
    ['concord_settle_seconds_bucket{le="0.1"}', 5],
    ['concord_settle_seconds_bucket{le="60"}', 5],
    ['concord_settle_seconds_bucket{le="+Inf"}', 6],
    ["concord_settle_seconds_count", 6],
    ["concord_settle_seconds_sum", 90.25],
  ])("says %s %d", (name, value) => {
    expect(samples.get(name)).toBe(value);
  });

  it("parses before anything was counted", () => {
    expect(scrape(expositionOf(NO_TOTALS)).get("concord_settle_seconds_count")).toBe(0);
  });
});

describe("the outcomes", () => {
  it("sum to what was accepted and replayed, at rest, in all and by topic", () => {
    const totals = addReport(
      NO_TOTALS,
      {
        accepted: { [TOPIC]: 6, [OTHER_TOPIC]: 4 },
        replayed: { [TOPIC]: 1 },
        outcomes: { [`${TOPIC} applied`]: 5, [`${TOPIC} superseded`]: 1, [`${OTHER_TOPIC} unchanged`]: 2 },
        deadLettered: { [`${TOPIC} crash`]: 1, [`${OTHER_TOPIC} not_json`]: 1 },
        batches: 3,
        objectWrites: 7,
      },
      asIs,
    );
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

  it("are served, as are the metrics, from what the Workers reported", async () => {
    await env.METRICS.getByName(METRICS_OBJECT_NAME).report({ accepted: { [TOPIC]: 7 } });
    const self = exports as unknown as { default: Fetcher };
    const outcomes = await self.default.fetch("https://ops.example/ops/api/outcomes", { headers: await bearer() });
    expect(await outcomes.json()).toMatchObject({ accepted: 7, inFlight: 7 });
    const metrics = await self.default.fetch("https://ops.example/ops/metrics", { headers: await bearer() });
    expect(metrics.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(scrape(await metrics.text()).get(`concord_records_accepted_total{topic="${TOPIC}"}`)).toBe(7);
  });
});
