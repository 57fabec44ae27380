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
  watchStatements,
} from "./support.ts";

beforeEach(emptyTables);

const keysOf = (connection: unknown): string[] => nodesOf(connection).map(({ key }) => key);
const alertIdsOf = (connection: unknown): string[] => nodesOf(connection).map(({ alertId }) => alertId);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i).padStart(3, "0"));

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

  it("shows every field that its events came to", async () => {
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

  it("is null in what its events have not said yet", async () => {
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

  it("is found by the id that it gave", async () => {
    const { id } = (await ask(`{ device(key: "ecobee:T:1") { id } }`)).data.device;
    const { data } = await ask(
      `query ($id: ID!) { device(id: $id) { key } node(id: $id) { id ... on Device { key } } }`,
      {
        variables: { id },
      },
    );
    expect(data).toEqual({ device: { key: "ecobee:T:1" }, node: { id, key: "ecobee:T:1" } });
  });

  it("is null when there is none of that key", async () => {
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

describe("a query of several things", () => {
  it.each([
    ["a bad cursor", `alerts(after: "x") { edges { cursor } }`],
    ["a page of less than nothing", "dealers(first: -1) { edges { cursor } }"],
    ["a bad cursor below a device", `device(key: "elt:1") { history(after: "x") { edges { cursor } } }`],
    ["an id that is none", `node(id: "nonsense") { id }`],
  ])("answers the others where one of them has %s", async (_, bad) => {
    await seedDevices({ key: "elt:1" });
    const { data, errors } = await ask(
      `{ devices { edges { node { key } } } customers { edges { cursor } } bad: ${bad} }`,
    );
    expect(data).toEqual({ devices: { edges: [{ node: { key: "elt:1" } }] }, customers: { edges: [] }, bad: null });
    expect(errors).toMatchObject([{ path: expect.arrayContaining(["bad"]), extensions: { code: "BAD_USER_INPUT" } }]);
  });
});

describe("nodes", () => {
  it("have a null, and an error that names it, in the place of an id that is none", async () => {
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

  it("come in the order of their ids, with null where there is none", async () => {
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

describe("devices", () => {
  it("come in pages without a gap or a double", async () => {
    const keys = numbered(250).map((n) => `elt:${n}`);
    await seedDevices(...keys.map((key) => ({ key })).toReversed());
    const pages: string[][] = [];
    let after: string | null = null;
    do {
      const { data } = await ask(
        `query ($after: String) { devices(first: 40, after: $after) { edges { node { key } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
        { variables: { after } },
      );
      expect(data.devices.pageInfo.hasPreviousPage).toBe(after !== null);
      pages.push(keysOf(data.devices));
      after = data.devices.pageInfo.hasNextPage ? data.devices.pageInfo.endCursor : null;
    } while (after);
    expect(pages.map(({ length }) => length)).toEqual([40, 40, 40, 40, 40, 40, 10]);
    expect(pages.flat()).toEqual(keys);
  });

  it("are twenty to a page when nothing else is asked for", async () => {
    await seedDevices(...numbered(21).map((n) => ({ key: `elt:${n}` })));
    const { data } = await ask("{ devices { edges { cursor } pageInfo { hasNextPage } } }");
    expect(data.devices.edges).toHaveLength(20);
    expect(data.devices.pageInfo.hasNextPage).toBe(true);
  });

  it.each([
    ["status", { status: "REGISTERED" }, ["ecobee:1", "elt:1"]],
    ["source", { source: "ECOBEE" }, ["ecobee:1", "ecobee:2"]],
    ["dealer", { dealerId: "D-1" }, ["ecobee:2", "elt:1"]],
    ["how the serial number begins", { serialPrefix: "SN-1" }, ["ecobee:1", "elt:1"]],
    ["a serial number with no wildcards", { serialPrefix: "SN_" }, []],
    [
      "all conditions at once",
      { source: "ELT", status: "REGISTERED", dealerId: "D-1", serialPrefix: "SN-12" },
      ["elt:1"],
    ],
    [
      "nothing, when conditions are null",
      { source: null, status: null },
      ["ecobee:1", "ecobee:2", "elt:1", "infinity:1"],
    ],
  ])("are filtered by %s", async (_, filter, expected) => {
    await seedDevices(
      { key: "ecobee:1", aspects: registered("SN-11") },
      { key: "ecobee:2", dealers: [[1, "D-1"]] },
      { key: "elt:1", aspects: registered("SN-12"), dealers: [[1, "D-1"]] },
      { key: "infinity:1", dealers: [[1, "D-2"]] },
    );
    const { data } = await ask(
      `query ($filter: DeviceFilter) { devices(filter: $filter) { edges { node { key } } } }`,
      {
        variables: { filter },
      },
    );
    expect(keysOf(data.devices)).toEqual(expected);
  });

  it("with dealer, customer and five alerts each take no more statements than kinds of things", async () => {
    const numbers = numbered(50);
    await seedDealers({ dealerId: "D-0", name: "Even" }, { dealerId: "D-1", name: "Odd" });
    await seedCustomers(...numbers.map((n) => ({ customerId: `C-${n}`, name: n })));
    await seedDevices(
      ...numbers.map((n) => ({ key: `elt:${n}`, dealers: [[1, `D-${Number(n) % 2}`]] as const, customerId: `C-${n}` })),
    );
    await seedAlerts(
      ...numbers.flatMap((n) =>
        numbered(7).map((a) => ({ deviceKey: `elt:${n}`, alertId: `a-${a}`, raised: Number(a) })),
      ),
    );
    const watched = watchStatements();
    const { data } = await ask(
      `{ devices(first: 50) { edges { node { key dealer { name } customer { name }
        alerts(first: 5) { edges { node { alertId device { key } } } } } } } }`,
      { env: watched.env },
    );
    const nodes = nodesOf(data.devices);
    expect(nodes).toHaveLength(50);
    for (const { key, dealer, customer, alerts } of nodes) {
      const number = key.slice(4);
      expect(dealer.name).toBe(Number(number) % 2 ? "Odd" : "Even");
      expect(customer.name).toBe(number);
      expect(alertIdsOf(alerts)).toEqual(["a-006", "a-005", "a-004", "a-003", "a-002"]);
    }
    expect(watched.statements).toHaveLength(5);
    // Most of them alerts: D1 bills the steps of a sort, too. Measured: 2,104.
    expect(watched.rowsRead()).toBeLessThan(2_300);
  });
});

describe("dealer", () => {
  it("has its devices in pages, for all dealers asked about in one statement", async () => {
    await seedDealers({ dealerId: "D-1", name: "One" }, { dealerId: "D-2", name: "Two" });
    await seedDevices(...numbered(5).map((n) => ({ key: `elt:${n}`, dealers: [[1, "D-1"]] as const })), {
      key: "elt:900",
      dealers: [[1, "D-2"]],
    });
    const watched = watchStatements();
    const query = `query ($after: String) {
      one: dealer(dealerId: "D-1") { name devices(first: 3, after: $after) { edges { node { key } } pageInfo { hasNextPage endCursor } } }
      two: dealer(dealerId: "D-2") { devices(first: 3, after: $after) { edges { node { key } } pageInfo { hasNextPage } } }
      none: dealer(dealerId: "D-3") { name } }`;
    const first = await ask(query, { env: watched.env });
    expect(watched.statements).toHaveLength(2);
    expect(first.data.none).toBeNull();
    expect(keysOf(first.data.one.devices)).toEqual(["elt:000", "elt:001", "elt:002"]);
    expect(keysOf(first.data.two.devices)).toEqual(["elt:900"]);
    expect(first.data.two.devices.pageInfo.hasNextPage).toBe(false);
    const second = await ask(query, { variables: { after: first.data.one.devices.pageInfo.endCursor } });
    expect(keysOf(second.data.one.devices)).toEqual(["elt:003", "elt:004"]);
  });
});

describe("alerts", () => {
  const query = `query ($first: Int, $after: String, $filter: AlertFilter) {
    alerts(first: $first, after: $after, filter: $filter) { edges { node { alertId } } pageInfo { hasNextPage endCursor } } }`;

  it.each([1, 2, 3, 4, 5, 7])(
    "come newest first and unraised last, in pages of %i without a gap or a double",
    async (first) => {
      await seedDevices({ key: "elt:1" }, { key: "elt:2" });
      await seedAlerts(
        { deviceKey: "elt:1", alertId: "old", raised: 1 },
        { deviceKey: "elt:1", alertId: "same-a", raised: 5 },
        { deviceKey: "elt:1", alertId: "same-b", raised: 5 },
        { deviceKey: "elt:2", alertId: "same-a2", raised: 5 },
        { deviceKey: "elt:2", alertId: "new", raised: 9 },
        { deviceKey: "elt:1", alertId: "unraised-1", cleared: 3 },
        { deviceKey: "elt:2", alertId: "unraised-2", cleared: 2 },
      );
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const { data } = await ask(query, { variables: { first, after } });
        seen.push(...alertIdsOf(data.alerts));
        after = data.alerts.pageInfo.hasNextPage ? data.alerts.pageInfo.endCursor : null;
      } while (after);
      expect(seen).toEqual(["new", "same-a2", "same-b", "same-a", "old", "unraised-2", "unraised-1"]);
      const nested: string[] = [];
      do {
        const { data } = await ask(
          `query ($first: Int, $after: String) { device(key: "elt:1") { alerts(first: $first, after: $after) {
          edges { node { alertId } } pageInfo { hasNextPage endCursor } } } }`,
          { variables: { first, after } },
        );
        nested.push(...alertIdsOf(data.device.alerts));
        after = data.device.alerts.pageInfo.hasNextPage ? data.device.alerts.pageInfo.endCursor : null;
      } while (after);
      expect(nested).toEqual(["same-b", "same-a", "old", "unraised-1"]);
    },
  );

  it.each([
    ["state", { state: "CLEARED" }, ["a-2"]],
    ["severity", { severity: "CRITICAL" }, ["a-3"]],
    ["device", { deviceKey: "elt:1" }, ["a-2", "a-1"]],
    ["all conditions at once", { state: "OPEN", severity: "WARNING", deviceKey: "elt:1" }, ["a-1"]],
  ])("are filtered by %s", async (_, filter, expected) => {
    await seedDevices({ key: "elt:1" }, { key: "elt:2" });
    await seedAlerts(
      { deviceKey: "elt:1", alertId: "a-1", raised: 1 },
      { deviceKey: "elt:1", alertId: "a-2", raised: 2, cleared: 3 },
      { deviceKey: "elt:2", alertId: "a-3", raised: 3, severity: "critical" },
    );
    expect(alertIdsOf((await ask(query, { variables: { filter } })).data.alerts)).toEqual(expected);
    const nested = await ask(
      `query ($filter: AlertFilter) { devices { edges { node { alerts(filter: $filter) { edges { node { alertId } } } } } } }`,
      { variables: { filter } },
    );
    expect(nodesOf(nested.data.devices).flatMap(({ alerts }) => alertIdsOf(alerts))).toEqual(expected);
  });

  it("show every field and their device", async () => {
    await seedDevices({ key: "elt:1" });
    await seedAlerts({ deviceKey: "elt:1", alertId: "a-1", raised: 1, cleared: 4, severity: "info" });
    const { data } = await ask(
      "{ alerts { edges { node { alertId code severity state text raisedAt clearedAt device { key } } } } }",
    );
    expect(nodesOf(data.alerts)).toEqual([
      {
        alertId: "a-1",
        code: "E-1",
        severity: "INFO",
        state: "CLEARED",
        text: "Something is wrong.",
        raisedAt: at(1),
        clearedAt: at(4),
        device: { key: "elt:1" },
      },
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

  it("list what the device's object remembers newest first, in pages", async () => {
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
