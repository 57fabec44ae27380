/**
 * Subscriptions over WebSocket: what changes, as it changes. For browsers and Node; it needs graphql-ws.
 *
 * @module
 */

export { type Place, type Watching, type WatchOptions, watch } from "#client/live.ts";
