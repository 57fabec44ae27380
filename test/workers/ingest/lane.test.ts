import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import { LANE_HEADER } from "#queue/lane.ts";
import type { Parcel } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import type { Env } from "../../../workers/ingest/env.ts";
import { waitSecondsFor } from "../../../workers/ingest/pressure.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventValue, NOW_MS, recordOf } from "../../support/records.ts";
import { Boundary, bodyOf, ELT } from "./harness.ts";

const { DB } = env as unknown as { DB: D1Database };
const headers = { [LANE_HEADER]: "backfill" };

let boundary: Boundary;
beforeEach(() => {
  boundary = new Boundary();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => vi.useRealTimers());

describe("the lane of backfills", () => {
  const data = eventValue({ topic: ELT });
  it.each([
    ["v2", { path: `/topics/${ELT}`, body: bodyOf() }],
    ["v2 with a partition", { path: `/topics/${ELT}/partitions/3`, body: bodyOf() }],
    [
      "v3",
      {
        path: `/v3/clusters/c/topics/${ELT}/records`,
        type: "application/json",
        body: JSON.stringify({ value: { type: "JSON", data } }),
      },
    ],
    [
      "a v3 batch",
      {
        path: `/kafka/v3/clusters/c/topics/${ELT}/records:batch`,
        type: "application/json",
        body: JSON.stringify({ entries: [{ id: "1", value: { type: "JSON", data } }] }),
      },
    ],
    ["a sink", { path: `/ingest/${ELT}`, type: "application/json", body: JSON.stringify(data) }],
  ])("is taken by %s, and by no record without the header", async (_, post) => {
    await boundary.post({ ...post, headers });
    expect([boundary.recordsIn("events").length, boundary.recordsIn("backfill").length]).toEqual([0, 1]);
    expect(boundary.backfill.bodies[0]?.lane).toBe("backfill");
    await boundary.post(post);
    expect([boundary.recordsIn("events").length, boundary.recordsIn("backfill").length]).toEqual([1, 1]);
    expect(boundary.events.bodies[0]).not.toHaveProperty("lane");
  });

  it.each(["", "live", "Backfill", "backfill, backfill"])(
    "refuses %j by name, and says which there are",
    async (name) => {
      const response = await boundary.produce({ headers: { [LANE_HEADER]: name } });
      expect(response.status).toBe(400);
      expect(((await response.json()) as { message: string }).message).toMatch(
        /^X-Concord-Lane may be "backfill".*Nothing was accepted\.$/,
      );
      expect([...boundary.records, ...boundary.recordsIn("backfill")]).toEqual([]);
    },
  );

  it("is held up by its own queue alone, and holds up no other", async () => {
    // In the past, so that what is noted here is out of date for other tests.
    const hourAgo = Date.now() - HOUR_MS;
    vi.useFakeTimers({ toFake: ["Date"], now: hourAgo });
    const holding = (backlogBytes: number) =>
      ({ sendBatch: async () => ({ metadata: { metrics: { backlogCount: 9e6, backlogBytes } } }) }) as never;
    const statuses = async () => [(await boundary.produce({})).status, (await boundary.produce({ headers })).status];
    await boundary.produce({ headers, vars: { BACKFILL: holding(2.5e9) } });
    expect(await statuses()).toEqual([200, 503]);
    vi.setSystemTime(hourAgo + 10 * MINUTE_MS);
    await boundary.produce({ vars: { EVENTS: holding(24.5e9) } });
    expect(await statuses()).toEqual([503, 200]);
  });

  it("waits in its files with much less in the queue than live records may have", () => {
    const waits = (["live", "backfill"] as const).map((lane) => waitSecondsFor({ backlogBytes: 3e9 }, lane));
    expect(waits).toEqual([0, 300]);
  });

  it("is counted apart, and its backlog is not that of live records", async () => {
    const reports: MetricsReport[] = [];
    const vars = {
      METRICS: { getByName: () => ({ report: async (report: MetricsReport) => void reports.push(report) }) },
      BACKFILL: { sendBatch: async () => ({ metadata: { metrics: { backlogCount: 7, backlogBytes: 900 } } }) },
    } as unknown as Partial<Env>;
    const body = JSON.stringify({ records: [{ value: eventValue({ topic: ELT }) }, { value: {} }] });
    await boundary.produce({ headers, vars, body });
    const [report] = reports;
    expect(report).toMatchObject({
      accepted: { [ELT]: 2 },
      deadLettered: { [`${ELT} schema_mismatch`]: 1 },
      backfillAccepted: { [ELT]: 2 },
      backfillSettled: { [`${ELT} schema_mismatch`]: 1 },
    });
    expect(report).not.toHaveProperty("backlog");
  });
});

describe("the consumer", () => {
  const queues = () => ({ events: new FakeQueue<Parcel>(), backfill: new FakeQueue<Parcel>() });
  const depsWith = (more: Partial<ConsumeDeps>): ConsumeDeps => ({
    fleet: new FleetRepository(DB),
    objectWrites: "always",
    mergeIntoObject: async (_, events) => ({ outcomes: events.map(() => "superseded"), rowsWritten: 0 }),
    announce: async () => undefined,
    deliver: async () => undefined,
    ...queues(),
    deadLetters: new FakeQueue(),
    now: () => NOW_MS,
    random: () => 0.5,
    workerVersion: "test",
    ...more,
  });
  const record = (deviceId: string) => recordOf({ topic: ELT, deviceId, eventId: deviceId });
  const deliver = (deps: ConsumeDeps) =>
    consume(deps, [
      { body: { kind: "parcel", records: [record("lane-live")] }, attempts: 1 },
      { body: { kind: "parcel", lane: "backfill", records: [record("lane-filled")] }, attempts: 1 },
    ]);

  it.each([
    ["after an outage", new Error("D1_ERROR: Network connection lost."), { deferrals: 1 }],
    ["alone after a failure", new Error("cannot read properties of undefined"), { isolated: true }],
  ])("sends a record back %s in the lane that it came in", async (_, thrown, shape) => {
    const sent = queues();
    await deliver(depsWith({ ...sent, fleet: { merge: () => Promise.reject(thrown) } }));
    expect(sent.events.bodies).toMatchObject([{ ...shape, records: [{ key: "lane-live" }] }]);
    expect(sent.events.bodies[0]).not.toHaveProperty("lane");
    expect(sent.backfill.bodies).toMatchObject([{ ...shape, lane: "backfill", records: [{ key: "lane-filled" }] }]);
  });

  it("holds a message whose lane's queue is out of reach, and no other", async () => {
    const sent = queues();
    sent.backfill.callsLeft = 0;
    const { dispositions } = await deliver(
      depsWith({ ...sent, fleet: { merge: () => Promise.reject(new Error("cannot read properties of undefined")) } }),
    );
    expect(dispositions.map(({ kind }) => kind)).toEqual(["ack", "retry"]);
  });

  it("measures the freshness of live records only, and counts the outcomes of both", async () => {
    const { report } = await deliver(depsWith({}));
    expect(report.outcomes).toEqual({ [`${ELT} applied`]: 2 });
    expect(report.backfillSettled).toEqual({ [`${ELT} applied`]: 1 });
    for (const times of [report.receivedToVisibleMs, report.occurredToVisibleMs]) {
      const counted = Object.entries(times ?? {}).filter(([key]) => !key.endsWith(" sum"));
      expect(counted.map(([, count]) => count)).toEqual([1]);
    }
  });
});
