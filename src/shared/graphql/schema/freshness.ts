import { type Freshness as FreshnessShape, freshnessOf } from "../../telemetry/metrics.ts";
import { builder } from "./builder.ts";

const Freshness = builder.objectRef<FreshnessShape>("Freshness").implement({
  description:
    "How far what is read trails what was accepted: the time from a record's acceptance until the database and its device's object had it, over all records ever counted.",
  fields: (t) => ({
    settled: t.exposeFloat("settled", {
      description: "Records that the figures rest on: a whole number that may outgrow Int.",
    }),
    p50Ms: t.exposeInt("p50Ms", {
      nullable: true,
      description: "Half of them took at most so many milliseconds. Null before the first, and beyond a minute.",
    }),
    p99Ms: t.exposeInt("p99Ms", {
      nullable: true,
      description: "99 of 100 took at most so many milliseconds. Null before the first, and beyond a minute.",
    }),
  }),
});

builder.queryField("freshness", (t) =>
  t.field({
    type: Freshness,
    nullable: true,
    description: "Of the whole platform, for every token. Null, with an error, while nobody can tell.",
    resolve: async (_, __, { metrics }) => freshnessOf(await metrics().read()),
  }),
);
