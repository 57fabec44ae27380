import { createExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signClaims } from "#auth/token.ts";
import { HistoryRepository } from "#repositories/history.ts";
import { AlertsService } from "./main.ts";
import { alertId, MutatedApi, newDevice } from "./mutated-api.ts";
import { ask, at, dealerScope, emptyTables, env, OPS, post, seedAlerts, version } from "./support.ts";

let api: MutatedApi;
let key: string;

beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await emptyTables();
  api = new MutatedApi();
  key = await newDevice();
  await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
});

const OWN = dealerScope("D-1");
const ALICE = { ...OWN, sub: "alice@arctic.example" };
const BOB = { role: "ops", sub: "bob@concord.example" } as const;
const JOB = { role: "service", sub: "nightly" } as const;

async function as(claims: Scope & { readonly sub?: string }, query: string, variables: object) {
  const token = await signClaims({ ...claims }, LOCAL_TOKEN_SECRET, "1h");
  const response = await post({ query, variables }, { Authorization: `Bearer ${token}` }, api.its);
  // biome-ignore lint/suspicious/noExplicitAny: the schema has checked it
  return (await response.json()) as any;
}

const ACKNOWLEDGE = `mutation ($id: ID!) { acknowledgeAlert(input: { id: $id }) {
  outcome alert { acknowledgedAt acknowledgedBy } } }`;
const SET = `mutation ($key: String!) { setDesiredState(input: { by: { key: $key }, desired: { mode: OFF } }) {
  outcome device { twin { version desiredAt desiredBy desired { mode } } } } }`;
const READ = `query ($key: String!, $id: ID!) { device(by: { key: $key }) { twin { desiredAt desiredBy } }
  node(id: $id) { ... on Alert { acknowledgedAt acknowledgedBy } } }`;

async function seen(scope: Scope) {
  const { data, errors } = await ask(READ, { scope, variables: { key, id: alertId(key, "a") } });
  expect(errors).toBeUndefined();
  return [data.node.acknowledgedBy, data.device.twin.desiredBy];
}

describe("who made a mutation", () => {
  it.each([
    ["a dealer's staff", ALICE, "alice@arctic.example", "alice@arctic.example"],
    ["a dealer's token without a subject", OWN, "dealer", "dealer"],
    ["an operator", BOB, "bob@concord.example", "operator"],
    ["a service", JOB, "nightly", "operator"],
    ["an operator's token without a subject", OPS, "operator", "operator"],
  ])("is told of %s to operators in full, and to a dealer as far as it concerns it", async (_, who, ours, theirs) => {
    const own = who.role === "dealer" ? theirs : ours;
    const acknowledged = await as(who, ACKNOWLEDGE, { id: alertId(key, "a") });
    expect(acknowledged.data.acknowledgeAlert).toEqual({
      outcome: "APPLIED",
      alert: { acknowledgedAt: at(60), acknowledgedBy: own },
    });
    const set = await as(who, SET, { key });
    expect(set.data.setDesiredState).toMatchObject({
      outcome: "APPLIED",
      device: { twin: { desiredAt: at(60), desiredBy: own, desired: { mode: "OFF" } } },
    });
    expect(await seen(OPS)).toEqual([ours, ours]);
    expect(await seen({ role: "service" })).toEqual([ours, ours]);
    expect(await seen(OWN)).toEqual([theirs, theirs]);
    expect(await seen(dealerScope("D-9", "D-1"))).toEqual([theirs, theirs]);
  });

  it("is the dealer of the device, for a token of several dealers", async () => {
    const claims = { ...dealerScope("D-7", "D-1"), sub: "carol@group.example" };
    await as(claims, ACKNOWLEDGE, { id: alertId(key, "a") });
    await as(claims, SET, { key });
    expect(await seen(OWN)).toEqual(["carol@group.example", "carol@group.example"]);
  });

  it("does not reach the dealer that has the device next", async () => {
    await as(ALICE, SET, { key });
    await env.DB.prepare("UPDATE devices SET dealer_id = 'D-2' WHERE key = ?").bind(key).run();
    const { data } = await ask("query ($key: String!) { device(by: { key: $key }) { twin { desiredAt desiredBy } } }", {
      scope: dealerScope("D-2"),
      variables: { key },
    });
    expect(data.device.twin).toEqual({ desiredAt: at(60), desiredBy: null });
  });

  it("is in the conflict that somebody else meets, as far as that one may know", async () => {
    await as(BOB, SET, { key });
    const conflict = `mutation ($key: String!) { setDesiredState(input: { by: { key: $key }, desired: {},
      expectedVersion: "other" }) { device { twin { desiredBy } } userErrors { code } } }`;
    for (const [who, name] of [
      [ALICE, "operator"],
      [BOB, "bob@concord.example"],
    ] as const) {
      const { data } = await as(who, conflict, { key });
      expect(data.setDesiredState).toEqual({
        device: { twin: { desiredBy: name } },
        userErrors: [{ code: "VERSION_CONFLICT" }],
      });
    }
  });

  it("is who repeated a state last, and the same one who repeats it changes nothing", async () => {
    await as(ALICE, SET, { key });
    expect((await as(ALICE, SET, { key })).data.setDesiredState.outcome).toBe("UNCHANGED");
    expect((await as(BOB, SET, { key })).data.setDesiredState.outcome).toBe("APPLIED");
    expect(await seen(OPS)).toEqual([null, "bob@concord.example"]);
  });

  it("is whom another Worker calls for", async () => {
    const alerts = new AlertsService(createExecutionContext(), api.its);
    const own = { deviceKey: key as "elt:1", alertId: "a" };
    const { value } = await alerts.acknowledge({ scope: OWN, subject: "dispatch" }, own);
    expect(value).toMatchObject({ kind: "acknowledged", alert: { acknowledgedBy: "dispatch" } });
    expect((await alerts.find({ scope: OPS }, [own])).value).toMatchObject([{ acknowledgedBy: "dispatch" }]);
  });

  it("is in the device's history as its contract has it, and for a dealer as far as it may know", async () => {
    const entry = (minute: number, by: object) => ({
      version: version(minute),
      topic: "device.elt.alert.acknowledged",
      data: { alertId: "a", by },
    });
    const bob = { role: "ops", subject: "bob@concord.example" };
    const alice = { role: "dealer", subject: "alice@arctic.example", dealerId: "D-1" };
    const rival = { role: "dealer", subject: "rival@best.example", dealerId: "D-2" };
    const history = [entry(4, rival), entry(3, alice), entry(2, bob)];
    const snapshot = { latest: version(4), aspects: {}, history };
    const repository = new HistoryRepository({
      objectOf: () => ({ snapshot: async () => snapshot }),
      intervalsOf: async () => [{ dealerId: "D-1", from: version(1), to: null }],
    });
    const page = { size: 10, from: "start", after: null, before: null } as const;
    const data = async (scope: Scope) =>
      (await repository.findPage(scope, "elt:1", { page })).edges.map(({ node }) => node.data);
    expect(await data(OPS)).toEqual([rival, alice, bob].map((by) => ({ alertId: "a", by })));
    expect(await data(OWN)).toEqual([
      { alertId: "a" },
      { alertId: "a", by: alice },
      { alertId: "a", by: { role: "ops" } },
    ]);
  });

  it("is not known of an alert that nobody has acknowledged, or whose source did not say", async () => {
    expect(await seen(OPS)).toEqual([null, null]);
    const own = { kind: "acknowledged", acknowledgement: "accept" };
    await env.DB.prepare("UPDATE alerts SET alert = json_set(alert, '$.acknowledgement', json(?))")
      .bind(JSON.stringify({ version: version(9), value: own }))
      .run();
    const { data } = await ask(READ, { variables: { key, id: alertId(key, "a") } });
    expect(data.node).toEqual({ acknowledgedAt: at(9), acknowledgedBy: null });
  });
});
