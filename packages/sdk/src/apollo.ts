/**
 * The adapter for Apollo Client: links and the cache's configuration. It needs @apollo/client, graphql, rxjs and
 * graphql-ws.
 *
 * @module
 */

export { concordCachePolicies } from "#client/apollo/cache.ts";
export { type ApolloOptions, concordLink, liveLink, outageLink, type PersistedIds } from "#client/apollo/links.ts";
export { keepSeen, type Seen, type SeenOptions, type TokenStorage } from "#client/consistency.ts";
export { concordFetch, type FetchOptions } from "#client/fetch.ts";
export type { LiveOptions, Place } from "#client/live.ts";
