/**
 * The adapter for Relay: a network layer, and handlers of missing fields. It needs relay-runtime and graphql-ws.
 *
 * @module
 */

export { keepSeen, type Seen, type SeenOptions, type TokenStorage } from "#client/consistency.ts";
export { concordFetch, type FetchOptions } from "#client/fetch.ts";
export type { LiveOptions, Place } from "#client/live.ts";
export { concordMissingFieldHandlers } from "#client/relay/missing-fields.ts";
export { concordNetwork, type RelayOptions } from "#client/relay/network.ts";
