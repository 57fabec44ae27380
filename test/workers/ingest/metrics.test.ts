import { beforeEach, describe, expect, it, vi } from "vitest";
import { addReports, type MetricsReport } from "#telemetry/metrics.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import type { Env } from "../../../workers/ingest/env.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventValue, NOW_MS, recordOf } from "../../support/records.ts";
import { Boundary } from "./harness.ts";

const TOPIC = "device.elt.dealer.assigned";
const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SAMPLED = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const UNSAMPLED = `00-${TRACE_ID}-00f067aa0ba902b7-00`;

let reports: MetricsReport[];
const METRICS = { getByName: () => ({ report: async (report: MetricsReport) => void reports.push(report) }) };
const vars = { METRICS } as unknown as Partial<Env>;
const body = (...values: unknown[]) => JSON.stringify({ records: values.map((value) => ({ value })) });
const good = (eventId: string) => eventValue({ topic: TOPIC, eventId });

beforeEach(() => {
  vi.restoreAllMocks();
  reports = [];
});

/** The lines that are logged from now on, as Workers Logs has them. */
function listening() {
  const info = vi.spyOn(console, "info").mockImplementation(() => {});
  return () => info.mock.calls.map(([line]) => JSON.parse(String(line)) as { readonly event: string });
}

describe("a request at the boundary", () => {
  it("is reported once, with its records, its route and status, and its client", async () => {
    const response = await new Boundary().post({
      path: `/topics/${TOPIC}`,
      body: body(good("a"), good("b"), {}),
      vars,
    });
    expect(response.status).toBe(200);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      accepted: { [TOPIC]: 3 },
      deadLettered: { [`${TOPIC} schema_mismatch`]: 1 },
      clientRequests: { "dev 200": 1 },
    });
    const [key, sum] = Object.keys(reports[0]?.httpMs ?? {});
    expect(key).toMatch(/^concord-ingest POST \/topics\/:topic 200 (\d+|\+Inf)$/);
    expect(sum).toBe("concord-ingest POST /topics/:topic 200 sum");
  });

  it("is counted with its status and an unknown client if it is refused", async () => {
    await new Boundary().post({
      path: `/topics/${TOPIC}`,
      authorization: "Basic bm86bm8=",
      body: body(good("a")),
      vars,
    });
    expect(reports).toEqual([{ clientRequests: { "unknown 401": 1 }, httpMs: expect.anything() }]);
  });

  it("is reported for a v3 stream too, whose records arrive after the response", async () => {
    const path = `/v3/clusters/concord/topics/${TOPIC}/records`;
    const record = JSON.stringify({ value: { type: "JSON", data: good("a") } });
    await new Boundary().post({ path, type: "application/json", body: record, vars });
    expect(reports.reduce(addReports, {})).toMatchObject({
      accepted: { [TOPIC]: 1 },
      clientRequests: { "dev 200": 1 },
    });
  });

  it("is not reported if it is a health check", async () => {
    await new Boundary().post({ path: "/ingest/healthz", body: null, vars });
    const asked = reports.flatMap(({ httpMs }) => Object.keys(httpMs ?? {}));
    expect(asked.filter((key) => key.includes("healthz"))).toEqual([]);
  });

  it("reports the backlog that the queue has returned", async () => {
    const boundary = new Boundary();
    const answer = { metadata: { metrics: { backlogCount: 7, backlogBytes: 900 } } };
    const EVENTS = { sendBatch: async () => answer } as unknown as Env["EVENTS"];
    await boundary.post({ path: `/topics/${TOPIC}`, body: body(good("a")), vars: { ...vars, EVENTS } });
    expect(reports[0]?.backlog).toMatchObject({ messages: 7, bytes: 900 });
  });
});

describe("a trace", () => {
  const consumed = (traceparent: string) => {
    const records = [recordOf({ topic: TOPIC, eventId: "a" }), recordOf({ topic: TOPIC, eventId: "b" })];
    const deps: ConsumeDeps = {
      fleet: {
        merge: async (events) => ({
          outcomes: events.map((_, i) => (i === 0 ? "applied" : "duplicate")),
          events,
          announcements: events.map(() => new Map()),
          watched: new Set(),
          consistencyToken: null,
          rowsRead: 0,
          rowsWritten: 0,
        }),
      },
      objectWrites: "live",
      mergeIntoObject: () => Promise.reject(new Error("nobody watches")),
      announce: async () => undefined,
      deliver: async () => undefined,
      events: new FakeQueue(),
      backfill: new FakeQueue(),
      deadLetters: new FakeQueue(),
      now: () => NOW_MS,
      random: () => 0.5,
      workerVersion: "test",
    };
    return consume(deps, [{ body: { kind: "parcel", records, traceparent }, attempts: 1 }]);
  };

  it("is in the logs of the boundary and of the consumer if it is sampled", async () => {
    const logged = listening();
    const boundary = new Boundary();
    await boundary.post({ path: `/topics/${TOPIC}`, body: body(good("a")), headers: { traceparent: SAMPLED }, vars });
    expect(boundary.events.bodies[0]?.traceparent).toBe(SAMPLED);
    await consumed(SAMPLED);
    expect(logged()).toMatchObject([
      { event: "ingest.traced", traceId: TRACE_ID, records: 1 },
      { event: "consume.traced", traceId: TRACE_ID, records: 2, ends: { applied: 1, duplicate: 1 } },
    ]);
  });

  it("is not logged but sent on if it is not sampled", async () => {
    const logged = listening();
    const boundary = new Boundary();
    await boundary.post({ path: `/topics/${TOPIC}`, body: body(good("a")), headers: { traceparent: UNSAMPLED }, vars });
    await consumed(UNSAMPLED);
    expect(boundary.events.bodies[0]?.traceparent).toBe(UNSAMPLED);
    expect(logged()).toEqual([]);
  });
});
