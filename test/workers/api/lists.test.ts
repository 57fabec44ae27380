import { createExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import { SHARD_NAMES } from "../../../src/shared/telemetry/shards.ts";
import { AlertsService, CustomersService, DealersService, DevicesService } from "./main.ts";
import {
  ask,
  at,
  dealerScope,
  emptyTables,
  env,
  nodesOf,
  OPS,
  seedAlerts,
  seedCustomers,
  seedDealers,
  seedDevices,
  seedHistory,
  version,
  watchStatements,
} from "./support.ts";

const DAY = 24 * 60;

/** Registered in that minute, and having reported since when `online` says something. */
const known = (serialNumber: string, { minute = 0, online }: { minute?: number; online?: boolean } = {}) => ({
  registration: {
    version: version(minute),
    value: { kind: "registered", model: "M-1", serialNumber, registeredAt: at(minute) } as const,
  },
  ...(online !== undefined && { status: { version: version(minute), value: { online } } }),
});

const D1 = [[1, "D-1"]] as const;

/** Nine devices: some without a serial number, some updated on one day, most of D-1 and of C-1. */
async function seedWorld(): Promise<void> {
  await emptyTables();
  await seedDealers(
    { dealerId: "D-1", name: "Bryant" },
    { dealerId: "D-2", name: "Arctic" },
    { dealerId: "D-3", name: "Arctic" },
    { dealerId: "D-4", name: "Arctic Air" },
    { dealerId: "D-5", name: "Zephyr" },
  );
  await seedCustomers(
    { customerId: "C-1", name: "Acme" },
    { customerId: "C-2", name: "Acme" },
    { customerId: "C-3", name: "Äther" },
    { customerId: "C-4", name: "Zeta" },
  );
  await seedDevices(
    { key: "ecobee:1", aspects: known("S-9", { minute: 3 }), dealers: D1, customerId: "C-1", updated: DAY },
    { key: "ecobee:2", dealers: D1, customerId: "C-3", updated: 5 },
    { key: "elt:1", aspects: known("S-5", { minute: 2, online: true }), dealers: D1, customerId: "C-1", updated: DAY },
    { key: "elt:2", aspects: known("S-5", { minute: 1, online: false }), dealers: D1, customerId: "C-1" },
    { key: "elt:3", dealers: [[1, "D-2"]], customerId: "C-1", updated: 2 * DAY },
    { key: "elt:4", aspects: known("S-51", { minute: 3, online: true }), dealers: D1, customerId: "C-2" },
    { key: "elt:5", aspects: known("T-1", { minute: 9 }), dealers: [[1, "D-2"]], customerId: "C-2", updated: DAY + 1 },
    {
      key: "elt:6",
      aspects: known("S-4"),
      dealers: [
        [1, "D-1"],
        [2, null],
        [3, "D-2"],
        [4, null],
        [5, "D-1"],
      ],
      customerId: "C-1",
      updated: 1,
    },
    { key: "infinity:1", dealers: D1, customerId: "C-1", updated: 2 * DAY },
  );
  await seedAlerts(
    { deviceKey: "elt:1", alertId: "a-1", raised: 1, severity: "critical" },
    { deviceKey: "elt:1", alertId: "a-2", raised: 1, cleared: 3, severity: "critical" },
    { deviceKey: "elt:1", alertId: "a-3", raised: 4 },
    { deviceKey: "elt:1", alertId: "a-4", cleared: 4 },
    { deviceKey: "elt:1", alertId: "a-5", cleared: 5 },
    { deviceKey: "elt:2", alertId: "a-1", raised: 4, cleared: 5, severity: "critical" },
    { deviceKey: "elt:3", alertId: "a-1", raised: 9, severity: "critical" },
    { deviceKey: "elt:4", alertId: "a-1", raised: 2, severity: "info" },
    { deviceKey: "elt:6", alertId: "d-2's", raised: 3, severity: "critical" },
  );
  await seedHistory("elt:6", 0, 1, 2, 3, 4, 5, 6, 7);
}

/** A list of the schema: how to call it, and where it lies in the answer. */
type List = {
  readonly name: string;
  readonly field: string;
  readonly args?: string;
  readonly under?: string;
  readonly scope?: Scope;
  /** What tells its nodes apart. */
  readonly node: string;
};

const NODE = {
  device: "key",
  alert: "alertId device { key }",
  dealer: "dealerId",
  customer: "customerId",
  assignment: "from",
  event: "eventId",
};
const devicesBy = (field: string, direction: string): List => ({
  name: `devices by ${field} ${direction}`,
  field: "devices",
  args: `orderBy: { field: ${field}, direction: ${direction} }`,
  node: NODE.device,
});
const filtered = (field: "devices" | "alerts", filter: string, scope: Scope = OPS): List => ({
  name: `${field} of ${scope.role} where ${filter}`,
  field,
  args: `filter: { ${filter} }`,
  node: field === "devices" ? NODE.device : NODE.alert,
  scope,
});
const OWN = dealerScope("D-1");

const LISTS: readonly List[] = [
  ...["KEY", "SERIAL_NUMBER", "REGISTERED", "UPDATED"].flatMap((field) => [
    devicesBy(field, "ASC"),
    devicesBy(field, "DESC"),
  ]),
  { ...devicesBy("SERIAL_NUMBER", "ASC"), name: "a dealer's devices by serial number", scope: OWN },
  { ...devicesBy("UPDATED", "DESC"), name: "two dealers' devices by day", scope: dealerScope("D-1", "D-2") },
  filtered("devices", `serialPrefix: "S-5"`),
  filtered("devices", `registered: { from: "${at(1)}", to: "${at(9)}" }`),
  filtered("devices", `updatedSince: "${at(5)}"`),
  filtered("devices", "source: ELT"),
  filtered("devices", "hasOpenAlerts: true"),
  filtered("devices", "hasOpenAlerts: true", OWN),
  { name: "alerts", field: "alerts", node: NODE.alert },
  { name: "a dealer's alerts", field: "alerts", node: NODE.alert, scope: OWN },
  filtered("alerts", `raised: { from: "${at(2)}", to: "${at(9)}" }`),
  filtered("alerts", "state: CLEARED"),
  filtered("alerts", "severity: CRITICAL"),
  filtered("alerts", `deviceKey: "elt:1"`),
  { name: "dealers", field: "dealers", node: NODE.dealer },
  { name: "dealers of a prefix", field: "dealers", args: `filter: { namePrefix: "Arctic" }`, node: NODE.dealer },
  { name: "a token's dealers", field: "dealers", node: NODE.dealer, scope: dealerScope("D-2", "D-1", "D-2") },
  { name: "customers", field: "customers", node: NODE.customer },
  { name: "a dealer's customers", field: "customers", node: NODE.customer, scope: OWN },
  { name: "the devices of a dealer", field: "devices", under: `dealer(dealerId: "D-1")`, node: NODE.device },
  { name: "the devices of a customer", field: "devices", under: `customer(customerId: "C-1")`, node: NODE.device },
  {
    name: "the devices of a customer that a dealer has",
    field: "devices",
    under: `customer(customerId: "C-1")`,
    node: NODE.device,
    scope: OWN,
  },
  { name: "the alerts of a device", field: "alerts", under: `device(key: "elt:1")`, node: NODE.alert },
  {
    name: "the alerts of a dealer's device",
    field: "alerts",
    under: `device(key: "elt:1")`,
    node: NODE.alert,
    scope: OWN,
  },
  { name: "assignments", field: "assignments", under: `device(key: "elt:6")`, node: NODE.assignment },
  {
    name: "a dealer's assignments",
    field: "assignments",
    under: `device(key: "elt:6")`,
    node: NODE.assignment,
    scope: OWN,
  },
  { name: "history", field: "history", under: `device(key: "elt:6")`, node: NODE.event },
  {
    name: "history of a time",
    field: "history",
    args: `filter: { occurred: { from: "${at(1)}", to: "${at(6)}" } }`,
    under: `device(key: "elt:6")`,
    node: NODE.event,
  },
];

type PageArgs = { first?: number; after?: string | null; last?: number; before?: string | null };

async function pageOf({ field, args = "", under, node, scope = OPS }: List, page: PageArgs) {
  const list = `list: ${field}(first: $first, after: $after, last: $last, before: $before, ${args}) {
    edges { cursor node { ${node} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
  const { data, errors } = await ask(
    `query ($first: Int, $after: String, $last: Int, $before: String) { ${under ? `parent: ${under} { ${list} }` : list} }`,
    { scope, variables: page },
  );
  expect(errors).toBeUndefined();
  return under ? data.parent.list : data.list;
}

async function walkForward(list: List, first: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let after: string | null = null; ; ) {
    const { edges, pageInfo } = await pageOf(list, { first, after });
    seen.push(...edges);
    expect(pageInfo.hasPreviousPage).toBe(after !== null);
    if (!pageInfo.hasNextPage) return seen;
    expect(edges).toHaveLength(first);
    after = pageInfo.endCursor;
  }
}

async function walkBackward(list: List, last: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let before: string | null = null; ; ) {
    const { edges, pageInfo } = await pageOf(list, { last, before });
    seen.unshift(...edges);
    expect(pageInfo.hasNextPage).toBe(before !== null);
    if (!pageInfo.hasPreviousPage) return seen;
    expect(edges).toHaveLength(last);
    before = pageInfo.startCursor;
  }
}

describe("a list", () => {
  beforeAll(seedWorld);

  it.each(LISTS)("reads the same in pages of any size and from either end: $name", async (list) => {
    const { edges } = await pageOf(list, { first: 100 });
    expect(edges.length).toBeGreaterThan(1);
    for (const size of [1, 2, 3, 7]) {
      expect(await walkForward(list, size)).toEqual(edges);
      expect(await walkBackward(list, size)).toEqual(edges);
    }
    const [after, before] = [edges[0].cursor, edges.at(-1).cursor];
    expect((await pageOf(list, { first: 100, after, before })).edges).toEqual(edges.slice(1, -1));
    expect((await pageOf(list, { last: 1, after, before })).edges).toEqual(edges.slice(1, -1).slice(-1));
    expect((await pageOf(list, { first: 0 })).edges).toEqual([]);
  });
});

const keysOf = (connection: unknown): string[] => nodesOf(connection).map(({ key }) => key);

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
  ])("are sorted by what %s asks for when nobody says how", async (_, filter, expected) => {
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

  it("have no open alerts for a dealer but those of its own time", async () => {
    expect(await devicesWhere({ hasOpenAlerts: true }, { scope: OWN })).toEqual(["elt:1", "elt:4"]);
    expect(await devicesWhere({ openAlertSeverity: "CRITICAL" }, { scope: OWN })).toEqual(["elt:1"]);
    expect(await devicesWhere({ hasOpenAlerts: false, source: "ELT" }, { scope: OWN })).toEqual(["elt:2", "elt:6"]);
  });

  it("are filtered below their dealer and their customer too", async () => {
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

  it("are filtered by when an alert was raised", async () => {
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

  it("are filtered by when an event occurred, and by its topic", async () => {
    const query = `query ($filter: DeviceEventFilter) { device(key: "elt:6") { history(filter: $filter) { edges { node { eventId } } } } }`;
    const eventsWhere = async (filter: object) =>
      nodesOf((await ask(query, { variables: { filter } })).data.device.history).map(({ eventId }) => eventId);
    expect(await eventsWhere({ occurred: { from: at(2), to: at(4) } })).toEqual(["evt-3", "evt-2"]);
    expect(await eventsWhere({ occurred: { from: at(6) }, topic: "device.elt.status.reported" })).toHaveLength(2);
    expect(await eventsWhere({ topic: "device.elt.status" })).toEqual([]);
  });

  it("come by name, and those of one name by id", async () => {
    const { data } = await ask("{ dealers { edges { node { dealerId } } } customers { edges { node { name } } } }");
    expect(nodesOf(data.dealers).map(({ dealerId }) => dealerId)).toEqual(["D-2", "D-3", "D-4", "D-1", "D-5"]);
    expect(nodesOf(data.customers).map(({ name }) => name)).toEqual(["Acme", "Acme", "Zeta", "Äther"]);
  });

  it("are filtered by how a name begins", async () => {
    const { data } = await ask(
      `{ dealers(filter: { namePrefix: "Arctic " }) { totalCount edges { node { dealerId } } }
         customers(filter: { namePrefix: "Ä" }) { totalCount edges { node { customerId } } } }`,
    );
    expect(data.dealers).toEqual({ totalCount: 1, edges: [{ node: { dealerId: "D-4" } }] });
    expect(data.customers).toEqual({ totalCount: 1, edges: [{ node: { customerId: "C-3" } }] });
  });

  it("are a dealer's own", async () => {
    const { data } = await ask(
      "{ dealers { totalCount edges { node { dealerId } } } customers { totalCount edges { node { customerId } } } }",
      { scope: OWN },
    );
    expect(data.dealers).toEqual({ totalCount: 1, edges: [{ node: { dealerId: "D-1" } }] });
    expect(data.customers.totalCount).toBe(3);
    expect(nodesOf(data.customers).map(({ customerId }) => customerId)).toEqual(["C-1", "C-2", "C-3"]);
  });
});

describe("a page", () => {
  beforeAll(seedWorld);

  const cursorOf = async (list: string) =>
    (await ask(`{ ${list} { pageInfo { endCursor } } }`)).data[list.replace(/\W.*/s, "")].pageInfo.endCursor;

  it.each([
    ["both first and last", "devices(first: 1, last: 1)"],
    ["less than nothing from the end", "customers(last: -1)"],
    ["a `before` that is no cursor", `alerts(before: "x")`],
  ])("is refused to %s", async (_, list) => {
    const { errors } = await ask(`{ ${list} { edges { cursor } } }`);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
  });

  it.each([
    ["of another order", "devices(orderBy: { field: SERIAL_NUMBER })", "devices(orderBy: { field: UPDATED }"],
    ["of another order than the filter's", "devices", `devices(filter: { serialPrefix: "S" }`],
    ["of another list", "dealers", "customers(first: 1"],
  ])("is refused to a cursor %s", async (_, from, to) => {
    const cursor = await cursorOf(from);
    const { errors } = await ask(`{ ${to}, after: "${cursor}") { edges { cursor } } }`);
    expect(errors?.[0]?.message).toContain("`after` is not a cursor of this list in this order");
    expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
  });

  it("goes on where its cursor points, in the other direction too", async () => {
    const cursor = await cursorOf("devices(first: 4, orderBy: { field: UPDATED })");
    const { data } = await ask(
      `{ devices(first: 2, after: "${cursor}", orderBy: { field: UPDATED, direction: DESC }) { edges { node { key } } } }`,
    );
    expect(keysOf(data.devices)).toEqual(["elt:4", "elt:2"]);
  });
});

describe("totalCount", () => {
  beforeEach(emptyTables);

  /** Many devices at once, by SQL. */
  const seedMany = (count: number) =>
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO devices (key, aspects, latest, revision, status, dealer_id, updated_on)
       SELECT 'elt:' || i, '{}', ?, 1, 'ONLINE', 'D-1', ? FROM n`,
    )
      .bind(count, version(0), "2026-11-23")
      .run();

  it("is how long the whole list is, and null beyond ten thousand", async () => {
    await seedDealers({ dealerId: "D-1", name: "One" });
    const query = `{ devices(first: 1) { totalCount } dealer(dealerId: "D-1") { devices(first: 1) { totalCount } } }`;
    await seedMany(10_000);
    const counted = { totalCount: 10_000 };
    expect((await ask(query)).data).toEqual({ devices: counted, dealer: { devices: counted } });
    await seedDevices({ key: "elt:x", dealers: [[1, "D-1"]] });
    const uncounted = { totalCount: null };
    const watched = watchStatements();
    const { data } = await ask(query, { env: watched.env });
    expect(data).toEqual({ devices: uncounted, dealer: { devices: uncounted } });
    expect(watched.rowsRead()).toBeLessThan(20_100);
  });

  it("is counted for many parents in one statement, and not at all unless somebody asks", async () => {
    await seedDealers(...["1", "2", "3"].map((n) => ({ dealerId: `D-${n}`, name: n })));
    await seedDevices(
      { key: "elt:1", dealers: [[1, "D-1"]] },
      { key: "elt:2", dealers: [[1, "D-1"]] },
      { key: "elt:3", dealers: [[1, "D-2"]] },
    );
    const ask3 = async (selection: string) => {
      const watched = watchStatements();
      const { data } = await ask(`{ dealers { edges { node { devices(first: 1) { ${selection} } } } } }`, watched);
      return { statements: watched.statements.length, found: nodesOf(data.dealers).map(({ devices }) => devices) };
    };
    expect((await ask3("pageInfo { hasNextPage }")).statements).toBe(2);
    expect(await ask3("totalCount")).toEqual({
      statements: 3,
      found: [{ totalCount: 2 }, { totalCount: 1 }, { totalCount: 0 }],
    });
  });

  it("counts what the token may see", async () => {
    await seedDevices({ key: "elt:1", dealers: [[1, "D-1"]] }, { key: "elt:2", dealers: [[1, "D-2"]] });
    await seedAlerts({ deviceKey: "elt:1", alertId: "a", raised: 0 }, { deviceKey: "elt:1", alertId: "b", raised: 2 });
    const { data } = await ask(
      "{ devices { totalCount edges { node { alerts { totalCount } } } } alerts { totalCount } }",
      { scope: OWN },
    );
    expect(data).toEqual({
      devices: { totalCount: 1, edges: [{ node: { alerts: { totalCount: 1 } } }] },
      alerts: { totalCount: 1 },
    });
  });
});

describe("a dealer's statistics", () => {
  beforeAll(async () => {
    await seedWorld();
    await env.DB.prepare("UPDATE devices SET status = 'RETIRED' WHERE key = 'ecobee:2'").run();
  });

  const query =
    "{ dealers { edges { node { dealerId statistics { devices online offline retired openAlerts criticalAlerts } } } } }";

  it("count its devices and their open alerts, for all dealers in two statements", async () => {
    const watched = watchStatements();
    const { data } = await ask(query, watched);
    const found = Object.fromEntries(nodesOf(data.dealers).map(({ dealerId, statistics }) => [dealerId, statistics]));
    expect(found["D-1"]).toEqual({
      devices: 7,
      online: 2,
      offline: 1,
      retired: 1,
      openAlerts: 4,
      criticalAlerts: 2,
    });
    expect(found["D-2"]).toMatchObject({ devices: 2, online: 0, openAlerts: 1, criticalAlerts: 1 });
    expect(found["D-5"]).toMatchObject({ devices: 0, openAlerts: 0 });
    expect(watched.statements).toHaveLength(3);
  });

  it("leave out the alerts that a dealer may not see", async () => {
    const { data } = await ask(query, { scope: OWN });
    expect(nodesOf(data.dealers).map(({ statistics }) => statistics)).toEqual([
      { devices: 7, online: 2, offline: 1, retired: 1, openAlerts: 3, criticalAlerts: 1 },
    ]);
  });
});

describe("freshness", () => {
  const report = (shard: number, buckets: Record<string, number>) => {
    const topic = "device.elt.status.reported";
    const keyed = Object.entries(buckets).map(([bound, count]) => [`${topic} ${bound}`, count]);
    return env.METRICS.getByName(SHARD_NAMES[shard] as string).report({
      receivedToVisibleMs: Object.fromEntries(keyed),
    });
  };
  const read = async (scope = OWN) => (await ask("{ freshness { settled p50Ms p99Ms } }", { scope })).data.freshness;

  it("is told to everybody, as upper bounds of how long records took to settle", async () => {
    expect(await read()).toEqual({ settled: 0, p50Ms: null, p99Ms: null });
    await report(0, { 25: 40, 50: 20, 500: 39, sum: 9_000 });
    await report(3, { 5000: 1 });
    expect(await read()).toEqual({ settled: 100, p50Ms: 50, p99Ms: 500 });
    await report(1, { "+Inf": 100 });
    expect(await read(OPS)).toEqual({ settled: 200, p50Ms: 5000, p99Ms: null });
  });

  it("fails alone while nobody can tell", async () => {
    const METRICS = { getByName: () => ({ read: () => Promise.reject(new Error("Network connection lost.")) }) };
    const { data, errors } = await ask("{ freshness { settled } __typename }", {
      env: { ...env, METRICS: METRICS as unknown as typeof env.METRICS },
    });
    expect(data).toEqual({ freshness: null, __typename: "Query" });
    expect(errors?.[0]?.extensions.code).toBe("UPSTREAM_UNAVAILABLE");
  });
});

describe("what a page of 300 devices costs", () => {
  const numbers = Array.from({ length: 300 }, (_, i) => i);

  /** Ten dealers and thirty customers, every tenth device with an open alert, five days of updates. */
  beforeAll(async () => {
    await emptyTables();
    const name = (i: number) => String(i).padStart(3, "0");
    await seedDealers(
      ...numbers.slice(0, 100).map((i) => ({ dealerId: `D-${i}`, name: name(i), source: "ecobee" as const })),
    );
    await seedCustomers(...numbers.map((i) => ({ customerId: `C-${i}`, name: name(i), source: "ecobee" as const })));
    await seedDevices(
      ...numbers.map((i) => ({
        key: `${i % 2 ? "elt" : "ecobee"}:${name(i)}`,
        aspects: known(`S-${name((i * 7) % 300)}`, { minute: i, ...(i % 3 && { online: i % 3 === 1 }) }),
        dealers: [[1, `D-${i % 10}`]] as const,
        customerId: `C-${i % 30}`,
        updated: (i % 5) * DAY,
      })),
    );
    await seedAlerts(
      ...numbers.flatMap((i) =>
        ["a", "b", "c"].map(
          (alertId) =>
            ({
              deviceKey: `${i % 2 ? "elt" : "ecobee"}:${name(i)}`,
              alertId,
              raised: i + 2,
              severity: i % 20 ? "info" : "critical",
              ...((i % 10 || alertId !== "a") && { cleared: i + 3 }),
            }) as const,
        ),
      ),
    );
  });

  const filter = (text: string) => `devices(first: 5, filter: { ${text} }`;

  it.each([
    ["devices(first: 5", 7, ""],
    ["devices(last: 5", 7, ""],
    [filter("source: ELT"), 7, "USING PRIMARY KEY (key>? AND key<?)"],
    [filter("status: ONLINE"), 7, "devices_by_status (status=?"],
    [filter(`dealerId: "D-3"`), 7, "devices_by_dealer (dealer_id=?"],
    [filter(`customerId: "C-3"`), 7, "devices_by_customer (customer_id=?"],
    [filter(`dealerId: "D-3", status: ONLINE, serialPrefix: "S-"`), 60, "devices_by_dealer (dealer_id=?)"],
    [filter(`serialPrefix: "S-1"`), 7, "devices_by_serial_number (serial_number>? AND serial_number<?)"],
    [
      filter(`registered: { from: "${at(100)}", to: "${at(200)}" }`),
      7,
      "devices_by_registered_at (registered_at>? AND registered_at<?)",
    ],
    [filter(`updatedSince: "${at(3 * DAY)}"`), 7, "devices_by_updated_on (updated_on>?)"],
    [filter("hasOpenAlerts: true"), 60, "devices USING PRIMARY KEY (key=?)"],
    [filter("openAlertSeverity: CRITICAL"), 60, "devices USING PRIMARY KEY (key=?)"],
    [filter(`dealerId: "D-0", hasOpenAlerts: true`), 12, "open_alerts_by_device (device_key=?)"],
    ["devices(first: 5, orderBy: { field: SERIAL_NUMBER }", 7, "devices_by_serial_number"],
    ["devices(first: 5, orderBy: { field: UPDATED, direction: DESC }", 7, "devices_by_updated_on"],
    ["devices(last: 5, orderBy: { field: REGISTERED }", 7, "devices_by_registered_at"],
    [
      `alerts(first: 5, filter: { raised: { from: "${at(100)}", to: "${at(200)}" } }`,
      7,
      "alerts_by_raised_at (raised_at>? AND raised_at<?)",
    ],
    ["alerts(last: 5, filter: { state: OPEN }", 7, "alerts_by_state (state=?"],
    // Beside its entry in the index a record is read, and whether an earlier source knows its id.
    [`dealers(first: 5, filter: { namePrefix: "05" }`, 20, "dealer_records_by_name (name>? AND name<?)"],
    ["customers(last: 5", 20, "customer_records_by_name"],
  ])("is few rows: %s), and what follows its cursor no more", async (list, rows, plan) => {
    const [, name = "", size = ""] = /^(\w+)\((first|last)/.exec(list) ?? [];
    const [side, end] = size === "first" ? ["after", "endCursor"] : ["before", "startCursor"];
    const watched = watchStatements();
    const { data, errors } = await ask(`{ ${list}) { edges { cursor } pageInfo { startCursor endCursor } } }`, watched);
    expect(errors).toBeUndefined();
    expect(data[name].edges).toHaveLength(5);
    expect(watched.rowsRead()).toBeLessThanOrEqual(rows);
    expect((await watched.plans()).join("\n")).toContain(plan);
    const next = watchStatements();
    const cursor = data[name].pageInfo[end as string];
    const second = await ask(`{ ${list}, ${side}: "${cursor}") { edges { cursor } } }`, next);
    expect(second.data[name].edges.length).toBeGreaterThan(0);
    expect(next.rowsRead()).toBeLessThanOrEqual(rows);
  });

  it.each([
    ["devices(first: 5, orderBy: { field: UPDATED }", 70],
    ["devices(first: 5, orderBy: { field: SERIAL_NUMBER }", 70],
    ["devices(first: 5, filter: { hasOpenAlerts: true }", 160],
    ["customers(first: 5", 70],
    ["dealers(first: 5", 10],
  ])("is no more for a dealer than what it has: %s)", async (list, rows) => {
    for (const scope of [dealerScope("D-0"), dealerScope("D-0", "D-100")]) {
      const watched = watchStatements();
      await ask(`{ ${list}) { edges { cursor } } }`, { scope, env: watched.env });
      expect(watched.rowsRead()).toBeLessThanOrEqual(rows);
    }
  });

  it("is no more for a dealer's statistics than its devices and their open alerts", async () => {
    const watched = watchStatements();
    const query = "{ dealers { edges { node { statistics { devices openAlerts } } } } }";
    const { data } = await ask(query, { scope: dealerScope("D-0"), env: watched.env });
    expect(nodesOf(data.dealers)).toEqual([{ statistics: { devices: 30, openAlerts: 30 } }]);
    expect(watched.rowsRead()).toBeLessThanOrEqual(225);
  });

  it("is bounded for dealers with their devices and statistics", async () => {
    const watched = watchStatements();
    const { data } = await ask(
      `{ dealers(first: 20) { edges { node { name devices(first: 10) { totalCount edges { node { key } } }
        statistics { devices openAlerts } } } } }`,
      watched,
    );
    expect(nodesOf(data.dealers)).toHaveLength(20);
    // A dealer, its page and its count, and then every device and every open alert for the statistics: 1,867.
    expect(watched.statements).toHaveLength(5);
    expect(watched.rowsRead()).toBeLessThan(2_000);
  });
});

describe("a Worker that binds to the services", () => {
  beforeAll(seedWorld);

  const bound = <T>(Service: new (context: ExecutionContext, its: typeof env) => T) =>
    new Service(createExecutionContext(), env);
  const call = { scope: OWN };

  it("pages through lists with the cursors that it got", async () => {
    const devices = bound(DevicesService);
    const listing = { filter: { status: "REGISTERED" }, order: { field: "UPDATED", direction: "DESC" } } as const;
    const { value: first } = await devices.list(call, { first: 1 }, listing);
    const { value: rest } = await devices.list(call, { first: 9, after: first.pageInfo.endCursor }, listing);
    expect([...first.edges, ...rest.edges].map(({ node }) => node.key)).toEqual(["ecobee:1", "elt:6"]);
    const { value: history } = await devices.history(call, "elt:6", { last: 1 }, { occurred: { from: at(2) } });
    expect(history.edges.map(({ node }) => node.version)).toEqual([version(5)]);
  });

  it("counts, and finds statistics", async () => {
    const [dealers, customers, alerts] = [bound(DealersService), bound(CustomersService), bound(AlertsService)];
    expect((await bound(DevicesService).count(call, { source: "elt" })).value).toBe(4);
    expect((await alerts.count(call, { state: "OPEN" })).value).toBe(3);
    expect((await dealers.count(call)).value).toBe(1);
    expect((await customers.count(call, { namePrefix: "A" })).value).toBe(2);
    expect((await alerts.list(call, { last: 1 })).value.edges[0]?.node).toMatchObject({
      alertId: "a-1",
      severity: "critical",
    });
    expect((await dealers.list(call, {})).value.edges[0]?.node.dealerId).toBe("D-1");
    expect((await customers.list(call, { first: 1 })).value.edges[0]?.node.customerId).toBe("C-1");
    expect((await dealers.statistics(call, ["D-1", "D-2"])).value.get("D-1")?.devices).toBe(7);
  });

  it("is told what is wrong with its page", async () => {
    await expect(bound(DealersService).list(call, { first: 1.5 })).rejects.toThrow(RangeError);
    await expect(bound(AlertsService).list(call, { after: "x" })).rejects.toThrow("`after` is not a cursor");
  });
});
