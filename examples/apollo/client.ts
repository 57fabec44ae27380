import { ApolloClient, InMemoryCache } from "@apollo/client";
import { generatePersistedQueryIdsFromManifest } from "@apollo/persisted-query-lists";
import { type ApolloOptions, concordCachePolicies, concordLink } from "concord-sdk/apollo";

/** A client for a page of one user. `seen: keepSeen({ storage: localStorage })` lets its tabs see each other's writes. */
export const createClient = (options: Omit<ApolloOptions, "persisted">): ApolloClient =>
  new ApolloClient({
    link: concordLink({
      ...options,
      persisted: generatePersistedQueryIdsFromManifest({
        loadManifest: async () => (await import("./manifests/persisted-query-manifest.json")).default,
      }),
    }),
    cache: new InMemoryCache(concordCachePolicies),
  });
