import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { commitMutation, Environment, fetchQuery, RecordSource, Store } from "relay-runtime";
import { describe, expect, it } from "vitest";
import rowQuery from "../../../examples/relay/__generated__/documentsRowQuery.graphql.ts";
import setDesired from "../../../examples/relay/__generated__/documentsSetDesiredMutation.graphql.ts";
import { UrqlDeviceRowDocument } from "../../../examples/urql/gql/graphql.ts";
import { concordLink } from "./apollo/links.ts";
import { keepSeen } from "./consistency.ts";
import { concordNetwork } from "./relay/network.ts";
import { concordClientOptions, outageExchange } from "./urql/exchanges.ts";

const FOUND = { data: { device: { __typename: "Device", id: "RGV2aWNlOmVsdDox", key: "elt:1", status: "ONLINE" } } };
const OUTAGE = {
  data: { device: null },
  errors: [
    { message: "out of reach", path: ["device"], extensions: { code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 5 } },
  ],
};
const LATE = { ...OUTAGE, errors: [{ message: "a fault", extensions: { code: "INTERNAL_SERVER_ERROR" } }] };

const QUERY = gql`
  query Row($key: String!) {
    device(key: $key) {
      id
      key
      status
    }
  }
`;
const MUTATION = gql`
  mutation Acknowledge($id: ID!) {
    acknowledgeAlert(input: { id: $id }) {
      outcome
    }
  }
`;

/** An API with these answers, one a request, and the last one from then on. */
function apiOf(...answers: readonly object[]) {
  let requests = 0;
  const bodies: { readonly query?: string }[] = [];
  const send: typeof fetch = async (_, init) => {
    bodies.push(JSON.parse(String(init?.body)));
    const answer = answers[Math.min(requests++, answers.length - 1)];
    return Response.json(answer, { headers: { "Content-Type": "application/graphql-response+json" } });
  };
  const options = { origin: "http://api.test", token: () => "t", seen: keepSeen(), fetch: send };
  return { options, bodies, requests: () => requests };
}
type Api = ReturnType<typeof apiOf>;

const key = "elt:1";
const IDS = { generateHash: () => "an-id" };
const ASKED: Readonly<Record<string, (api: Api) => Promise<unknown>>> = {
  "Apollo Client": ({ options }) =>
    new ApolloClient({ link: concordLink({ ...options, persisted: IDS }), cache: new InMemoryCache() })
      .query({ query: QUERY, variables: { key } })
      .then(({ data }) => data),
  urql: ({ options }) =>
    new Client(concordClientOptions(options))
      .query(UrqlDeviceRowDocument, { key })
      .toPromise()
      .then(({ data, error }) => (error ? Promise.reject(error) : data)),
  Relay: ({ options }) =>
    fetchQuery(new Environment({ network: concordNetwork(options), store: new Store(new RecordSource()) }), rowQuery, {
      key,
    })
      .toPromise()
      .then((data) => ((data as typeof FOUND.data).device ? data : Promise.reject(new Error("nothing came")))),
};

describe.each(Object.entries(ASKED))("%s", (_, ask) => {
  it("asks again while the database is out of reach", async () => {
    const api = apiOf(OUTAGE, OUTAGE, FOUND);
    expect(await ask(api)).toMatchObject({ device: { key } });
    expect(api.requests()).toBe(3);
  });

  it("gives up on a database that stays out of reach", async () => {
    const api = apiOf(OUTAGE);
    await expect(ask(api)).rejects.toThrow();
    expect(api.requests()).toBe(4);
  });

  it("sends an id each time, and no text in place of one that the API does not know", async () => {
    const repeated = apiOf(OUTAGE, FOUND);
    await ask(repeated);
    // The code by which Apollo's own servers ask for the text.
    const unknown = apiOf({
      errors: [{ message: "PersistedQueryNotFound", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }],
    });
    await expect(ask(unknown)).rejects.toThrow();
    expect([...repeated.bodies, ...unknown.bodies].map(({ query }) => query)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("does not ask again after another error", async () => {
    const api = apiOf(LATE);
    await expect(ask(api)).rejects.toThrow();
    expect(api.requests()).toBe(1);
  });
});

it("Apollo Client sends a mutation once, since it may have been done", async () => {
  const api = apiOf(OUTAGE);
  const client = new ApolloClient({ link: concordLink(api.options), cache: new InMemoryCache() });
  await expect(client.mutate({ mutation: MUTATION, variables: { id: "a" } })).rejects.toThrow();
  expect(api.requests()).toBe(1);
});

it("urql sends a mutation once, since it may have been done", async () => {
  const api = apiOf(OUTAGE);
  const client = new Client(concordClientOptions(api.options));
  const { error } = await client.mutation(MUTATION, { id: "a" });
  expect(error?.graphQLErrors[0]?.extensions.code).toBe("UPSTREAM_UNAVAILABLE");
  expect(api.requests()).toBe(1);
});

it("Relay sends a mutation once, since it may have been done", async () => {
  const api = apiOf(OUTAGE);
  const environment = new Environment({ network: concordNetwork(api.options), store: new Store(new RecordSource()) });
  const variables = { key, desired: {} };
  await new Promise((resolve) => {
    commitMutation(environment, { mutation: setDesired, variables, onCompleted: resolve, onError: resolve });
  });
  expect(api.requests()).toBe(1);
});

it("urql drops a repetition that nobody waits for any more", async () => {
  const api = apiOf(
    { ...OUTAGE, errors: [{ ...OUTAGE.errors[0], extensions: { code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 40 } }] },
    FOUND,
  );
  const client = new Client({ ...concordClientOptions(api.options), exchanges: [outageExchange, fetchExchange] });
  const { unsubscribe } = client.query(QUERY, { key }).subscribe(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  unsubscribe();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(api.requests()).toBe(1);
});
