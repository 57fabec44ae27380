import { createExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "../../../src/shared/auth/token.ts";
import type { Commands } from "../../../src/shared/domain/command.ts";
import type { DeadLetterMessage } from "../../../src/shared/queue/letter.ts";
import type { Parcel } from "../../../src/shared/queue/parcel.ts";
import { FleetRepository } from "../../../src/shared/repositories/fleet.ts";
import type { MetricsReport } from "../../../src/shared/telemetry/metrics.ts";
import type { Env } from "../../../workers/api/env.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import { acknowledgeAlert, type CommandDeps, setDesired } from "../../../workers/ingest/commands.ts";
import { consume } from "../../../workers/ingest/consume.ts";
import { commandDepsOver } from "../../support/command-deps.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { AlertsService, DevicesService } from "./main.ts";
import {
  ask,
  at,
  dealerScope,
  emptyTables,
  env,
  nodesOf,
  OPS,
  registered,
  rememberDevice,
  seedAlerts,
  seedDevices,
  send,
  version,
} from "./support.ts";

const TOKEN_HEADER = "Concord-Consistency-Token";
const OUTAGE = new Error("D1_ERROR: Network connection lost.");
const NOW_MS = Date.parse(at(60));

let events: FakeQueue<Parcel>;
let reports: MetricsReport[];
/** What the ingest Worker does with a command; a test may take something out of its reach. */
let deps: CommandDeps;
let its: Env;
let eventIds = 0;

beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await emptyTables();
  events = new FakeQueue();
  reports = [];
  const devices = env.DEVICES as unknown as DurableObjectNamespace<DeviceObject>;
  const deadLetters = new FakeQueue<DeadLetterMessage>();
  const newEventId = () => `command-${++eventIds}`;
  deps = commandDepsOver({ db: env.DB, devices, events, deadLetters, reports, nowMs: NOW_MS, newEventId });
  const commands: Commands = {
    acknowledgeAlert: (command) => acknowledgeAlert(deps, command),
    setDesired: (command) => setDesired(deps, command),
  };
  its = { ...env, INGEST_COMMANDS: commands };
});

const takeD1Out = () => {
  deps = { ...deps, fleet: { merge: () => Promise.reject(OUTAGE) } };
};

/** As the queue's handler will, once everything is within reach again. */
const deliver = () =>
  consume(
    { ...deps, fleet: new FleetRepository(env.DB) },
    events.drain().map((body) => ({ body, attempts: 1 })),
  );

/** D1 with a replica that has not heard of anything yet: only who asks for more gets to see what there is. */
function behindReplica(): Env {
  const nothing = { bind: () => nothing, all: async () => ({ results: [], meta: {} }) };
  const withSession = (start: string) =>
    start === "first-unconstrained"
      ? { prepare: () => nothing, getBookmark: () => null }
      : env.DB.withSession(start as D1SessionConstraint);
  return { ...its, DB: { withSession } as unknown as D1Database };
}

const alertId = (deviceKey: string, id: string): string => btoa(`Alert:${deviceKey}/${id}`);

const ACKNOWLEDGE = `mutation Acknowledge($id: ID!) { acknowledgeAlert(input: { id: $id }) {
  alert { alertId state } outcome userErrors { code message field } } }`;

const acknowledge = async (id: string, options: Parameters<typeof ask>[1] = {}) =>
  ask(ACKNOWLEDGE, { env: its, variables: { id }, ...options });

const TWIN = "twin { version desired { ...state } reported { ...state } delta { ...state } }";
const STATE = "fragment state on TwinState { mode heatSetpointC coolSetpointC }";
const SET = `mutation Set($input: SetDesiredStateInput!) { setDesiredState(input: $input) {
  device { key updatedAt ${TWIN} } outcome userErrors { code message field } } } ${STATE}`;

const set = async (input: object, options: Parameters<typeof ask>[1] = {}) => {
  const answer = await ask(SET, { env: its, variables: { input }, ...options });
  return { ...answer, payload: answer.data?.setDesiredState };
};

let devices = 0;
/** A device of dealer D-1, whose object nobody has used before. */
async function newDevice(): Promise<string> {
  const key = `elt:mutated-${++devices}`;
  await seedDevices({
    key,
    aspects: {
      ...registered("S-1"),
      status: { version: version(2), value: { online: true, mode: "heat", heatSetpointC: 19 } },
    },
    dealers: [[1, "D-1"]],
  });
  return key;
}

describe("acknowledging an alert", () => {
  it("shows in its own answer and to whoever sends its token, though the replica here has heard of nothing", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const far = behindReplica();
    const answer = await acknowledge(alertId(key, "a"), { env: far });
    expect(answer.data).toEqual({
      acknowledgeAlert: { alert: { alertId: "a", state: "ACKNOWLEDGED" }, outcome: "APPLIED", userErrors: [] },
    });
    const token = answer.headers.get(TOKEN_HEADER) ?? "";
    expect(answer.extensions.concord.consistencyToken).toBe(token);
    const query = "query ($id: ID!) { node(id: $id) { ... on Alert { state } } }";
    const variables = { id: alertId(key, "a") };
    const next = await ask(query, { env: far, variables, headers: { [TOKEN_HEADER]: token } });
    expect(next.data).toEqual({ node: { state: "ACKNOWLEDGED" } });
    expect((await ask(query, { env: far, variables })).data).toEqual({ node: null });
    expect(reports.map(({ accepted, outcomes }) => [accepted, outcomes])).toEqual([
      [{ "device.elt.alert.acknowledged": 1 }, { "device.elt.alert.acknowledged applied": 1 }],
    ]);
  });

  it("lets nothing be answered from what was loaded before it", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 }, { deviceKey: key, alertId: "b", raised: 6 });
    const payload =
      "{ alert { device { updatedAt alerts(filter: { state: OPEN }) { edges { node { alertId state } } } } } }";
    const { data, errors } = await ask(
      `mutation ($a: ID!, $b: ID!) {
        a: acknowledgeAlert(input: { id: $a }) ${payload} b: acknowledgeAlert(input: { id: $b }) ${payload} }`,
      { env: its, variables: { a: alertId(key, "a"), b: alertId(key, "b") } },
    );
    expect(errors).toBeUndefined();
    expect(nodesOf(data.a.alert.device.alerts)).toEqual([{ alertId: "b", state: "OPEN" }]);
    expect(nodesOf(data.b.alert.device.alerts)).toEqual([]);
    expect(data.b.alert.device.updatedAt).toBe(at(60));
  });

  it("is for the dealer whose alert it is, operators and services", async () => {
    const key = await newDevice();
    for (const [i, scope] of [dealerScope("D-1"), OPS, { role: "service" } as const].entries()) {
      await seedAlerts({ deviceKey: key, alertId: `a-${i}`, raised: 5 });
      const { data } = await acknowledge(alertId(key, `a-${i}`), { scope });
      expect(data.acknowledgeAlert.outcome).toBe("APPLIED");
    }
  });

  it("tells a dealer no more of another's alert than of one that does not exist, and does nothing", async () => {
    await seedDevices(
      { key: "elt:others", dealers: [[1, "D-2"]] },
      {
        key: "elt:taken-over",
        dealers: [
          [1, "D-2"],
          [9, "D-1"],
        ],
      },
    );
    const hidden = [
      ["elt:others", "a"],
      ["elt:taken-over", "before"],
    ] as const;
    await seedAlerts(...hidden.map(([deviceKey, id]) => ({ deviceKey, alertId: id, raised: 5 })));
    const missing = await acknowledge(alertId("elt:others", "none"), { scope: dealerScope("D-1") });
    expect(missing.data.acknowledgeAlert).toEqual({
      alert: null,
      outcome: null,
      userErrors: [{ code: "NOT_FOUND", message: "There is no such alert.", field: ["id"] }],
    });
    for (const [deviceKey, id] of hidden) {
      const { data, errors, status } = await acknowledge(alertId(deviceKey, id), { scope: dealerScope("D-1") });
      expect({ data, errors, status }).toEqual({ data: missing.data, errors: missing.errors, status: missing.status });
      const seen = await ask(`{ alerts(filter: { deviceKey: "${deviceKey}" }) { edges { node { state } } } }`);
      expect(nodesOf(seen.data.alerts)).toEqual([{ state: "OPEN" }]);
    }
    expect(reports).toEqual([]);
  });

  it("changes nothing the second time, and nothing of an alert that is cleared", async () => {
    const key = await newDevice();
    await seedAlerts(
      { deviceKey: key, alertId: "a", raised: 5 },
      { deviceKey: key, alertId: "c", raised: 5, cleared: 6 },
    );
    await acknowledge(alertId(key, "a"));
    const again = await acknowledge(alertId(key, "a"));
    expect(again.data.acknowledgeAlert).toMatchObject({ outcome: "UNCHANGED", alert: { state: "ACKNOWLEDGED" } });
    const cleared = await acknowledge(alertId(key, "c"));
    expect(cleared.data.acknowledgeAlert).toMatchObject({
      alert: { state: "CLEARED" },
      outcome: null,
      userErrors: [{ code: "ALREADY_CLEARED" }],
    });
    expect(reports).toHaveLength(1);
  });

  it("is pending while D1 takes no write, and lands later", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    takeD1Out();
    const { data, errors } = await acknowledge(alertId(key, "a"));
    expect(errors).toBeUndefined();
    expect(data.acknowledgeAlert).toMatchObject({ outcome: "PENDING", alert: { state: "OPEN" }, userErrors: [] });
    await deliver();
    expect((await acknowledge(alertId(key, "a"))).data.acknowledgeAlert.outcome).toBe("UNCHANGED");
  });

  it("is done though it could not be read again", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const breaks = { bind: () => breaks, all: () => Promise.reject(new Error("D1_ERROR: near x: syntax error")) };
    const withSession = (start: string) =>
      start.startsWith("0")
        ? { prepare: () => breaks, getBookmark: () => start }
        : env.DB.withSession(start as D1SessionConstraint);
    const answer = await acknowledge(alertId(key, "a"), {
      env: { ...its, DB: { withSession } as unknown as D1Database },
    });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.acknowledgeAlert).toMatchObject({ outcome: "APPLIED", alert: { state: "OPEN" } });
  });

  it("fails with a word on when to ask again when neither D1 nor the queue takes it", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    takeD1Out();
    events.callsLeft = 0;
    const { errors } = await acknowledge(alertId(key, "a"));
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 1_000 } }]);
    expect(reports).toEqual([]);
  });

  it.each([["nonsense"], ["zzz"], [btoa("Device:elt:1")], [btoa("Alert:no-slash")]])(
    "refuses an id that is not an alert's: %s",
    async (id) => {
      const { data, errors } = await acknowledge(id);
      expect(errors).toBeUndefined();
      const userErrors = [{ code: "INVALID_INPUT", message: expect.stringContaining("not an alert's"), field: ["id"] }];
      expect(data.acknowledgeAlert).toEqual({ alert: null, outcome: null, userErrors });
    },
  );

  it("says what was done beside one that was not, whatever is wrong with that", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const { data, errors } = await ask(
      `mutation ($good: ID!) {
        a: acknowledgeAlert(input: { id: $good }) { outcome userErrors { code } }
        b: acknowledgeAlert(input: { id: "zzz" }) { outcome userErrors { code } }
        c: setDesiredState(input: { desired: { mode: HEAT } }) { outcome userErrors { code field } }
        d: setDesiredState(input: { id: "zzz", desired: { mode: HEAT } }) { outcome userErrors { code field } }
      }`,
      { env: its, variables: { good: alertId(key, "a") } },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      a: { outcome: "APPLIED", userErrors: [] },
      b: { outcome: null, userErrors: [{ code: "INVALID_INPUT" }] },
      c: { outcome: null, userErrors: [{ code: "INVALID_INPUT", field: null }] },
      d: { outcome: null, userErrors: [{ code: "INVALID_INPUT", field: ["id"] }] },
    });
  });

  it("says what was done where the next one meets an outage", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 }, { deviceKey: key, alertId: "b", raised: 5 });
    let isOut = false;
    const acknowledgeOnce: typeof its.INGEST_COMMANDS.acknowledgeAlert = (command) => {
      if (isOut) return Promise.reject(new Error("Queue sendBatch failed: Internal Server Error"));
      isOut = true;
      return its.INGEST_COMMANDS.acknowledgeAlert(command);
    };
    const { data, errors } = await ask(
      `mutation ($a: ID!, $b: ID!) {
        a: acknowledgeAlert(input: { id: $a }) { outcome } b: acknowledgeAlert(input: { id: $b }) { outcome } }`,
      {
        env: { ...its, INGEST_COMMANDS: { ...its.INGEST_COMMANDS, acknowledgeAlert: acknowledgeOnce } },
        variables: { a: alertId(key, "a"), b: alertId(key, "b") },
      },
    );
    expect(data).toEqual({ a: { outcome: "APPLIED" }, b: null });
    expect(errors).toHaveLength(1);
  });
});

describe("a device's twin", () => {
  it("has no version and nothing desired until somebody sets it, and then what is left to do", async () => {
    const key = await newDevice();
    const query = `query ($key: String!) { device(key: $key) { ${TWIN} } } ${STATE}`;
    const reported = { mode: "HEAT", heatSetpointC: 19, coolSetpointC: null };
    const before = await ask(query, { variables: { key } });
    expect(before.data.device.twin).toEqual({ version: null, desired: null, reported, delta: null });
    const { payload } = await set({ key, desired: { mode: "HEAT", heatSetpointC: 21 }, expectedVersion: null });
    const twin = {
      version: expect.stringMatching(/^2026-.*Z\/command-/),
      desired: { mode: "HEAT", heatSetpointC: 21, coolSetpointC: null },
      reported,
      delta: { mode: null, heatSetpointC: 21, coolSetpointC: null },
    };
    expect(payload).toEqual({ device: { key, updatedAt: at(60), twin }, outcome: "APPLIED", userErrors: [] });
    expect((await ask(query, { variables: { key } })).data.device.twin).toEqual(payload.device.twin);
  });
});

describe("setting a desired state", () => {
  it("shows in its own answer and to whoever sends its token, though the replica here has heard of nothing", async () => {
    const key = await newDevice();
    const far = behindReplica();
    const { payload, headers } = await set({ key, desired: { mode: "OFF" } }, { env: far });
    expect(payload).toMatchObject({
      outcome: "APPLIED",
      device: { updatedAt: at(60), twin: { desired: { mode: "OFF" } } },
    });
    const query = `query ($key: String!) { device(key: $key) { twin { version } } }`;
    const token = { [TOKEN_HEADER]: headers.get(TOKEN_HEADER) ?? "" };
    const next = await ask(query, { env: far, variables: { key }, headers: token });
    expect(next.data.device.twin.version).toBe(payload.device.twin.version);
  });

  it("is done for exactly one of many who answer the same version, and shows the others what that one wants", async () => {
    const key = await newDevice();
    const first = await set({ id: btoa(`Device:${key}`), desired: { heatSetpointC: 20 }, expectedVersion: null });
    const expectedVersion = first.payload.device.twin.version;
    const answers = await Promise.all(
      [21, 22, 23, 24, 25].map((heatSetpointC) => set({ key, desired: { heatSetpointC }, expectedVersion })),
    );
    const winners = answers.filter(({ payload }) => payload.outcome !== null);
    expect(winners.map(({ payload }) => payload.outcome)).toEqual(["APPLIED"]);
    for (const { payload } of answers.filter((answer) => !winners.includes(answer))) {
      expect(payload.userErrors).toMatchObject([{ code: "VERSION_CONFLICT", field: ["expectedVersion"] }]);
      expect(payload.device.twin).toEqual(winners[0]?.payload.device.twin);
    }
    expect(reports).toHaveLength(2);
  });

  it("minds the version only when it is given one, and null is one", async () => {
    const key = await newDevice();
    for (const [expected, code] of [
      [{ expectedVersion: "made-up" }, "VERSION_CONFLICT"],
      [{ expectedVersion: null }, undefined],
      [{ expectedVersion: null }, "VERSION_CONFLICT"],
      [{}, undefined],
    ] as const) {
      const { payload } = await set({ key, desired: { mode: "COOL" }, ...expected });
      expect(payload.userErrors[0]?.code).toBe(code);
    }
  });

  it("names the member that cannot be desired", async () => {
    const key = await newDevice();
    const { payload } = await set({ key, desired: { heatSetpointC: 4, coolSetpointC: 36 } });
    expect(payload).toMatchObject({
      device: { key, twin: { desired: null } },
      outcome: null,
      userErrors: [
        { code: "OUT_OF_RANGE", field: ["desired", "heatSetpointC"] },
        { code: "OUT_OF_RANGE", field: ["desired", "coolSetpointC"] },
      ],
    });
  });

  it("tells a dealer no more of another's device than of one that does not exist, and does nothing", async () => {
    const key = await newDevice();
    const scope = dealerScope("D-2");
    const [foreign, missing] = await Promise.all(
      [key, "elt:none"].map((one) => set({ key: one, desired: { mode: "OFF" } }, { scope })),
    );
    expect(foreign?.data).toEqual(missing?.data);
    expect(foreign?.payload).toMatchObject({ device: null, userErrors: [{ code: "NOT_FOUND" }] });
    expect((await ask(`{ device(key: "${key}") { twin { version } } }`)).data.device.twin.version).toBeNull();
  });

  it("goes on while D1 is out of reach: the device's object knows who may, and what is desired", async () => {
    const key = await newDevice();
    await rememberDevice(key, { dealer: { version: version(1), value: { dealerId: "D-1" } } });
    takeD1Out();
    const broken = { bind: () => broken, all: () => Promise.reject(OUTAGE) };
    const DB = { withSession: () => ({ prepare: () => broken, getBookmark: () => null }) } as unknown as D1Database;
    const outOfReach = { env: { ...its, DB } };
    const foreign = await set({ key, desired: { mode: "OFF" } }, { ...outOfReach, scope: dealerScope("D-2") });
    expect(foreign.payload.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    const own = await set({ key, desired: { mode: "OFF" } }, { ...outOfReach, scope: dealerScope("D-1") });
    expect(own.payload).toMatchObject({ outcome: "PENDING", device: { twin: { desired: { mode: "OFF" } } } });
    await deliver();
    const { data } = await ask(`{ device(key: "${key}") { twin { version desired { mode } } } }`);
    expect(data.device.twin).toEqual({ version: own.payload.device.twin.version, desired: { mode: "OFF" } });
  });
});

it("A mutation is not done by GET, which a link or an image could send", async () => {
  const query = encodeURIComponent(
    `mutation { acknowledgeAlert(input: { id: "${alertId("elt:1", "a")}" }) { outcome } }`,
  );
  const headers = { Authorization: `Bearer ${await signToken(OPS, LOCAL_TOKEN_SECRET, "1h")}` };
  const response = await send(new Request(`http://concord.test/graphql?query=${query}`, { headers }), its);
  expect(response.status).toBe(405);
});

describe("the same for other Workers", () => {
  it("acknowledges and sets under the scope of the call, and answers with a token", async () => {
    const key = (await newDevice()) as "elt:1";
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const alerts = new AlertsService(createExecutionContext(), its);
    const devices = new DevicesService(createExecutionContext(), its);
    const own = { scope: dealerScope("D-1") };
    const foreign = { scope: dealerScope("D-2") };
    expect((await alerts.acknowledge(foreign, { deviceKey: key, alertId: "a" })).value).toEqual({ kind: "notFound" });
    expect((await devices.setDesired(foreign, { key, desired: {} })).value).toEqual({ kind: "notFound" });
    const acknowledged = await alerts.acknowledge(own, { deviceKey: key, alertId: "a" });
    expect(acknowledged.value).toMatchObject({ kind: "acknowledged", alert: { state: "ACKNOWLEDGED" } });
    const { value, consistencyToken } = await devices.setDesired(own, { key, desired: { mode: "off" } });
    expect(value).toMatchObject({ kind: "set", outcome: "applied", device: { desired: { value: { mode: "off" } } } });
    expect(consistencyToken && acknowledged.consistencyToken && consistencyToken > acknowledged.consistencyToken).toBe(
      true,
    );
  });
});
