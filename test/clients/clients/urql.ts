import { type AnyVariables, Client, type DocumentInput, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { expect } from "vitest";
import { pipe, subscribe } from "wonka";
import { UrqlDeviceRowDocument } from "../../../examples/urql/gql/graphql.ts";
import { type Answer, type Ask, asking, codesOf, notOffered, registering } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import { DOCUMENTS } from "../documents.ts";
import { follows } from "../following.ts";
import { DEALER, DEALERS, type Stand } from "../stand.ts";

const options = ({ graphqlUrl }: Stand, token: string) => ({
  url: graphqlUrl,
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
});

/** Asks through a client, as its hooks do. */
export async function askThrough(
  client: Client,
  document: DocumentInput<unknown, AnyVariables>,
  variables: Record<string, unknown>,
): Promise<Answer> {
  const isMutation = (document as (typeof DOCUMENTS)["MatrixDeviceQuery"]).definitions.some(
    (each) => "operation" in each && each.operation === "mutation",
  );
  const { data, error } = await (isMutation ? client.mutation(document, variables) : client.query(document, variables));
  if (error?.networkError) throw error.networkError;
  return { data, codes: codesOf(error?.graphQLErrors) };
}

const ask: Ask = (stand, name, variables, token) =>
  askThrough(new Client({ ...options(stand, token), exchanges: [fetchExchange] }), DOCUMENTS[name], variables);

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

    ...registering((stand, fetch, token) => {
      const exchanges = [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange];
      const client = new Client({ ...options(stand, token), exchanges, fetch });
      return askThrough(client, DOCUMENTS.MatrixDeviceQuery, { key: stand.device().key });
    }),

    schema: notOffered("it needs none"),

    eventStream: async (stand) => {
      const client = new Client({
        ...options(stand, await stand.token()),
        exchanges: [fetchExchange],
        fetchSubscriptions: true,
      });
      await follows(stand, (name, variables, { next, failed }) => {
        const { unsubscribe } = pipe(
          client.subscription(DOCUMENTS[name], variables),
          subscribe(({ data, error }) => (error ? failed(error) : next(data))),
        );
        return unsubscribe;
      });
    },
  },
} satisfies ClientUnderTest as ClientUnderTest;
