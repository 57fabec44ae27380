import { expect, it } from "vitest";
import { addReports, Distribution, type MetricsTotals, NO_TOTALS } from "#telemetry/metrics.ts";
import { toFlowTotals } from "./flow-totals.ts";

it("a backfill does not flow, nor is it in flight", () => {
  const T = "device.elt.status.reported";
  const totals = addReports(NO_TOTALS, {
    accepted: { [T]: 1_000_003 },
    outcomes: { [`${T} applied`]: 5 },
    deadLettered: { [`${T} fault`]: 2 },
    backfillAccepted: { [T]: 1_000_000 },
    backfillSettled: { [`${T} applied`]: 3, [`${T} fault`]: 1 },
  }) as MetricsTotals;
  expect(toFlowTotals(totals)).toMatchObject({ accepted: 3, applied: 2, failed: 1, acceptedByTopic: { [T]: 3 } });
});

it("a subscription counts as an operation and does not enter the latency of queries", () => {
  const graphqlMs = new Distribution("graphqlMs");
  graphqlMs.add(400, "query", "Fleet").add(0, "subscription", "Watch").add(0, "subscription", "Watch");
  const { queries, queryMs } = toFlowTotals(
    addReports(NO_TOTALS, { graphqlMs: graphqlMs.toCounts() }) as MetricsTotals,
  );
  expect([queries, queryMs]).toEqual([3, { 500: 1, sum: 400 }]);
});
