import { beforeEach, describe, expect, it } from "vitest";
import {
  ask,
  at,
  emptyTables,
  nodesOf,
  registered,
  seedAlerts,
  seedCustomers,
  seedDealers,
  seedDevices,
  seedHistory,
  version,
} from "./support.ts";

beforeEach(emptyTables);

describe("device", () => {
  const location = { country: "US", city: "Syracuse", latitude: 43.05 };
  const full = {
    key: "ecobee:T:1",
    dealers: [[5, "D-7"]],
    customerId: "C-1",
    aspects: {
      ...registered("SN-1"),
      profile: {
        version: version(1),
        value: { name: "Lobby", model: "M-2", firmware: "4.1", features: ["humidifier"], location },
      },
      status: {
        version: version(2),
        value: { online: true, mode: "auxHeat", indoorTemperatureC: 20.5, equipment: ["fan"] },
      },
    },
  } as const;

  beforeEach(async () => {
    await seedDevices(full, { key: "elt:bare" });
    await seedDealers({ dealerId: "D-7", name: "Arctic Air", phone: "1" });
    await seedCustomers({ customerId: "C-1", name: "Acme", email: "a@acme.test" });
  });

  it("shows every field that its events have set", async () => {
    const { data } = await ask(`{ device(key: "ecobee:T:1") {
      key source deviceId status serialNumber model firmware name features registeredAt updatedAt
      location { country region city latitude }
      dealer { dealerId name phone website }
      customer { customerId name email phone }
      report { online mode indoorTemperatureC heatSetpointC humidityPct equipment reportedAt }
    } }`);
    expect(data.device).toEqual({
      key: "ecobee:T:1",
      source: "ECOBEE",
      deviceId: "T:1",
      status: "ONLINE",
      serialNumber: "SN-1",
      model: "M-2",
      firmware: "4.1",
      name: "Lobby",
      features: ["humidifier"],
      registeredAt: at(0),
      updatedAt: at(0),
      location: { country: "US", region: null, city: "Syracuse", latitude: 43.05 },
      dealer: { dealerId: "D-7", name: "Arctic Air", phone: "1", website: null },
      customer: { customerId: "C-1", name: "Acme", email: "a@acme.test", phone: null },
      report: {
        online: true,
        mode: "AUX_HEAT",
        indoorTemperatureC: 20.5,
        heatSetpointC: null,
        humidityPct: null,
        equipment: ["fan"],
        reportedAt: at(2),
      },
    });
  });

  it("has null in fields that no event has set yet", async () => {
    const { data } = await ask(`{ device(key: "elt:bare") {
      status serialNumber features location { country } registeredAt dealer { name } customer { name } report { online }
      alerts { edges { cursor } } assignments { edges { cursor } } history { edges { cursor } }
    } }`);
    expect(data.device).toEqual({
      status: "UNREGISTERED",
      serialNumber: null,
      features: [],
      location: null,
      registeredAt: null,
      dealer: null,
      customer: null,
      report: null,
      alerts: { edges: [] },
      assignments: { edges: [] },
      history: { edges: [] },
    });
  });

  it("is found by its node id", async () => {
    const { id } = (await ask(`{ device(key: "ecobee:T:1") { id } }`)).data.device;
    const { data } = await ask(
      `query ($id: ID!) { device(id: $id) { key } node(id: $id) { id ... on Device { key } } }`,
      {
        variables: { id },
      },
    );
    expect(data).toEqual({ device: { key: "ecobee:T:1" }, node: { id, key: "ecobee:T:1" } });
  });

  it("is null if there is none with that key", async () => {
    expect((await ask(`{ device(key: "elt:none") { key } }`)).data).toEqual({ device: null });
  });

  it.each([
    ["neither id nor key", "device { key }"],
    ["both id and key", `device(id: "RGV2aWNlOmVsdDox", key: "elt:1") { key }`],
    ["an id that is none", `device(id: "???") { key }`],
    ["the id of another type", `device(id: "RGVhbGVyOkQtNw==") { key }`],
    ["a node id that is none", `node(id: "nonsense") { id }`],
    ["a node id of a type that is no node", `node(id: "UXVlcnk6MQ==") { id }`],
    ["a page below nothing", "alerts(first: -1) { edges { cursor } }"],
    ["a cursor that is none", `devices(after: "%%%") { edges { cursor } }`],
    ["a cursor of JSON that is not a key", `devices(after: "${btoa("[1]")}") { edges { cursor } }`],
    ["a cursor of another list", `alerts(after: "${btoa('["elt:1"]')}") { edges { cursor } }`],
    ["a bad cursor inside a device", `device(key: "elt:bare") { history(after: "x") { edges { cursor } } }`],
  ])("answers %s with BAD_USER_INPUT", async (_, query) => {
    const { errors } = await ask(`{ ${query} }`);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
  });
});

describe("a query of several fields", () => {
  it.each([
    ["a bad cursor", `alerts(after: "x") { edges { cursor } }`],
    ["a page of less than nothing", "dealers(first: -1) { edges { cursor } }"],
    ["a bad cursor below a device", `device(key: "elt:1") { history(after: "x") { edges { cursor } } }`],
    ["an id that is none", `node(id: "nonsense") { id }`],
  ])("answers the others if one of them has %s", async (_, bad) => {
    await seedDevices({ key: "elt:1" });
    const { data, errors } = await ask(
      `{ devices { edges { node { key } } } customers { edges { cursor } } bad: ${bad} }`,
    );
    expect(data).toEqual({ devices: { edges: [{ node: { key: "elt:1" } }] }, customers: { edges: [] }, bad: null });
    expect(errors).toMatchObject([{ path: expect.arrayContaining(["bad"]), extensions: { code: "BAD_USER_INPUT" } }]);
  });
});

describe("nodes", () => {
  it("have null in the place of a malformed id, and an error that names it", async () => {
    await seedDevices({ key: "elt:1" }, { key: "elt:2" });
    const ids = [btoa("Device:elt:1"), "nonsense", btoa("Query:1"), btoa("Device:elt:2"), btoa("Device:elt:none")];
    const { data, errors } = await ask("query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Device { key } } }", {
      variables: { ids },
    });
    expect(data.nodes).toEqual([{ key: "elt:1" }, null, null, { key: "elt:2" }, null]);
    expect(errors).toMatchObject([
      { path: ["nodes", 1], extensions: { code: "BAD_USER_INPUT" } },
      { path: ["nodes", 2], extensions: { code: "BAD_USER_INPUT" } },
    ]);
  });

  it("have the order of their ids, with null for one that does not exist", async () => {
    await seedDevices({ key: "elt:1" });
    await seedAlerts({ deviceKey: "elt:1", alertId: "a/1", raised: 1 });
    await seedDealers({ dealerId: "Käl:7", name: "Käl" });
    await seedCustomers({ customerId: "C-1", name: "Acme" });
    const first =
      await ask(`{ device(key: "elt:1") { id alerts { edges { node { id } } } } dealer(dealerId: "Käl:7") { id }
      customer(customerId: "C-1") { id } }`);
    const { device, dealer, customer } = first.data;
    const alert = device.alerts.edges[0].node;
    const gone = btoa("Device:elt:none");
    const { data } = await ask(`query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, {
      variables: { ids: [customer.id, gone, alert.id, device.id, dealer.id] },
    });
    expect(data.nodes).toEqual([
      { __typename: "Customer", id: customer.id },
      null,
      { __typename: "Alert", id: alert.id },
      { __typename: "Device", id: device.id },
      { __typename: "Dealer", id: dealer.id },
    ]);
  });
});

describe("assignments and history", () => {
  it("list the intervals of a device oldest first, in pages", async () => {
    await seedDealers({ dealerId: "D-1", name: "One" }, { dealerId: "D-2", name: "Two" });
    await seedDevices({
      key: "elt:1",
      dealers: [
        [1, "D-1"],
        [2, "D-1"],
        [5, null],
        [8, "D-2"],
      ],
    });
    const query = `query ($after: String) { device(key: "elt:1") { assignments(first: 2, after: $after) {
      edges { node { dealer { name } from to } } pageInfo { hasNextPage endCursor } } } }`;
    const first = (await ask(query)).data.device.assignments;
    expect(nodesOf(first)).toEqual([
      { dealer: { name: "One" }, from: at(1), to: at(5) },
      { dealer: null, from: at(5), to: at(8) },
    ]);
    const second = (await ask(query, { variables: { after: first.pageInfo.endCursor } })).data.device.assignments;
    expect(nodesOf(second)).toEqual([{ dealer: { name: "Two" }, from: at(8), to: null }]);
    expect(second.pageInfo.hasNextPage).toBe(false);
  });

  it("have events with an id that no other has, by the device, the topic and the version", async () => {
    for (const key of ["elt:1", "elt:2"]) {
      await seedDevices({ key });
      await seedHistory(key, 1, 2);
    }
    const { data } = await ask("{ devices { nodes { key history(first: 5) { nodes { id topic } } } } }");
    const ids = data.devices.nodes.flatMap(({ key, history }: { key: string; history: { nodes: { id: string }[] } }) =>
      history.nodes.map(({ id }) => [key, atob(id)]),
    );
    const idOf = (key: string, minute: number) =>
      `DeviceEvent:${key}/device.elt.status.reported/${version(minute, `evt-${minute}`)}`;
    expect(ids).toEqual([
      ["elt:1", idOf("elt:1", 2)],
      ["elt:1", idOf("elt:1", 1)],
      ["elt:2", idOf("elt:2", 2)],
      ["elt:2", idOf("elt:2", 1)],
    ]);
  });

  it("list the history in the device's object newest first, in pages", async () => {
    await seedDevices({ key: "elt:1" });
    await seedHistory("elt:1", 1, 2, 3);
    const query = `query ($after: String) { device(key: "elt:1") { history(first: 2, after: $after) {
      edges { node { eventId topic occurredAt data } } pageInfo { hasNextPage endCursor } } } }`;
    const first = (await ask(query)).data.device.history;
    const topic = "device.elt.status.reported";
    expect(nodesOf(first)).toEqual([
      { eventId: "evt-3", topic, occurredAt: at(3), data: { online: true, minute: 3 } },
      { eventId: "evt-2", topic, occurredAt: at(2), data: { online: true, minute: 2 } },
    ]);
    const second = (await ask(query, { variables: { after: first.pageInfo.endCursor } })).data.device.history;
    expect(nodesOf(second).map(({ eventId }) => eventId)).toEqual(["evt-1"]);
    expect(second.pageInfo.hasNextPage).toBe(false);
  });
});
