import { beforeEach, describe, expect, it, vi } from "vitest";
import { addReports, type MetricsReport } from "../../../src/shared/telemetry/metrics.ts";
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
  it("is told in one report: its records, its route and status, and whose it was", async () => {
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

  it("that is refused is counted as nobody's, with its status", async () => {
    await new Boundary().post({
      path: `/topics/${TOPIC}`,
      authorization: "Basic bm86bm8=",
      body: body(good("a")),
      vars,
    });
    expect(reports).toEqual([{ clientRequests: { "unknown 401": 1 }, httpMs: expect.anything() }]);
  });

  it("on a v3 stream is told though its records come behind the answer", async () => {
    const path = `/v3/clusters/concord/topics/${TOPIC}/records`;
    const record = JSON.stringify({ value: { type: "JSON", data: good("a") } });
    await new Boundary().post({ path, type: "application/json", body: record, vars });
    expect(reports.reduce(addReports, {})).toMatchObject({
      accepted: { [TOPIC]: 1 },
      clientRequests: { "dev 200": 1 },
    });
  });

  it("is not told of when it only asks whether we are well", async () => {
    await new Boundary().post({ path: "/ingest/healthz", body: null, vars });
    const asked = reports.flatMap(({ httpMs }) => Object.keys(httpMs ?? {}));
    expect(asked.filter((key) => key.includes("healthz"))).toEqual([]);
  });

  it("brings the queue's own word of its backlog", async () => {
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
          announcements: events.map(() => new Map()),
          watched: new Set(),
          consistencyToken: null,
          rowsRead: 0,
          rowsWritten: 0,
        }),
      },
      objectWrites: "live",
      mergeIntoObject: () => Promise.reject(new Error("nobody watches")),
      announce: async () => {},
      events: new FakeQueue(),
      deadLetters: new FakeQueue(),
      now: () => NOW_MS,
      random: () => 0.5,
      workerVersion: "test",
    };
    return consume(deps, [{ body: { kind: "parcel", records, traceparent }, attempts: 1 }]);
  };

  it("is found again in the logs of the boundary and of the consumer, when it is sampled", async () => {
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

  it("that nobody records costs no line, and travels all the same", async () => {
    const logged = listening();
    const boundary = new Boundary();
    await boundary.post({ path: `/topics/${TOPIC}`, body: body(good("a")), headers: { traceparent: UNSAMPLED }, vars });
    await consumed(UNSAMPLED);
    expect(boundary.events.bodies[0]?.traceparent).toBe(UNSAMPLED);
    expect(logged()).toEqual([]);
  });
});
