import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import type { Client as WsClient } from "graphql-ws";
import { expect } from "vitest";
import { pipe, subscribe } from "wonka";
import { UrqlDeviceRowDocument } from "../../../examples/urql/gql/graphql.ts";
import { type Answer, codesOf, looking } from "../answer.ts";
import { type Ask, asking, registering } from "../asking.ts";
import { type ClientUnderTest, lacks } from "../client.ts";
import { DOCUMENTS, type DocumentName } from "../documents.ts";
import { follows, type Subscribe } from "../following.ts";
import { type OnSocket, onOneSocket, overGraphqlWs, RETRY_ALWAYS } from "../sockets.ts";
import { DEALER, DEALERS, type Stand } from "../stand.ts";

const options = ({ graphqlUrl }: Stand, token: string) => ({
  url: graphqlUrl,
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
});

/** Asks as its hooks do. */
async function askWith(client: Client, name: DocumentName, variables: Record<string, unknown>): Promise<Answer> {
  const ask = name.endsWith("Mutation") ? client.mutation : client.query;
  const { data, error } = await ask.call(client, DOCUMENTS[name], variables);
  if (error?.networkError) throw error.networkError;
  return { data, codes: codesOf(error?.graphQLErrors) };
}

const ask: Ask = (stand, name, variables, token) =>
  askWith(new Client({ ...options(stand, token), exchanges: [fetchExchange] }), name, variables);

const subscribeWith =
  (client: Client): Subscribe =>
  (name, variables, { next, failed }) =>
    pipe(
      client.subscription(DOCUMENTS[name], variables),
      subscribe(({ data, error }) => (error ? failed(error) : next(data))),
    ).unsubscribe;

/** As urql's guide on subscriptions connects graphql-ws. */
function onSocket(ws: WsClient): OnSocket {
  const client = new Client({
    url: "nothing goes over HTTP",
    exchanges: [
      subscriptionExchange({
        enableAllOperations: true,
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: ws.subscribe({ query, ...(variables && { variables }) }, sink as never),
          }),
        }),
      }),
    ],
  });
  return { ask: (name, variables) => askWith(client, name, variables), subscribe: subscribeWith(client) };
}

export default {
  name: "urql",
  packages: ["@urql/core", "@urql/exchange-persisted"],
  cells: {
    ...asking(ask),

    trusted: async (stand) => {
      const ids = persistedExchange({
        enforcePersistedQueries: true,
        enableForMutation: true,
        generateHash: async (_, document) => (document as { __meta__?: { hash?: string } }).__meta__?.hash ?? "",
      });
      const client = new Client({ ...options(stand, await stand.token(DEALER)), exchanges: [ids, fetchExchange] });
      const key = stand.keysOf(DEALERS[1])[0] ?? "";
      expect((await client.query(UrqlDeviceRowDocument, { key })).data?.device?.key).toBe(key);
    },

    ...registering((stand, look, token) => {
      const exchanges = [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange];
      const client = new Client({ ...options(stand, token), exchanges, fetch: looking(look) });
      return askWith(client, "MatrixDeviceQuery", { key: stand.device().key });
    }),

    ...onOneSocket(overGraphqlWs(onSocket), RETRY_ALWAYS),
    ...lacks("it needs none", "schema"),

    eventStream: async (stand) => {
      const client = new Client({
        ...options(stand, await stand.token()),
        exchanges: [fetchExchange],
        fetchSubscriptions: true,
      });
      await follows(stand, subscribeWith(client));
    },
    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has none", "otherProtocol"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
