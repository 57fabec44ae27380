import {
  commitMutation,
  Environment,
  type FetchFunction,
  fetchQuery,
  type GraphQLTaggedNode,
  Network,
  RecordSource,
  Store,
  type SubscribeFunction,
} from "relay-runtime";
import { expect } from "vitest";
import rowQuery, { type documentsRowQuery } from "../../../examples/relay/__generated__/documentsRowQuery.graphql.ts";
import { type Answer, type Ask, asking, codesOf, type Data, notOffered } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import type { DocumentName } from "../documents.ts";
import { compileForRelay } from "../relay-artifacts.ts";
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

export const environment = (fetch: FetchFunction, subscribe?: SubscribeFunction) =>
  new Environment({ network: Network.create(fetch, subscribe), store: new Store(new RecordSource()) });

/** Asks through an environment, as `fetchQuery` and `useMutation` do. */
export async function askThrough(
  relay: Environment,
  name: DocumentName,
  variables: Record<string, unknown>,
): Promise<Answer> {
  const node = (await compileForRelay()).get(name) as GraphQLTaggedNode;
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

const ask: Ask = (stand, name, variables, token) => askThrough(environment(network(stand, token)), name, variables);

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

    apq: notOffered("its compiler makes the ids"),
    apqOfDealer: notOffered("its compiler makes the ids"),
    schema: notOffered("its compiler reads schema.graphql"),
    eventStream: notOffered("it has no network of its own; give it graphql-sse"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
