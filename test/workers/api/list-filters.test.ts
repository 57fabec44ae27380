import { beforeAll, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { DAY, keysOf, OWN, seedWorld } from "./list-world.ts";
import { ask, at, nodesOf, OPS } from "./support.ts";

async function devicesWhere(filter: object, options: { orderBy?: object; scope?: Scope } = {}): Promise<string[]> {
  const { data } = await ask(
    `query ($filter: DeviceFilter, $orderBy: DeviceOrder) { devices(filter: $filter, orderBy: $orderBy) {
      edges { node { key } } } }`,
    { variables: { filter, orderBy: options.orderBy }, scope: options.scope ?? OPS },
  );
  return keysOf(data.devices);
}

describe("devices", () => {
  beforeAll(seedWorld);

  const BY_SERIAL_NUMBER = ["ecobee:2", "elt:3", "infinity:1", "elt:6", "elt:1", "elt:2", "elt:4", "ecobee:1", "elt:5"];
  const BY_REGISTRATION = ["ecobee:2", "elt:3", "infinity:1", "elt:6", "elt:2", "elt:1", "ecobee:1", "elt:4", "elt:5"];
  const BY_DAY = ["ecobee:2", "elt:2", "elt:4", "elt:6", "ecobee:1", "elt:1", "elt:5", "elt:3", "infinity:1"];

  it.each([
    [{ field: "SERIAL_NUMBER" }, BY_SERIAL_NUMBER],
    [{ field: "SERIAL_NUMBER", direction: "DESC" }, BY_SERIAL_NUMBER.toReversed()],
    [{ field: "REGISTERED" }, BY_REGISTRATION],
    [{ field: "UPDATED_DAY" }, BY_DAY],
    [{ field: "UPDATED_DAY", direction: "DESC" }, BY_DAY.toReversed()],
    [{ field: "UPDATED" }, BY_DAY],
    [{ field: "UPDATED", direction: "DESC" }, BY_DAY.toReversed()],
    [{ direction: "DESC" }, BY_DAY.toSorted().toReversed()],
    [{}, BY_DAY.toSorted()],
  ])("are sorted by %j", async (orderBy, expected) => {
    expect(await devicesWhere({}, { orderBy })).toEqual(expected);
  });

  it.each([
    ["updatedSince", { updatedSince: at(DAY) }, ["ecobee:1", "elt:1", "elt:5", "elt:3", "infinity:1"]],
    ["registered", { registered: { from: at(1) } }, ["elt:2", "elt:1", "ecobee:1", "elt:4", "elt:5"]],
    ["serialPrefix", { serialPrefix: "S-" }, ["elt:6", "elt:1", "elt:2", "elt:4", "ecobee:1"]],
  ])("have a default order under %s", async (_, filter, expected) => {
    expect(await devicesWhere(filter)).toEqual(expected);
    expect(await devicesWhere(filter, { orderBy: { field: "KEY" } })).toEqual(expected.toSorted());
  });

  it.each([
    [{ customerId: "C-2" }, ["elt:4", "elt:5"]],
    [{ hasOpenAlerts: true }, ["elt:1", "elt:3", "elt:4", "elt:6"]],
    [{ hasOpenAlerts: false, source: "ELT" }, ["elt:2", "elt:5"]],
    [{ openAlertSeverity: "CRITICAL" }, ["elt:1", "elt:3", "elt:6"]],
    [{ openAlertSeverity: "CRITICAL", customerId: "C-1", dealerId: "D-1" }, ["elt:1", "elt:6"]],
    [{ openAlertSeverity: "CRITICAL", hasOpenAlerts: false }, []],
    [{ registered: { from: at(2), to: at(3) } }, ["elt:1"]],
    [{ registered: {}, source: "INFINITY" }, ["infinity:1"]],
    [{ updatedSince: at(DAY + 1) }, ["elt:5", "elt:3", "infinity:1"]],
    [{ updatedSince: at(1), status: "REGISTERED", dealerId: "D-1" }, ["elt:6", "ecobee:1"]],
    [{ serialPrefix: "S-5", status: "ONLINE", updatedSince: at(DAY) }, ["elt:1"]],
  ])("are filtered by %j", async (filter, expected) => {
    expect(await devicesWhere(filter)).toEqual(expected);
  });

  it("have only those open alerts for a dealer that were raised while it had them", async () => {
    expect(await devicesWhere({ hasOpenAlerts: true }, { scope: OWN })).toEqual(["elt:1", "elt:4"]);
    expect(await devicesWhere({ openAlertSeverity: "CRITICAL" }, { scope: OWN })).toEqual(["elt:1"]);
    expect(await devicesWhere({ hasOpenAlerts: false, source: "ELT" }, { scope: OWN })).toEqual(["elt:2", "elt:6"]);
  });

  it("are filtered under their dealer and their customer too", async () => {
    const { data } = await ask(
      `{ dealers { edges { node { dealerId devices(filter: { hasOpenAlerts: true }) { totalCount edges { node { key } } } } } }
         customers { edges { node { customerId devices(filter: { status: ONLINE }) { totalCount edges { node { key } } } } } } }`,
      { scope: OWN },
    );
    expect(nodesOf(data.dealers).map(({ devices }) => [devices.totalCount, keysOf(devices)])).toEqual([
      [2, ["elt:1", "elt:4"]],
    ]);
    expect(nodesOf(data.customers).map(({ customerId, devices }) => [customerId, devices.totalCount])).toEqual([
      ["C-1", 1],
      ["C-2", 1],
      ["C-3", 0],
    ]);
  });
});

describe("alerts, history, dealers and customers", () => {
  beforeAll(seedWorld);

  it("are filtered by the time at which an alert was raised", async () => {
    const query = `query ($filter: AlertFilter) { alerts(filter: $filter) { totalCount edges { node { alertId raisedAt } } } }`;
    const raised = { from: at(2), to: at(4) };
    const { data } = await ask(query, { variables: { filter: { raised } } });
    expect(nodesOf(data.alerts)).toEqual([
      { alertId: "d-2's", raisedAt: at(3) },
      { alertId: "a-1", raisedAt: at(2) },
    ]);
    expect(data.alerts.totalCount).toBe(2);
    const below = await ask(
      `query ($filter: AlertFilter) { device(key: "elt:1") { alerts(filter: $filter) { totalCount edges { node { alertId } } } } }`,
      { variables: { filter: { raised: { from: at(2) } } } },
    );
    expect(below.data.device.alerts).toMatchObject({ totalCount: 1, edges: [{ node: { alertId: "a-3" } }] });
  });

  it("are filtered by the time at which an event occurred, and by its topic", async () => {
    const query = `query ($filter: DeviceEventFilter) { device(key: "elt:6") { history(filter: $filter) { edges { node { eventId } } } } }`;
    const eventsWhere = async (filter: object) =>
      nodesOf((await ask(query, { variables: { filter } })).data.device.history).map(({ eventId }) => eventId);
    expect(await eventsWhere({ occurred: { from: at(2), to: at(4) } })).toEqual(["evt-3", "evt-2"]);
    expect(await eventsWhere({ occurred: { from: at(6) }, topic: "device.elt.status.reported" })).toHaveLength(2);
    expect(await eventsWhere({ topic: "device.elt.status" })).toEqual([]);
  });

  it("are sorted by name, and then by id", async () => {
    const { data } = await ask("{ dealers { edges { node { dealerId } } } customers { edges { node { name } } } }");
    expect(nodesOf(data.dealers).map(({ dealerId }) => dealerId)).toEqual(["D-2", "D-3", "D-4", "D-1", "D-5"]);
    expect(nodesOf(data.customers).map(({ name }) => name)).toEqual(["Acme", "Acme", "Zeta", "Äther"]);
  });

  it("are filtered by the beginning of a name", async () => {
    const { data } = await ask(
      `{ dealers(filter: { namePrefix: "Arctic " }) { totalCount edges { node { dealerId } } }
         customers(filter: { namePrefix: "Ä" }) { totalCount edges { node { customerId } } } }`,
    );
    expect(data.dealers).toEqual({ totalCount: 1, edges: [{ node: { dealerId: "D-4" } }] });
    expect(data.customers).toEqual({ totalCount: 1, edges: [{ node: { customerId: "C-3" } }] });
  });

  it("are limited to a dealer's own", async () => {
    const { data } = await ask(
      "{ dealers { totalCount edges { node { dealerId } } } customers { totalCount edges { node { customerId } } } }",
      { scope: OWN },
    );
    expect(data.dealers).toEqual({ totalCount: 1, edges: [{ node: { dealerId: "D-1" } }] });
    expect(data.customers.totalCount).toBe(3);
    expect(nodesOf(data.customers).map(({ customerId }) => customerId)).toEqual(["C-1", "C-2", "C-3"]);
  });
});
