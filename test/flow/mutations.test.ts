import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
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

const push = (topic: string, spec: Omit<EventSpec, "topic">) =>
  clients.push(topic, [{ topic, key: spec.deviceId ?? "", value: JSON.stringify(eventValue({ topic, ...spec })) }]);

const eventually = (assertion: () => Promise<void>) => vi.waitFor(assertion, { timeout: 10_000, interval: 20 });

type Answer = {
  readonly token: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: the schema has checked it, and a test says what it expects
  readonly data: any;
};

/** Asks through the front door, as a client that keeps the token of the answer before. */
async function ask(query: string, variables: object, { scope = { role: "ops" }, token = null }: Asking = {}) {
  const response = await fetch(new URL("/graphql", stack.url), {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${await signToken(scope, LOCAL_TOKEN_SECRET, "5m")}`,
      ...(token && { "Concord-Consistency-Token": token }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
  expect(errors).toBeUndefined();
  return { data, token: response.headers.get("Concord-Consistency-Token") } as Answer;
}

type Asking = { readonly scope?: Scope; readonly token?: string | null };

/** A device of dealer D-21 with an open alert. */
async function onboard(deviceId: string): Promise<{ key: string; alert: string }> {
  await push("device.elt.dealer.assigned", { deviceId, occurredAt: "2026-11-01T10:00:00Z" });
  await push("device.elt.status.reported", { deviceId, occurredAt: "2026-11-01T11:00:00Z" });
  await push("device.elt.alert.raised", { deviceId, occurredAt: "2026-11-02T10:00:00Z" });
  let alert = "";
  const query =
    "query ($key: String!) { device(key: $key) { dealer { dealerId } report { online } alerts { edges { node { id } } } } }";
  await eventually(async () => {
    const { device } = (await ask(query, { key: `elt:${deviceId}` })).data;
    expect(device).toMatchObject({ dealer: { dealerId: "D-21" }, report: { online: true } });
    alert = device.alerts.edges[0].node.id;
  });
  return { key: `elt:${deviceId}`, alert };
}

const OWN: Scope = { role: "dealer", dealerIds: ["D-21"] };
const OTHER: Scope = { role: "dealer", dealerIds: ["D-7"] };

describe("a mutation through the front door", () => {
  it("acknowledges an alert for its dealer only, and a query with its consistency token sees that", async () => {
    const { key, alert } = await onboard("mutated-1");
    const document = `mutation ($id: ID!) { acknowledgeAlert(input: { id: $id }) {
      alert { state device { history(first: 1) { edges { node { topic } } } } } outcome userErrors { code } } }`;
    const refused = await ask(document, { id: alert }, { scope: OTHER });
    expect(refused.data.acknowledgeAlert).toEqual({ alert: null, outcome: null, userErrors: [{ code: "NOT_FOUND" }] });
    const { data, token } = await ask(document, { id: alert }, { scope: OWN });
    const topic = "device.elt.alert.acknowledged";
    expect(data.acknowledgeAlert).toEqual({
      alert: { state: "ACKNOWLEDGED", device: { history: { edges: [{ node: { topic } }] } } },
      outcome: "APPLIED",
      userErrors: [],
    });
    const query = "query ($key: String!) { device(key: $key) { alerts { edges { node { state } } } } }";
    const next = await ask(query, { key }, { scope: OWN, token });
    expect(next.data.device.alerts.edges).toEqual([{ node: { state: "ACKNOWLEDGED" } }]);
  });

  it("sets a desired state for the first of two callers that saw the same version, and the device's report closes the delta", async () => {
    const { key } = await onboard("mutated-2");
    const document = `mutation ($input: SetDesiredStateInput!) { setDesiredState(input: $input) {
      device { twin { version delta { mode coolSetpointC } } } outcome userErrors { code } } }`;
    const wish = (coolSetpointC: number) => ({
      input: { key, desired: { mode: "COOL", coolSetpointC }, expectedVersion: null },
    });
    const answers = await Promise.all([21, 22].map((celsius) => ask(document, wish(celsius), { scope: OWN })));
    const payloads = answers.map(({ data }) => data.setDesiredState);
    expect(payloads.map(({ outcome }) => outcome).toSorted()).toEqual(["APPLIED", null]);
    const [won, lost] = payloads.toSorted((a) => (a.outcome ? -1 : 1));
    expect(lost).toEqual({ device: won.device, outcome: null, userErrors: [{ code: "VERSION_CONFLICT" }] });
    const { coolSetpointC } = won.device.twin.delta;
    await push("device.elt.status.reported", {
      deviceId: "mutated-2",
      occurredAt: new Date().toISOString(),
      data: { online: true, mode: "cool", coolSetpointC },
    });
    await eventually(async () => {
      const { data } = await ask("query ($key: String!) { device(key: $key) { twin { version delta { mode } } } }", {
        key,
      });
      expect(data.device.twin).toEqual({ version: won.device.twin.version, delta: null });
    });
  });

  it("is counted as an accepted record that ends in one outcome", async () => {
    const { key } = await onboard("mutated-3");
    const before = await outcomesAtRest(clients);
    await ask(
      `mutation ($key: String!) { setDesiredState(input: { key: $key, desired: { mode: OFF } }) { outcome } }`,
      { key },
    );
    await eventually(async () => {
      const now = await clients.outcomes();
      expect([now.accepted - before.accepted, now.applied - before.applied, now.inFlight]).toEqual([1, 1, 0]);
    });
  });
});
