import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { type EventSpec, eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});

const push = (topic: string, ...specs: Omit<EventSpec, "topic">[]) =>
  clients.push(
    topic,
    specs.map((spec) => ({
      topic,
      key: spec.deviceId ?? "dev-1",
      value: JSON.stringify(eventValue({ topic, ...spec })),
    })),
  );

const device = (key: string) =>
  clients.query<{ device: Record<string, unknown> | null }>(
    `query Device($key: String!) { device(key: $key) {
      status model serialNumber name dealer { name } customer { name }
      report { online indoorTemperatureC } alerts(first: 5) { edges { node { code state severity } } }
      assignments(first: 5) { edges { node { dealer { dealerId } from to } } }
      history(first: 5) { edges { node { eventId topic } } }
    } }`,
    { key },
  );

/** Queues and D1 take their time; the assertion is asked until it holds. */
const eventually = (assertion: () => Promise<void>) => vi.waitFor(assertion, { timeout: 10_000, interval: 20 });

describe("GraphQL, after events were sent to the REST Proxy endpoint,", () => {
  it("shows a device with everything its events said", async () => {
    await push("device.elt.registration.created", {
      deviceId: "flow-1",
      eventId: "r",
      occurredAt: "2026-11-01T10:00:00Z",
    });
    await push("device.elt.dealer.assigned", {
      deviceId: "flow-1",
      eventId: "d",
      occurredAt: "2026-11-01T11:00:00+01:00",
    });
    await push("device.elt.status.reported", { deviceId: "flow-1", eventId: "s", occurredAt: "2026-11-02T10:00:00Z" });
    await push("device.elt.alert.raised", { deviceId: "flow-1", eventId: "a", occurredAt: "2026-11-03T10:00:00Z" });
    await eventually(async () => {
      expect((await device("elt:flow-1")).device).toMatchObject({
        status: "ONLINE",
        model: "ELT-450",
        dealer: { name: "Lone Star Comfort" },
        customer: { name: "Hill Country Clinic" },
        report: { online: true, indoorTemperatureC: 24.1 },
        alerts: { edges: [{ node: { code: "LOW-REFRIGERANT", state: "OPEN", severity: "WARNING" } }] },
        assignments: {
          edges: [{ node: { dealer: { dealerId: "D-21" }, from: "2026-11-01T10:00:00.000Z", to: null } }],
        },
        history: { edges: ["a", "s", "r", "d"].map((eventId) => ({ node: { eventId } })) },
      });
    });
  });

  it("answers null for a device that no event named", async () => {
    expect(await device("elt:nobody")).toEqual({ device: null });
  });

  it("counts every accepted record in one outcome", async () => {
    const specs = [1, 2, 3, 2].map((n) => ({
      deviceId: "flow-2",
      eventId: `o-${n}`,
      occurredAt: `2026-11-0${n}T00:00:00Z`,
    }));
    const before = await outcomesAtRest(clients);
    await push("device.elt.status.reported", ...specs);
    await eventually(async () => {
      const now = await clients.outcomes();
      expect(now.inFlight).toBe(0);
      expect(now.accepted - before.accepted).toBe(4);
    });
  });
});

describe("a bad record", () => {
  it("is listed as a dead letter with its reason, and a replay that fails again raises its count and adds no second letter", async () => {
    const topic = "device.elt.topic.unheardof";
    expect(await push(topic, { deviceId: "flow-3", eventId: "unknown-1", data: { brand: "X" } })).toEqual({
      accepted: 0,
      deadLettered: 1,
    });
    let id = "";
    await eventually(async () => {
      const { deadLetters } = await clients.deadLetters(`?topic=${topic}`);
      expect(deadLetters).toMatchObject([{ reason: "unknown_topic", state: "open" }]);
      id = deadLetters[0]?.id ?? "";
    });
    const again = await clients.replayDeadLetter(id);
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining("would fail as before")]);
    expect((await clients.replayDeadLetter(id, { force: true })).status).toBe(202);
    await eventually(async () => {
      const { deadLetters } = await clients.deadLetters(`?topic=${topic}`);
      expect(deadLetters).toMatchObject([{ state: "open", failures: 2, replays: 1 }]);
    });
  });

  it("is a resolved letter once a replay of it is applied", async () => {
    const topic = "device.elt.status.reported";
    const value = eventValue({
      topic,
      deviceId: "flow-4",
      eventId: "skewed",
      occurredAt: new Date(Date.now() + 302_000).toISOString(),
    });
    const pushed = await clients.push(topic, [{ topic, key: "flow-4", value: JSON.stringify(value) }]);
    expect(pushed).toEqual({ accepted: 0, deadLettered: 1 });
    let id = "";
    await eventually(async () => {
      const { deadLetters } = await clients.deadLetters("?reason=clock_skew");
      expect(deadLetters).toHaveLength(1);
      id = deadLetters[0]?.id ?? "";
    });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect((await clients.replayDeadLetter(id)).status).toBe(202);
    await eventually(async () => {
      const { deadLetters } = await clients.deadLetters("?reason=clock_skew");
      expect(deadLetters).toMatchObject([{ state: "resolved", outcome: "applied" }]);
    });
    expect((await device("elt:flow-4")).device).toMatchObject({ status: "ONLINE" });
  });
});

describe("the front door", () => {
  it.each([
    ["/topics", 401],
    ["/contracts", 200],
    ["/contracts/asyncapi.json", 200],
    ["/graphql?query=%7B__typename%7D", 401],
    ["/ops/api/dead-letters", 401],
    ["/nothing-here", 404],
    ["/", 200],
  ])("routes %s, which answers %i", async (path, status) => {
    expect((await fetch(new URL(path, stack.url), { headers: { Accept: "application/json" } })).status).toBe(status);
  });
});
