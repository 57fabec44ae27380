import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import type { Scope } from "#auth/scope.ts";
import { signToken } from "#auth/token.ts";
import { ConcordClient } from "#client/client.ts";
import {
  AcknowledgeAlert,
  AlertList,
  DealerOverview,
  DeviceList,
  DevicePage,
  SetDesiredState,
} from "../../examples/dashboard/generated.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { eventValue } from "../support/records.ts";

const KEY = "elt:shown-1";
const TOKEN_HEADER = "Concord-Consistency-Token";
const OWN: Scope = { role: "dealer", dealerIds: ["D-21"] };
const OTHER: Scope = { role: "dealer", dealerIds: ["D-other"] };
/** Has a device whose state and alerts a test may change. */
const CHANGING: Scope = { role: "dealer", dealerIds: ["D-33"] };

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await startStack({ neighbours: ["examples/dispatch-worker/wrangler.toml"] });
  clients = await connect(stack.url);
  await onboard("shown-1", { dealerId: "D-21", name: "Lone Star Comfort" });
  await onboard("wanted-1", { dealerId: "D-33", name: "Hill Country Air" });
  await push("device.ecobee.status.reported", "paged-1", 8);
  await outcomesAtRest(clients);
});
afterAll(() => stack.stop());

async function onboard(deviceId: string, dealer: object) {
  await push("device.elt.registration.created", deviceId, 0);
  await push("device.elt.dealer.assigned", deviceId, 1, { dealer });
  await push("device.elt.status.reported", deviceId, 2);
  await push("device.elt.alert.raised", deviceId, 3);
}

function push(topic: string, deviceId: string, hour: number, data?: object) {
  const value = JSON.stringify(eventValue({ topic, deviceId, data, occurredAt: `2026-11-01T0${hour}:00:00Z` }));
  return clients.push(topic, [{ topic, key: deviceId, value }]);
}

const tokenFor = (scope: Scope) => signToken(scope, LOCAL_TOKEN_KEY, "1h");

const dashboardOf = (scope: Scope) =>
  new ConcordClient({ url: new URL("/graphql", stack.url).href, token: () => tokenFor(scope) });

describe("the dashboard's client", () => {
  it("lists a dealer's devices with what a row shows", async () => {
    const { data, errors } = await dashboardOf(OWN).ask(DeviceList, {});
    expect(errors).toEqual([]);
    expect(data.devices?.edges.map(({ node }) => node)).toMatchObject([
      {
        key: KEY,
        model: "ELT-450",
        status: "ONLINE",
        location: { city: "Austin" },
        dealer: { name: "Lone Star Comfort" },
        customer: { name: "Hill Country Clinic" },
        report: { indoorTemperatureC: 24.1 },
        alerts: { edges: [{ node: { severity: "WARNING" } }] },
      },
    ]);
    expect((await dashboardOf(OTHER).ask(DeviceList, {})).data.devices?.edges).toEqual([]);
  });

  it("shows all of a device", async () => {
    const { data, errors } = await dashboardOf(OWN).ask(DevicePage, { key: KEY });
    expect(errors).toEqual([]);
    expect(data.device).toMatchObject({
      source: "ELT",
      serialNumber: "ELT45-00917",
      report: { online: true, mode: "COOL", coolSetpointC: 23 },
    });
    expect(data.lists).toMatchObject({
      alerts: { edges: [{ node: { alertId: "A-90417", state: "OPEN" } }] },
      assignments: { edges: [{ node: { from: "2026-11-01T01:00:00.000Z", to: null, dealer: { dealerId: "D-21" } } }] },
    });
    expect(data.lists?.history.edges.map(({ node }) => node.topic)).toEqual([
      "device.elt.alert.raised",
      "device.elt.status.reported",
      "device.elt.dealer.assigned",
    ]);
    expect((await dashboardOf(OTHER).ask(DevicePage, { key: KEY })).data).toEqual({ device: null, lists: null });
  });

  it("lists the open alerts of a dealer's devices", async () => {
    const { data } = await dashboardOf(OWN).ask(AlertList, {});
    expect(data.alerts?.edges.map(({ node }) => node)).toMatchObject([
      { alertId: "A-90417", severity: "WARNING", device: { key: KEY, customer: { name: "Hill Country Clinic" } } },
    ]);
    expect((await dashboardOf(OTHER).ask(AlertList, {})).data.alerts?.edges).toEqual([]);
  });

  it("pages through devices both ways, and counts them when asked to", async () => {
    const dashboard = dashboardOf({ role: "ops" });
    const first = (await dashboard.ask(DeviceList, { first: 1, withTotal: true })).data.devices;
    expect([first?.totalCount, first?.edges.map(({ node }) => node.key)]).toEqual([3, ["ecobee:paged-1"]]);
    const next = (await dashboard.ask(DeviceList, { first: 1, after: first?.pageInfo.endCursor ?? null })).data.devices;
    expect(next?.edges.map(({ node }) => node.key)).toEqual([KEY]);
    expect(next).not.toHaveProperty("totalCount");
    const back = (await dashboard.ask(DeviceList, { last: 1, before: next?.pageInfo.startCursor ?? null })).data
      .devices;
    expect(back?.edges).toEqual(first?.edges);
  });

  it("sums up each dealer that the token names", async () => {
    const { data } = await dashboardOf(OWN).ask(DealerOverview, {});
    expect(data.dealers?.edges.map(({ node }) => node)).toMatchObject([
      { dealerId: "D-21", statistics: { devices: 1, online: 1, offline: 0, openAlerts: 1, criticalAlerts: 0 } },
    ]);
    expect(data.freshness?.p99Ms).toBeGreaterThan(0);
    expect((await dashboardOf(OTHER).ask(DealerOverview, {})).data.dealers?.edges).toEqual([]);
  });

  it("sets a desired state, and is refused with VERSION_CONFLICT when somebody was faster", async () => {
    const key = "elt:wanted-1";
    const [one, other] = [dashboardOf(CHANGING), dashboardOf(CHANGING)];
    const { data } = await one.ask(DevicePage, { key });
    const wish = { key, expectedVersion: data.device?.twin.version ?? null };
    const first = await one.ask(SetDesiredState, { ...wish, desired: { mode: "COOL", coolSetpointC: 22 } });
    expect(first.data.setDesiredState).toMatchObject({
      outcome: "APPLIED",
      device: { twin: { desired: { mode: "COOL", coolSetpointC: 22 }, delta: { mode: null, coolSetpointC: 22 } } },
      userErrors: [],
    });
    const second = await other.ask(SetDesiredState, { ...wish, desired: { coolSetpointC: 26 } });
    expect(second.data.setDesiredState).toMatchObject({
      outcome: null,
      device: { twin: { desired: { coolSetpointC: 22 } } },
      userErrors: [{ code: "VERSION_CONFLICT" }],
    });
  });

  it("acknowledges an alert, and does not see it open afterwards", async () => {
    const dashboard = dashboardOf(CHANGING);
    const [open] = (await dashboard.ask(AlertList, {})).data.alerts?.edges ?? [];
    const { data } = await dashboard.ask(AcknowledgeAlert, { id: open?.node.id ?? "" });
    expect(data.acknowledgeAlert).toMatchObject({
      alert: { state: "ACKNOWLEDGED" },
      outcome: "APPLIED",
      userErrors: [],
    });
    expect((await dashboard.ask(AlertList, {})).data.alerts?.edges).toEqual([]);
  });
});

describe("the dispatch Worker", () => {
  const visit = async (scope: Scope, headers: Record<string, string> = {}) => {
    const response = await stack.worker("dispatch").fetch(`/visits/${KEY}`, {
      headers: { Authorization: `Bearer ${await tokenFor(scope)}`, ...headers },
    });
    return { status: response.status, token: response.headers.get(TOKEN_HEADER) ?? "", body: await response.json() };
  };

  it("reads over RPC what GraphQL shows the same token", async () => {
    const { data } = await dashboardOf(OWN).ask(DevicePage, { key: KEY });
    const { status, body } = await visit(OWN);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      device: KEY,
      model: data.device?.model,
      serialNumber: data.device?.serialNumber,
      status: data.device?.status,
      location: { city: data.device?.location?.city },
      customer: { name: data.device?.customer?.name, phone: data.device?.customer?.phone },
      openAlerts: data.lists?.alerts.edges.map(({ node: { text, raisedAt } }) => ({ text, raisedAt })),
      lastEvents: data.lists?.history.edges.map(({ node: { topic, data } }) => ({ topic, data })),
    });
  });

  it("finds no device of another dealer, and refuses requests without a token", async () => {
    expect((await visit(OTHER)).status).toBe(404);
    expect((await visit(OWN, { Authorization: "" })).status).toBe(401);
  });

  it("passes its caller's consistency token on, and returns a newer one", async () => {
    const first = await visit(OWN);
    const second = await visit(OWN, { [TOKEN_HEADER]: first.token });
    expect(second.status).toBe(200);
    expect(second.token >= first.token && first.token !== "").toBe(true);
    const refused = await visit(OWN, { [TOKEN_HEADER]: "not-one-of-ours" });
    expect([refused.status, refused.body]).toEqual([400, { error: expect.stringContaining("token") }]);
  });
});

/** The answer to a query, or what a subscription tells first. */
async function firstAnswer(body: object, headers: Record<string, string>) {
  const leaving = new AbortController();
  const response = await fetch(new URL("/graphql", stack.url), {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes("\ndata: ")) break;
  }
  leaving.abort();
  const json = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  return { status: response.status, ...(JSON.parse(json) as { data: object; errors?: unknown }) };
}

describe("README.md", () => {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const commandOf = (mark: string, change = (command: string) => command) => {
    const block = [...text.matchAll(/^```sh\n(.*?)^```/gms)]
      .map(([, each = ""]) => each)
      .find((each) => each.includes(mark));
    return change(block ?? `echo 'no command with ${mark}'; exit 1`)
      .replaceAll("http://localhost:8787/", stack.url.href)
      .replaceAll("npx concord", `CONCORD_URL=${stack.url.href} ${process.execPath} --no-warnings cli/concord.ts`);
  };
  const run = async (command: string) => (await promisify(execFile)("bash", ["-c", command])).stdout;

  it("has commands that push an event, read it back, and deliver a later one to a subscriber", async () => {
    const push = commandOf('"e-1"');
    expect(await run(push)).toContain('"error_code":null');
    await vi.waitFor(async () => expect(await run(commandOf('device(by: { key: \\"ecobee:t-1'))).toContain("20.5"), {
      timeout: 10_000,
      interval: 200,
    });
    const subscriber = spawn("bash", ["-c", `exec ${commandOf("subscription")}`]);
    let heard = "";
    subscriber.stdout.on("data", (chunk) => (heard += chunk));
    await vi.waitFor(() => expect(heard).toContain("SNAPSHOT"), { timeout: 10_000 });
    // As the sentence over it says: a later time, another id and another temperature.
    expect(text).toMatch(/later `occurredAt`, another `eventId` and another temperature/);
    await run(push.replace("e-1", "e-0").replace("T08:00:00Z", "T09:00:00Z").replace("20.5", "26.5"));
    await vi.waitFor(() => expect(heard).toContain('"indoorTemperatureC":26.5'), { timeout: 10_000 });
    subscriber.kill();
  });

  it("has commands that send a bad event and find it among the dead letters", async () => {
    const [push = "", groups = ""] = commandOf('"online":"yes"').split(/(?=^CONCORD_URL=.* groups)/m);
    expect(await run(push)).toContain("kept as a dead letter (schema_mismatch)");
    const [list = ""] = groups.split("\n");
    await vi.waitFor(async () => expect(await run(list)).toContain("invalid_type at data.online"), {
      timeout: 10_000,
      interval: 200,
    });
    // A plan that would send nothing ends with 3.
    expect(await run(`${groups.split("\n")[1]} || [ $? = 3 ]`)).toContain("schema_mismatch");
  });
});

describe("docs/graphql.md", () => {
  const text = readFileSync(new URL("../../docs/graphql.md", import.meta.url), "utf8");
  const blocksOf = (language: string) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, block]) => block as string);

  it.each(blocksOf("graphql"))("has a query that runs: %s", async (query) => {
    const headers = {
      Authorization: `Bearer ${await tokenFor({ role: "ops" })}`,
      Accept: query.startsWith("subscription") ? "text/event-stream" : "application/json",
    };
    const nowMs = Date.now();
    const [from, to] = [nowMs - 7 * 86_400_000, nowMs - 1_000].map((ms) => new Date(ms).toISOString());
    const times = { from, to, asOf: to };
    const variables = { key: "elt:wanted-1", keys: ["elt:wanted-1"], text: "wanted", ...times };
    const { data, errors } = await firstAnswer({ query, variables }, headers);
    expect([data, errors]).toEqual([expect.any(Object), undefined]);
  });

  it.each(blocksOf("sh"))("has a command that runs: %s", async (command) => {
    const here = command
      .replaceAll("http://localhost:8787/", stack.url.href)
      .replaceAll("npx concord", `${process.execPath} cli/concord.ts`);
    const { stdout } = await promisify(execFile)("bash", ["-c", here]);
    const { data, errors } = JSON.parse(stdout);
    expect(errors).toBeUndefined();
    expect(data.devices?.edges).toContainEqual({ node: expect.objectContaining({ key: KEY }) });
  });
});
