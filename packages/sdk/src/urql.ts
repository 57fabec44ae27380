/**
 * The adapter for urql: exchanges and the cache's configuration. It needs @urql/core, @urql/exchange-graphcache,
 * @urql/exchange-persisted, wonka and graphql-ws.
 *
 * @module
 */

export { keepSeen, type Seen, type SeenOptions, type TokenStorage } from "#client/consistency.ts";
export { concordFetch, type FetchOptions } from "#client/fetch.ts";
export type { LiveOptions, Place } from "#client/live.ts";
export { concordKeys, concordResolvers } from "#client/urql/cache.ts";
export {
  concordClientOptions,
  liveExchange,
  outageExchange,
  trustedExchange,
  type UrqlOptions,
} from "#client/urql/exchanges.ts";
