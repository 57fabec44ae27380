import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import type { CostFigures } from "../bench/cost.ts";
import { dollarsPerMillion, PRICES, type Usage } from "../bench/prices.ts";
import { DEVICES_A_ROUND, LIMITS, PER_RECORD } from "./limits.ts";
import { loadOf } from "./load.ts";
import { MEASURED } from "./measured.ts";
import { planWith } from "./plan.ts";

/** What the bench has counted on the platform's own counters. */
const FIGURES = JSON.parse(readFileSync("docs/performance/figures.json", "utf8")) as {
  cost: CostFigures;
  ingest: { ours100: { perSecond: number } };
  consumer: { recordsPerSecond: { live: number } };
  read: { pageCost: { statements: number; rowsRead: number }; page: { perSecond: number } };
  bridge: { recordsPerSecond: { bridge: number } };
};

/** Of what the bench has counted. Its fleets are small, and one of its days is the model's. */
const TOLERANCE = 0.02;

const near = (actual: number, expected: number) =>
  expect(Math.abs(actual - expected), `${actual} is not near ${expected}`).toBeLessThanOrEqual(
    Math.max(expected * TOLERANCE, 1e-9),
  );

/** One device, so that the index entries of a new day are not among the rows. */
const planOf = (events: number, distinctPerBatch: number, objectWrites: "always" | "live") =>
  planWith({
    ...{ devices: 1, eventsPerDeviceDay: events, distinctPerBatch, objectWrites },
    ...{ deviceSubscribers: 0, watchedDealers: 0, pagesPerSecond: 0, statusChangesPerDeviceDay: 0 },
  });

const usageOf = (plan: ReturnType<typeof planOf>): Usage => {
  const { perDay } = loadOf(plan, MEASURED);
  const objectRequests = perDay.deviceObjectCalls + perDay.metricsReports;
  return {
    workerRequests: perDay.workerRequests,
    queueOperations: perDay.queueOperations,
    d1RowsRead: perDay.d1RowsRead,
    d1RowsWritten: perDay.d1RowsWritten,
    objectRequests,
    objectRowsWritten: perDay.objectRowsWritten,
    objectGigabyteSeconds: objectRequests * PER_RECORD.objectCallSeconds * PER_RECORD.objectGigabytes,
  };
};

describe.each([
  ["steady fleet", 100],
  ["firmware wave", 25],
] as const)("the model of the bench's %s", (workload, distinctPerBatch) => {
  it.each(["always", "live"] as const)("uses and costs what the bench has counted, objects written %s", (writes) => {
    const { events, usage, dollarsPerMillion: measured } = FIGURES.cost.bills[workload][writes];
    const modelled = usageOf(planOf(events, distinctPerBatch, writes));
    for (const unit of Object.keys(usage) as (keyof Usage)[]) near(modelled[unit], usage[unit]);
    near(dollarsPerMillion(modelled, events), measured);
  });
});

it("the model of a replay storm writes no row, and reads what the bench has counted", () => {
  const { events, usage } = FIGURES.cost.bills["replay storm"].always;
  const modelled = usageOf({ ...planOf(events, 100, "always"), repeatedShare: 1 });
  expect(modelled.d1RowsWritten).toBe(0);
  near(modelled.d1RowsRead, usage.d1RowsRead);
});

it("an unchanged record writes as many rows as the bench has counted", () => {
  expect(PER_RECORD.rowsWrittenPerWrite).toBe(FIGURES.cost.idleWrites.unchanged.d1);
});

it("the times and rows of a record are those of the bench", () => {
  near(PER_RECORD.ingestCpuMs, 1_000 / (FIGURES.ingest.ours100.perSecond * 100));
  near(PER_RECORD.consumerCpuMs, 1_000 / FIGURES.consumer.recordsPerSecond.live);
  near(PER_RECORD.pageCpuMs, 1_000 / FIGURES.read.page.perSecond);
  expect(PER_RECORD.rowsReadPerPage).toBe(FIGURES.read.pageCost.rowsRead);
  expect(PER_RECORD.statementsPerPage).toBe(FIGURES.read.pageCost.statements);
  near(LIMITS.bridgeRecords.value, FIGURES.bridge.recordsPerSecond.bridge);
});

describe("the limits that are ours", () => {
  const toml = parse(readFileSync("workers/ingest/wrangler.toml", "utf8")) as unknown as {
    queues: { consumers: { queue: string; max_concurrency: number; max_batch_size: number }[] };
    ratelimits: { name: string; simple: { limit: number; period: number } }[];
  };

  it("are those of the queue's consumer", () => {
    const consumer = toml.queues.consumers.find(({ queue }) => queue === "concord-events");
    expect(LIMITS.consumers.value).toBe(consumer?.max_concurrency);
    expect(LIMITS.parcelsPerBatch.value).toBe(consumer?.max_batch_size);
  });

  it("are those of the rate limit of a credential", () => {
    const { limit = 0, period = 1 } = toml.ratelimits.find(({ name }) => name === "RATE_LIMIT")?.simple ?? {};
    expect(LIMITS.producerRequests.value).toBe(limit / period);
  });

  it.each([
    ["src/shared/telemetry/shards.ts", `METRICS_SHARDS = ${LIMITS.metricsObjects.value};`],
    ["workers/metrics/metrics-object.ts", `GATHER_MS = ${1_000 / LIMITS.metricsWrites.value};`],
    ["workers/devices/live/subscriptions.ts", "MAX_SOCKETS = 1_000;"],
    ["workers/devices/hub/hub.ts", "MAX_SOCKETS = 4_000;"],
    ["workers/ingest/consume.ts", `{ always: ${DEVICES_A_ROUND.always}, live: ${DEVICES_A_ROUND.live} }`],
    ["workers/ingest/pressure.ts", `soft: ${LIMITS.queueSoftBytes.value / 1e9}e9`],
  ])("are those of %s: %s", (file, fragment) => {
    expect(readFileSync(file, "utf8")).toContain(fragment);
  });
});

it("the prices and the limits were read in the same month", async () => {
  const { LIMITS_AS_OF } = await import("./limits.ts");
  expect(LIMITS_AS_OF).toBe(PRICES.asOf);
});

it.each([
  [LIMITS.socketsPerHub, /^const MAX_SOCKETS = ([\d_]+);$/m],
  [LIMITS.objectsPerSocket, /^export const MAX_OBJECTS = ([\d_]+);$/m],
  [LIMITS.hubsPerLocation, /^(?:export )?const HUBS\w* = ([\d_]+);$/m],
])("a limit of hubs is that of the code: $source", ({ value, source }, pattern) => {
  const [, written = ""] = pattern.exec(readFileSync(source.split(" in ").at(-1) ?? "", "utf8")) ?? [];
  expect(Number(written.replaceAll("_", ""))).toBe(value);
});
