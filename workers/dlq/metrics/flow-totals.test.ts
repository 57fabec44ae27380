import { expect, it } from "vitest";
import { addReports, Distribution, type MetricsTotals, NO_TOTALS } from "../../../src/shared/telemetry/metrics.ts";
import { flowTotalsOf } from "./flow-totals.ts";

it("A subscription is an operation, and no fast query", () => {
  const graphqlMs = new Distribution("graphqlMs");
  graphqlMs.add(400, "query", "Fleet").add(0, "subscription", "Watch").add(0, "subscription", "Watch");
  const { queries, queryMs } = flowTotalsOf(
    addReports(NO_TOTALS, { graphqlMs: graphqlMs.toCounts() }) as MetricsTotals,
  );
  expect([queries, queryMs]).toEqual([3, { 500: 1, sum: 400 }]);
});
