import { describe, expect, it } from "vitest";
import { SHARD_NAMES } from "#telemetry/shards.ts";
import { OWN } from "./list-world.ts";
import { ask, env, OPS } from "./support.ts";

describe("freshness", () => {
  const report = (shard: number, buckets: Record<string, number>) => {
    const topic = "device.elt.status.reported";
    const keyed = Object.entries(buckets).map(([bound, count]) => [`${topic} ${bound}`, count]);
    return env.METRICS.getByName(SHARD_NAMES[shard] as string).report({
      receivedToVisibleMs: Object.fromEntries(keyed),
    });
  };
  const read = async (scope = OWN) => (await ask("{ freshness { settled p50Ms p99Ms } }", { scope })).data.freshness;

  it("is readable by every role, as upper bounds of how long records took to settle", async () => {
    expect(await read()).toEqual({ settled: 0, p50Ms: null, p99Ms: null });
    await report(0, { 25: 40, 50: 20, 500: 39, sum: 9_000 });
    await report(3, { 5000: 1 });
    expect(await read()).toEqual({ settled: 100, p50Ms: 50, p99Ms: 500 });
    await report(1, { "+Inf": 100 });
    expect(await read(OPS)).toEqual({ settled: 200, p50Ms: 5000, p99Ms: null });
  });

  it("is the only field that fails while the metrics do not answer", async () => {
    const METRICS = { getByName: () => ({ read: () => Promise.reject(new Error("Network connection lost.")) }) };
    const { data, errors } = await ask("{ freshness { settled } __typename }", {
      env: { ...env, METRICS: METRICS as unknown as typeof env.METRICS },
    });
    expect(data).toEqual({ freshness: null, __typename: "Query" });
    expect(errors?.[0]?.extensions.code).toBe("UPSTREAM_UNAVAILABLE");
  });
});
