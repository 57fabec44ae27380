import { createExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DeviceCommand } from "#domain/source-traits.ts";
import { SOURCE_TRAITS } from "#domain/sources.ts";
import { AlertsService, DevicesService } from "./main.ts";
import { MutatedApi, newDevice, OUTAGE, STATE, TOKEN_HEADER, TWIN } from "./mutated-api.ts";
import { ask, at, dealerScope, emptyTables, rememberDevice, seedAlerts, version } from "./support.ts";

let api: MutatedApi;

beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await emptyTables();
  api = new MutatedApi();
});

describe("a device's twin", () => {
  it("has no version and no desired state until one is set, and then a delta", async () => {
    const key = await newDevice();
    const query = `query ($key: String!) { device(key: $key) { ${TWIN} } } ${STATE}`;
    const reported = { mode: "HEAT", heatSetpointC: 19, coolSetpointC: null };
    const before = await ask(query, { variables: { key } });
    expect(before.data.device.twin).toEqual({ version: null, desired: null, reported, delta: null });
    const { payload } = await api.set({ key, desired: { mode: "HEAT", heatSetpointC: 21 }, expectedVersion: null });
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
  it("is visible in its own answer, and to a query with its token, while the replica lags behind", async () => {
    const key = await newDevice();
    const far = api.behindReplica();
    const { payload, headers } = await api.set({ key, desired: { mode: "OFF" } }, { env: far });
    expect(payload).toMatchObject({
      outcome: "APPLIED",
      device: { updatedAt: at(60), twin: { desired: { mode: "OFF" } } },
    });
    const query = `query ($key: String!) { device(key: $key) { twin { version } } }`;
    const token = { [TOKEN_HEADER]: headers.get(TOKEN_HEADER) ?? "" };
    const next = await ask(query, { env: far, variables: { key }, headers: token });
    expect(next.data.device.twin.version).toBe(payload.device.twin.version);
  });

  it("is done for exactly one of many with the same version, and shows the others that one's state", async () => {
    const key = await newDevice();
    const first = await api.set({ id: btoa(`Device:${key}`), desired: { heatSetpointC: 20 }, expectedVersion: null });
    const expectedVersion = first.payload.device.twin.version;
    const answers = await Promise.all(
      [21, 22, 23, 24, 25].map((heatSetpointC) => api.set({ key, desired: { heatSetpointC }, expectedVersion })),
    );
    const winners = answers.filter(({ payload }) => payload.outcome !== null);
    expect(winners.map(({ payload }) => payload.outcome)).toEqual(["APPLIED"]);
    for (const { payload } of answers.filter((answer) => !winners.includes(answer))) {
      expect(payload.userErrors).toMatchObject([{ code: "VERSION_CONFLICT", field: ["expectedVersion"] }]);
      expect(payload.device.twin).toEqual(winners[0]?.payload.device.twin);
    }
    expect(api.reports).toHaveLength(2);
  });

  it("checks the version only if one is sent, and null counts as one", async () => {
    const key = await newDevice();
    for (const [expected, code] of [
      [{ expectedVersion: "made-up" }, "VERSION_CONFLICT"],
      [{ expectedVersion: null }, undefined],
      [{ expectedVersion: null }, "VERSION_CONFLICT"],
      [{}, undefined],
    ] as const) {
      const { payload } = await api.set({ key, desired: { mode: "COOL" }, ...expected });
      expect(payload.userErrors[0]?.code).toBe(code);
    }
  });

  it("names the member that cannot be desired", async () => {
    const key = await newDevice();
    const { payload } = await api.set({ key, desired: { heatSetpointC: 4, coolSetpointC: 36 } });
    expect(payload).toMatchObject({
      device: { key, twin: { desired: null } },
      outcome: null,
      userErrors: [
        { code: "OUT_OF_RANGE", field: ["desired", "heatSetpointC"] },
        { code: "OUT_OF_RANGE", field: ["desired", "coolSetpointC"] },
      ],
    });
  });

  it("answers for another dealer's device as for one that does not exist, and does nothing", async () => {
    const key = await newDevice();
    const scope = dealerScope("D-2");
    const [foreign, missing] = await Promise.all(
      [key, "elt:none"].map((one) => api.set({ key: one, desired: { mode: "OFF" } }, { scope })),
    );
    expect(foreign?.data).toEqual(missing?.data);
    expect(foreign?.payload).toMatchObject({ device: null, userErrors: [{ code: "NOT_FOUND" }] });
    expect((await ask(`{ device(key: "${key}") { twin { version } } }`)).data.device.twin.version).toBeNull();
  });

  it("works while D1 does not answer: the device's object knows its dealer and its desired state", async () => {
    const key = await newDevice();
    await rememberDevice(key, { dealer: { version: version(1), value: { dealerId: "D-1" } } });
    api.takeD1Out();
    const broken = { bind: () => broken, all: () => Promise.reject(OUTAGE) };
    const DB = { withSession: () => ({ prepare: () => broken, getBookmark: () => null }) } as unknown as D1Database;
    const outOfReach = { env: { ...api.its, DB } };
    const foreign = await api.set({ key, desired: { mode: "OFF" } }, { ...outOfReach, scope: dealerScope("D-2") });
    expect(foreign.payload.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    const own = await api.set({ key, desired: { mode: "OFF" } }, { ...outOfReach, scope: dealerScope("D-1") });
    expect(own.payload).toMatchObject({ outcome: "PENDING", device: { twin: { desired: { mode: "OFF" } } } });
    await api.deliver();
    const { data } = await ask(`{ device(key: "${key}") { twin { version desired { mode } } } }`);
    expect(data.device.twin).toEqual({ version: own.payload.device.twin.version, desired: { mode: "OFF" } });
  });
});

describe("mutations by other Workers", () => {
  it("run under the scope of the call, and answer with a consistency token", async () => {
    const key = (await newDevice()) as "elt:1";
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const alerts = new AlertsService(createExecutionContext(), api.its);
    const devices = new DevicesService(createExecutionContext(), api.its);
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

describe("a source that takes no desired state", () => {
  const { takes } = SOURCE_TRAITS.elt as { takes: Record<DeviceCommand, boolean> };
  beforeEach(() => {
    takes.setDesiredState = false;
    return () => {
      takes.setDesiredState = true;
    };
  });

  it("says so: in the device's commands, and as an error that the caller can correct", async () => {
    const key = await newDevice();
    const { data } = await ask("query ($key: String!) { device(key: $key) { commands } }", { variables: { key } });
    expect(data.device.commands).toEqual(["ACKNOWLEDGE_ALERT"]);
    const { payload } = await api.set({ key, desired: { mode: "OFF" } });
    expect(payload).toMatchObject({ outcome: null, device: { key, twin: { desired: null } } });
    expect(payload.userErrors).toEqual([
      { code: "UNSUPPORTED", message: "ELT devices take no desired states. Nothing was changed.", field: ["key"] },
    ]);
    expect(api.reports).toEqual([]);
  });
});
