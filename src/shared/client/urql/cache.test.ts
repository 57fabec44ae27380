import { Client, fetchExchange, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { expect, it } from "vitest";
import { deviceIdOf } from "../schema.ts";
import { concordKeys, concordResolvers } from "./cache.ts";

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
type Result = { devices: { edges: { node: { key: string } }[] } };

const nodeOf = (key: string) => ({ __typename: "Device", id: deviceIdOf(key), key });
const pageOf = (...keys: string[]) => ({
  __typename: "Query",
  devices: {
    __typename: "DeviceConnection",
    edges: keys.map((key) => ({ __typename: "DeviceEdge", node: nodeOf(key) })),
    pageInfo: {
      __typename: "PageInfo",
      hasNextPage: true,
      hasPreviousPage: true,
      startCursor: keys[0] ?? null,
      endCursor: keys.at(-1) ?? null,
    },
  },
});

/** A client whose API has these answers, one a request. */
function clientOf(...answers: object[]) {
  let requests = 0;
  const client = new Client({
    url: "http://api.test/graphql",
    preferGetMethod: false,
    fetch: async () => Response.json({ data: answers[requests++] ?? null }),
    exchanges: [cacheExchange({ keys: concordKeys, resolvers: concordResolvers }), fetchExchange],
  });
  const keys = async (variables: object) => {
    const { data } = await client.query<Result>(DEVICES, variables).toPromise();
    return data?.devices.edges.map(({ node }) => node.key);
  };
  return { client, keys, requests: () => requests };
}

it("a list is joined by its pages", async () => {
  const { keys } = clientOf(pageOf("elt:1", "elt:2"), pageOf("elt:3"));
  await keys({ first: 2 });
  expect(await keys({ first: 2, after: "elt:2" })).toEqual(["elt:1", "elt:2", "elt:3"]);
});

it("a list whose items are selected in `nodes` is joined too", async () => {
  const { client } = clientOf(
    ...[pageOf("elt:1", "elt:2"), pageOf("elt:3")].map(({ devices: { edges, ...rest }, ...query }) => ({
      ...query,
      devices: { ...rest, nodes: edges.map(({ node }) => node) },
    })),
  );
  const query = gql`query ($first: Int, $after: String) {
    devices(first: $first, after: $after) { nodes { id key } pageInfo { hasNextPage endCursor } }
  }`;
  await client.query(query, { first: 2 }).toPromise();
  const { data } = await client.query(query, { first: 2, after: "elt:2" }).toPromise();
  expect(data.devices.nodes.map(({ key }: { key: string }) => key)).toEqual(["elt:1", "elt:2", "elt:3"]);
});

it("a list is another one with another filter", async () => {
  const { keys } = clientOf(pageOf("elt:1"), pageOf("elt:2"));
  expect(await keys({ first: 2, filter: { status: "ONLINE" } })).toEqual(["elt:1"]);
  expect(await keys({ first: 2, filter: { status: "OFFLINE" } })).toEqual(["elt:2"]);
});

it.each([
  ["its key", `{ device(by: { key: "elt:1" }) { id key } }`],
  ["its id", `{ device(by: { id: "${deviceIdOf("elt:1")}" }) { id key } }`],
  ["its key beside `by`", `{ device(key: "elt:1") { id key } }`],
  ["its id beside `by`", `{ device(id: "${deviceIdOf("elt:1")}") { id key } }`],
  ["its id as a node", `{ node(id: "${deviceIdOf("elt:1")}") { id ... on Device { key } } }`],
])("a device is found by %s, whichever query has loaded it", async (_, text) => {
  const { client, keys, requests } = clientOf(pageOf("elt:1"));
  await keys({ first: 1 });
  const { data } = await client.query(text, {}).toPromise();
  expect(Object.values(data as object)).toContainEqual(expect.objectContaining({ key: "elt:1" }));
  expect(requests()).toBe(1);
});

it("a device that was never loaded is asked of the API, and stays what the API said", async () => {
  const { client, keys, requests } = clientOf(pageOf("elt:1"), { __typename: "Query", device: null });
  await keys({ first: 1 });
  for (let i = 0; i < 2; i++) {
    const { data } = await client.query('{ device(key: "elt:2") { id key } }', {}).toPromise();
    expect(data).toMatchObject({ device: null });
  }
  expect(requests()).toBe(2);
});
