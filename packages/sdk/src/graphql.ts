/**
 * A client of the GraphQL API, and its typed documents: for browsers, Node and Workers. It needs nothing but `fetch`.
 *
 * @module
 */

export { type Answer, type AskOptions, type ClientOptions, ConcordClient } from "#client/client.ts";
export { keepSeen, type Seen, type SeenOptions, type TokenStorage } from "#client/consistency.ts";
export type {
  ConcordDocument,
  OperationType,
  ResultOf,
  TextDocument,
  TreeDocument,
  TrustedDocument,
  Typed,
  VariablesOf,
} from "#client/document.ts";
export { ConcordError, type ErrorCode, type WireError } from "#client/error.ts";
export { type EventSourceOptions, eventSource } from "#client/event-source.ts";
