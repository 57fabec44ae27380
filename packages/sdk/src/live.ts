/**
 * Subscriptions over WebSocket: what changes, as it changes. For browsers and Node; it needs graphql-ws.
 *
 * @module
 */

export {
  LiveClient,
  type LiveOptions,
  type LiveRequest,
  type LiveSink,
  type Place,
  type Watcher,
} from "#client/live.ts";
