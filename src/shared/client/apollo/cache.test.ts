import { gql, InMemoryCache } from "@apollo/client";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { deviceIdOf } from "../schema.ts";
import { concordCachePolicies } from "./cache.ts";

let cache: InMemoryCache;
beforeEach(() => {
  cache = new InMemoryCache(concordCachePolicies);
});

const DEVICES = gql`
  query Devices($first: Int, $after: String, $last: Int, $before: String, $filter: DeviceFilter) {
    devices(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      edges {
        node {
          id
          key
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`;

const deviceOf = (key: string) => ({ __typename: "Device", id: deviceIdOf(key), key });

/** The cursor of a device is its key, as good as any. */
function pageOf(...keys: string[]) {
  return {
    devices: {
      __typename: "DeviceConnection",
      edges: keys.map((key) => ({ __typename: "DeviceEdge", node: deviceOf(key) })),
      pageInfo: {
        __typename: "PageInfo",
        hasNextPage: true,
        hasPreviousPage: true,
        startCursor: keys[0] ?? null,
        endCursor: keys.at(-1) ?? null,
      },
    },
  };
}

const store = (variables: object, ...keys: string[]) =>
  cache.writeQuery({ query: DEVICES, variables, data: pageOf(...keys) });
const keysOf = (variables: object): string[] =>
  (cache.readQuery({ query: DEVICES, variables }) as ReturnType<typeof pageOf> | null)?.devices.edges.map(
    ({ node }) => node.key,
  ) ?? [];

describe("a list", () => {
  it("has its pages in the list's order, in both directions", () => {
    store({ first: 2 }, "elt:3", "elt:4");
    store({ first: 2, after: "elt:4" }, "elt:5");
    store({ last: 2, before: "elt:3" }, "elt:1", "elt:2");
    expect(keysOf({})).toEqual(["elt:1", "elt:2", "elt:3", "elt:4", "elt:5"]);
  });

  it("begins anew with its first page", () => {
    store({ first: 2 }, "elt:1", "elt:2");
    store({ first: 2, after: "elt:2" }, "elt:3");
    store({ first: 2 }, "elt:0", "elt:1");
    expect(keysOf({})).toEqual(["elt:0", "elt:1"]);
  });

  it("is another one with another filter", () => {
    store({ first: 2, filter: { status: "ONLINE" } }, "elt:1");
    store({ first: 2, filter: { status: "OFFLINE" } }, "elt:2");
    expect([keysOf({ filter: { status: "ONLINE" } }), keysOf({ filter: { status: "OFFLINE" } }), keysOf({})]).toEqual([
      ["elt:1"],
      ["elt:2"],
      [],
    ]);
  });
});

describe("a list whose items are selected in `nodes`", () => {
  const selecting = (items: string) =>
    gql(`query ($first: Int, $after: String, $last: Int, $before: String) {
    devices(first: $first, after: $after, last: $last, before: $before) {
      ${items} pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`);
  const NODES = selecting("nodes { id key }");
  const load = (variables: object, ...keys: string[]) => {
    const { edges, ...rest } = pageOf(...keys).devices;
    cache.writeQuery({
      query: NODES,
      variables,
      data: { devices: { ...rest, nodes: edges.map(({ node }) => node) } },
    });
  };
  const read = (query = NODES) => (cache.readQuery({ query }) as { devices: Record<string, unknown> } | null)?.devices;
  const devices = (...keys: string[]) => keys.map((key) => expect.objectContaining({ key }));

  it("has its pages in the list's order, in both directions", () => {
    load({ first: 2 }, "elt:3", "elt:4");
    load({ first: 2, after: "elt:4" }, "elt:5");
    load({ last: 2, before: "elt:3" }, "elt:1", "elt:2");
    expect(read()).toMatchObject({
      nodes: devices("elt:1", "elt:2", "elt:3", "elt:4", "elt:5"),
      pageInfo: { startCursor: "elt:1", endCursor: "elt:5" },
    });
  });

  it("begins anew with its first page", () => {
    load({ first: 2 }, "elt:1", "elt:2");
    load({ first: 2, after: "elt:2" }, "elt:3");
    load({ first: 2 }, "elt:0", "elt:1");
    expect(read()).toMatchObject({ nodes: devices("elt:0", "elt:1") });
  });

  it("shows in `nodes` what another query loaded in `edges`, and the other way round", () => {
    store({ first: 2 }, "elt:1", "elt:2");
    load({ first: 2, after: "elt:2" }, "elt:3");
    expect(read()).toMatchObject({ nodes: devices("elt:1", "elt:2", "elt:3") });
    expect(keysOf({})).toEqual(["elt:1", "elt:2", "elt:3"]);
  });

  it("keeps what `edges` and `nodes` of one query select of an item", () => {
    const query = selecting("edges { cursor node { id model } } nodes { id key }");
    const { edges, ...rest } = pageOf("elt:1").devices;
    const { key: _, ...device } = deviceOf("elt:1");
    const edge = { ...edges[0], cursor: "elt:1", node: { ...device, model: "M" } };
    cache.writeQuery({ query, data: { devices: { ...rest, edges: [edge], nodes: [deviceOf("elt:1")] } } });
    expect(read(query)).toMatchObject({ edges: [{ cursor: "elt:1", node: { model: "M" } }], nodes: devices("elt:1") });
  });
});

describe("an entity", () => {
  const read = (field: string) => cache.readQuery({ query: gql(`{ ${field} }`) });

  it("is found by its key and its id, whichever query has loaded it", () => {
    store({ first: 1 }, "elt:1");
    const id = deviceIdOf("elt:1");
    const found = { key: "elt:1" };
    expect(read('device(by: { key: "elt:1" }) { key }')).toMatchObject({ device: found });
    expect(read(`device(by: { id: "${id}" }) { key }`)).toMatchObject({ device: found });
    expect(read('device(key: "elt:1") { key }')).toMatchObject({ device: found });
    expect(read(`device(id: "${id}") { key }`)).toMatchObject({ device: found });
    expect(read(`node(id: "${id}") { ... on Device { key } }`)).toMatchObject({ node: found });
    expect(read(`node(id: "${id}") { ... on Node { id } }`)).toMatchObject({ node: { id } });
    expect(read(`nodes(ids: ["${id}"]) { id }`)).toMatchObject({ nodes: [{ id }] });
  });

  it.each([
    'device(by: { key: "elt:2" }) { key }',
    'device(key: "elt:2") { key }',
    'node(id: "no id") { id }',
    `nodes(ids: ["${deviceIdOf("elt:2")}"]) { id }`,
  ])("that was never loaded is left to the API: %s", (field) => {
    store({ first: 1 }, "elt:1");
    expect(read(field)).toBeNull();
  });

  it("that the API says is none stays none", () => {
    cache.writeQuery({ query: gql('{ device(key: "elt:9") { key } }'), data: { device: null } });
    expect(read('device(key: "elt:9") { key }')).toEqual({ device: null });
  });

  it("keeps what each query selected of its parts, without a warning", () => {
    const warn = vi.spyOn(console, "error").mockImplementation(() => {});
    const write = (fields: string, report: object) =>
      cache.writeQuery({
        query: gql(`{ device(key: "elt:1") { id key report { ${fields} } } }`),
        data: { device: { ...deviceOf("elt:1"), report: { __typename: "StatusReport", ...report } } },
      });
    write("online", { online: true });
    write("mode", { mode: "HEAT" });
    expect(read('device(key: "elt:1") { report { online mode } }')).toMatchObject({
      device: { report: { online: true, mode: "HEAT" } },
    });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it("that was selected without its id is not taken for another one", () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const write = (dealer: object, fields: string) =>
      cache.writeQuery({
        query: gql(`{ device(key: "elt:1") { id key dealer { ${fields} } } }`),
        data: { device: { ...deviceOf("elt:1"), dealer: { __typename: "Dealer", ...dealer } } },
      });
    write({ id: "old", name: "Old" }, "id name");
    write({ name: "New" }, "name");
    const old = cache.readFragment({ id: "Dealer:old", fragment: gql("fragment D on Dealer { name }") });
    expect([old, read('device(key: "elt:1") { dealer { name } }')]).toMatchObject([
      { name: "Old" },
      { device: { dealer: { name: "New" } } },
    ]);
  });
});
