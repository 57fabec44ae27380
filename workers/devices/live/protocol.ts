import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";

/** github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const GRAPHQL_TRANSPORT_WS = "graphql-transport-ws";

/** The runtime answers pings itself, without waking the object. */
export const PING = '{"type":"ping"}';
export const PONG = '{"type":"pong"}';

const payload = z.record(z.string(), z.unknown()).nullish();

const SubscribePayload = z.looseObject({
  query: z.string().optional(),
  documentId: z.string().optional(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z.record(z.string(), z.unknown()).nullish(),
});
export type SubscribePayload = z.output<typeof SubscribePayload>;

/** A client's name for an operation. Half of a surrogate pair would be stored as another character. */
const id = z
  .string()
  .min(1)
  .max(128)
  .refine((text) => text.isWellFormed());

/** The messages that a client may send. */
const ClientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("connection_init"), payload }),
  z.object({ type: z.literal("ping"), payload }),
  z.object({ type: z.literal("pong"), payload }),
  z.object({ type: z.literal("subscribe"), id, payload: SubscribePayload }),
  z.object({ type: z.literal("complete"), id }),
]);
export type ClientMessage = z.output<typeof ClientMessage>;

/** In characters. A trusted document's id has about a hundred, and a document has at most a thousand tokens. */
export const MAX_MESSAGE_LENGTH = 64 * 1024;

export const parseMessage = (text: string): ClientMessage | undefined => ClientMessage.safeParse(parseJson(text)).data;

/** Reasons for closing a socket. The client should reconnect after the first two; the others are errors of the client. */
export const CLOSINGS = {
  /** A service that we need is unavailable. */
  tryAgain: [1013, "Try again later"],
  /** Reconnect with a new token. */
  expired: [4403, "Forbidden: the token has expired"],
  /** Reconnect with another token. */
  revoked: [4403, "Forbidden: the token was revoked"],
  unauthorized: [4401, "Unauthorized"],
  badToken: [4403, "Forbidden"],
  largeToken: [4403, "Forbidden: the token is too large for a socket"],
  badMessage: [4400, "Bad Request: that is no message of graphql-transport-ws, or a very long one"],
  duplicateId: [4409, "Subscriber for that id already exists"],
  /** Reconnect after the time that is said. */
  tooManySockets: [4429, "Too many sockets: in all, with your token or from your address; retry in 60 s"],
  tooManyInits: [4429, "Too many initialisation requests"],
  initTimeout: [4408, "Connection initialisation timeout"],
  /** Reconnect when there is something to subscribe to. */
  idle: [4408, "Nothing is subscribed to on this socket"],
} as const satisfies Record<string, readonly [number, string]>;
export type Closing = readonly [code: number, reason: string];
