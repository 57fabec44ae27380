import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { generatePersistedQueryIdsFromManifest } from "@apollo/persisted-query-lists";
import { expect } from "vitest";
import { DEVICE_ROW } from "../../../examples/apollo/documents.ts";
import manifest from "../../../examples/apollo/manifests/persisted-query-manifest.json" with { type: "json" };
import { type Ask, asking, codesOf, notOffered, registering } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import { DOCUMENTS } from "../documents.ts";
import { DEALER, DEALERS, type Stand } from "../stand.ts";

const http = ({ graphqlUrl }: Stand, token: string, fetch?: typeof globalThis.fetch) =>
  new HttpLink({ uri: graphqlUrl, headers: { authorization: `Bearer ${token}` }, ...(fetch && { fetch }) });

const client = (link: ApolloLink) =>
  new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: "network-only" } } });

/** Asks through a link, as `useQuery` and `useMutation` do. */
export const askThrough = async (
  link: ApolloLink,
  document: (typeof DOCUMENTS)[keyof typeof DOCUMENTS],
  variables: object,
) => {
  const apollo = client(link);
  const isMutation = document.definitions.some((each) => "operation" in each && each.operation === "mutation");
  const { data, error } = await (isMutation
    ? apollo.mutate({ mutation: document, variables, errorPolicy: "all" })
    : apollo.query({ query: document, variables, errorPolicy: "all" }));
  if (error && !CombinedGraphQLErrors.is(error)) throw error;
  return { data, codes: codesOf(error?.errors) };
};

const ask: Ask = (stand, name, variables, token) => askThrough(http(stand, token), DOCUMENTS[name], variables);

export default {
  name: "Apollo Client",
  packages: ["@apollo/client"],
  cells: {
    ...asking(ask),

    trusted: async (stand) => {
      const ids = new PersistedQueryLink(
        generatePersistedQueryIdsFromManifest({ loadManifest: async () => manifest as never }),
      );
      const key = stand.keysOf(DEALERS[1])[0] ?? "";
      const link = ApolloLink.from([ids, http(stand, await stand.token(DEALER))]);
      expect((await client(link).query({ query: DEVICE_ROW, variables: { key } })).data?.device?.key).toBe(key);
    },

    ...registering((stand, fetch, token) => {
      const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
      const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), http(stand, token, fetch)]);
      return askThrough(link, DOCUMENTS.MatrixDeviceQuery, { key: stand.device().key });
    }),

    schema: notOffered("its tools read schema.graphql"),
    eventStream: notOffered("it has no link for server-sent events"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
