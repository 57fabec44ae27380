import { type Freshness as FreshnessShape, readFreshness } from "#telemetry/metrics.ts";
import { builder } from "./builder.ts";

const Freshness = builder.objectRef<FreshnessShape>("Freshness").implement({
  description:
    "How far reads trail writes: the time from a record's acceptance until it was in the database and in its device's object, over all records ever counted.",
  fields: (t) => ({
    settled: t.exposeFloat("settled", {
      description: "How many records were measured: a whole number that may exceed Int.",
    }),
    p50Ms: t.exposeInt("p50Ms", {
      nullable: true,
      description: "The median, in milliseconds. Null before the first record, and if it is over a minute.",
    }),
    p99Ms: t.exposeInt("p99Ms", {
      nullable: true,
      description: "The 99th percentile, in milliseconds. Null before the first record, and if it is over a minute.",
    }),
  }),
});

builder.queryField("freshness", (t) =>
  t.field({
    type: Freshness,
    nullable: true,
    description:
      "The freshness of the whole platform, the same for every token. Null with an error while it cannot be read.",
    resolve: async (_, __, { metrics }) => readFreshness(await metrics().read()),
  }),
);
