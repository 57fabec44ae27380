import { beforeAll, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { keysOf, OWN, seedWorld } from "./list-world.ts";
import { ask, at, dealerScope, nodesOf, OPS } from "./support.ts";

/** A list of the schema: how to query it, and where it is in the answer. */
type List = {
  readonly name: string;
  readonly field: string;
  readonly args?: string;
  readonly under?: string;
  readonly scope?: Scope;
  /** The member that identifies its nodes. */
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
    edges { cursor node { ${node} } } nodes { ${node} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
  const { data, errors } = await ask(
    `query ($first: Int, $after: String, $last: Int, $before: String) { ${under ? `parent: ${under} { ${list} }` : list} }`,
    { scope, variables: page },
  );
  expect(errors).toBeUndefined();
  const found = under ? data.parent.list : data.list;
  expect(found.nodes).toEqual(nodesOf(found));
  return found;
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

  it.each(LISTS)("reads the same in pages of any size, from either end: $name", async (list) => {
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
  ])("is refused for a cursor %s", async (_, from, to) => {
    const cursor = await cursorOf(from);
    const { errors } = await ask(`{ ${to}, after: "${cursor}") { edges { cursor } } }`);
    expect(errors?.[0]?.message).toContain("`after` is not a cursor of this list in this order");
    expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
  });

  it("continues at its cursor, in the other direction too", async () => {
    const cursor = await cursorOf("devices(first: 4, orderBy: { field: UPDATED })");
    const { data } = await ask(
      `{ devices(first: 2, after: "${cursor}", orderBy: { field: UPDATED, direction: DESC }) { edges { node { key } } } }`,
    );
    expect(keysOf(data.devices)).toEqual(["elt:4", "elt:2"]);
  });
});
