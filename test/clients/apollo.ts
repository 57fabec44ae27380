import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { generatePersistedQueryIdsFromManifest } from "@apollo/persisted-query-lists";
import type { Client } from "graphql-ws";
import manifest from "../../examples/apollo/manifests/persisted-query-manifest.json" with { type: "json" };
import { type Answer, codesOf, looking, type Sink } from "./answer.ts";
import { DOCUMENTS, type DocumentName } from "./documents.ts";

/** Apollo Client as its documentation sets it up; in Node and in a browser alike. */
export type HttpOptions = {
  readonly url: string;
  readonly token: string;
  readonly credentials?: RequestCredentials;
  readonly look?: (said: string) => void;
};

export const httpLink = ({ url, token, credentials, look }: HttpOptions) =>
  new HttpLink({
    uri: url,
    headers: { authorization: `Bearer ${token}` },
    ...(credentials && { credentials }),
    ...(look && { fetch: looking(look) }),
  });

/** Automatic persisted queries before HTTP. */
export const registeringLink = (sha256: (text: string) => string | Promise<string>, options: HttpOptions) =>
  ApolloLink.from([new PersistedQueryLink({ sha256 }), httpLink(options)]);

/** The ids of a manifest before HTTP. */
export const trustedLink = (options: HttpOptions) => {
  const loadManifest = async () => manifest as never;
  const ids = new PersistedQueryLink(generatePersistedQueryIdsFromManifest({ loadManifest }));
  return ApolloLink.from([ids, httpLink(options)]);
};

export const apolloOver = (link: ApolloLink) =>
  new ApolloClient({
    link,
    cache: new InMemoryCache(),
    defaultOptions: { query: { fetchPolicy: "network-only" } },
  });

/** Asks as `useQuery` and `useMutation` do. */
export async function ask(apollo: ApolloClient, name: DocumentName, variables: object): Promise<Answer> {
  const { data, error } = await (name.endsWith("Mutation")
    ? apollo.mutate({ mutation: DOCUMENTS[name], variables, errorPolicy: "all" })
    : apollo.query({ query: DOCUMENTS[name], variables, errorPolicy: "all" }));
  if (error && !CombinedGraphQLErrors.is(error)) throw error;
  return { data, codes: codesOf(error?.errors) };
}

/** Everything goes over one socket. */
export function onSocket(client: Client) {
  const apollo = apolloOver(new GraphQLWsLink(client));
  return {
    ask: (name: DocumentName, variables: object) => ask(apollo, name, variables),
    subscribe(name: DocumentName, variables: object, { next, failed }: Sink): () => void {
      const { unsubscribe } = bound(
        apollo
          .subscribe({ query: DOCUMENTS[name], variables })
          .subscribe({ next: ({ data, error }) => (error ? failed(error) : next(data)), error: failed }),
      );
      return unsubscribe;
    },
  };
}

const bound = (subscription: { unsubscribe(): void }) => ({ unsubscribe: () => subscription.unsubscribe() });
