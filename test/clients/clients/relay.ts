import type { Client } from "graphql-ws";
import {
  commitMutation,
  Environment,
  type FetchFunction,
  fetchQuery,
  type GraphQLTaggedNode,
  Network,
  Observable,
  RecordSource,
  requestSubscription,
  Store,
  type SubscribeFunction,
} from "relay-runtime";
import { expect } from "vitest";
import rowQuery, { type documentsRowQuery } from "../../../examples/relay/__generated__/documentsRowQuery.graphql.ts";
import { type Answer, codesOf, type Data } from "../answer.ts";
import { type Ask, asking } from "../asking.ts";
import { type ClientUnderTest, lacks, PERSISTED_QUERIES } from "../client.ts";
import type { DocumentName } from "../documents.ts";
import { compileForRelay } from "../relay-artifacts.ts";
import { type OnSocket, onOneSocket, overGraphqlWs, RETRY_ALWAYS } from "../sockets.ts";
import { DEALER, DEALERS, type Stand } from "../stand.ts";

/** The network of Relay's own guide, with a token. */
const network =
  ({ graphqlUrl }: Stand, token: string): FetchFunction =>
  async ({ id, text }, variables) => {
    const response = await fetch(graphqlUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(id ? { doc_id: id, variables } : { query: text, variables }),
    });
    return (await response.json()) as Data;
  };

const environment = (fetch: FetchFunction, subscribe?: SubscribeFunction) =>
  new Environment({ network: Network.create(fetch, subscribe), store: new Store(new RecordSource()) });

const nodeOf = (nodes: Awaited<ReturnType<typeof compileForRelay>>, name: DocumentName) =>
  nodes.get(name) as GraphQLTaggedNode;

/** Asks as `fetchQuery` and `useMutation` do. */
async function askWith(relay: Environment, name: DocumentName, variables: Record<string, unknown>): Promise<Answer> {
  const node = nodeOf(await compileForRelay(), name);
  try {
    const data = await (name.endsWith("Mutation")
      ? new Promise<Data>((resolve, reject) => {
          commitMutation(relay, { mutation: node, variables, onCompleted: resolve, onError: reject });
        })
      : fetchQuery(relay, node, variables, { fetchPolicy: "network-only" }).toPromise());
    return { data, codes: [] };
  } catch (thrown) {
    // Relay puts the errors of an answer without data here.
    const { source } = thrown as { source?: { errors: { extensions?: object }[] } };
    if (!source) throw thrown;
    return { codes: codesOf(source.errors) };
  }
}

const ask: Ask = (stand, name, variables, token) => askWith(environment(network(stand, token)), name, variables);

/** As the guide of graphql-ws connects it to Relay. */
async function onSocket(ws: Client): Promise<OnSocket> {
  const nodes = await compileForRelay();
  const over: SubscribeFunction = ({ text }, variables) =>
    Observable.create((sink) => ws.subscribe({ query: text ?? "", variables }, sink as never));
  const relay = environment(over as FetchFunction, over);
  return {
    ask: (name, variables) => askWith(relay, name, variables),
    subscribe: (name, variables, { next, failed }) =>
      requestSubscription(relay, { subscription: nodeOf(nodes, name), variables, onNext: next, onError: failed })
        .dispose,
  };
}

export default {
  name: "Relay",
  packages: ["relay-runtime", "relay-compiler"],
  cells: {
    ...asking(ask),

    trusted: async (stand) => {
      const relay = environment(network(stand, await stand.token(DEALER)));
      const key = stand.keysOf(DEALERS[1])[0] ?? "";
      const data = await fetchQuery<documentsRowQuery>(relay, rowQuery, { key }).toPromise();
      expect(data?.device?.key).toBe(key);
    },

    ...lacks("its compiler makes the ids", ...PERSISTED_QUERIES),
    ...onOneSocket(overGraphqlWs(onSocket), RETRY_ALWAYS),
    ...lacks("its compiler reads schema.graphql", "schema"),
    ...lacks("it has no network of its own; give it graphql-sse", "eventStream"),
    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has none", "otherProtocol"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
