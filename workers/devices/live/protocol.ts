import * as z from "zod";
import { parseJson } from "../../../src/shared/json/parse-json.ts";

/** github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const GRAPHQL_TRANSPORT_WS = "graphql-transport-ws";

/** Answered by the runtime, which does not wake an object for it. */
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

/** What a client may say. */
const ClientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("connection_init"), payload }),
  z.object({ type: z.literal("ping"), payload }),
  z.object({ type: z.literal("pong"), payload }),
  z.object({ type: z.literal("subscribe"), id: z.string().min(1).max(128), payload: SubscribePayload }),
  z.object({ type: z.literal("complete"), id: z.string().min(1).max(128) }),
]);
export type ClientMessage = z.output<typeof ClientMessage>;

/** In characters. A trusted document's id takes a hundred, and no text may have more than a thousand tokens. */
export const MAX_MESSAGE_LENGTH = 64 * 1024;

export const parseMessage = (text: string): ClientMessage | undefined => ClientMessage.safeParse(parseJson(text)).data;

/** Why a socket is closed. The first two are the client's to try again with, the others its bug. */
export const CLOSINGS = {
  /** What we need is out of reach just now. */
  tryAgain: [1013, "Try again later"],
  /** The token has run out: come back with another. */
  expired: [4403, "Forbidden: the token has expired"],
  unauthorized: [4401, "Unauthorized"],
  badToken: [4403, "Forbidden"],
  largeToken: [4403, "Forbidden: the token is too large for a socket"],
  badMessage: [4400, "Bad Request: that is no message of graphql-transport-ws, or a very long one"],
  duplicateId: [4409, "Subscriber for that id already exists"],
  tooManyInits: [4429, "Too many initialisation requests"],
  initTimeout: [4408, "Connection initialisation timeout"],
  /** Open it again when there is something to subscribe to. */
  idle: [4408, "Nothing is subscribed to on this socket"],
} as const satisfies Record<string, readonly [number, string]>;
export type Closing = readonly [code: number, reason: string];
