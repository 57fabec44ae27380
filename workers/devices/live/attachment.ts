import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { LiveTarget } from "../../../src/shared/live/item.ts";
import type { OBJECT_PATHS } from "../../../src/shared/live/wire.ts";
import type { Query } from "./queries.ts";

/** Who listens; `caller` is whom its sockets are counted by. */
export type Listener = { readonly scope: Scope; readonly expiresAtMs: number; readonly caller: string };

export type Subscription = {
  readonly id: string;
  readonly target: LiveTarget;
  readonly cursor: string;
  /** `null` for a Worker that executes itself. */
  readonly query: Query | null;
};

/** What is kept with a socket while its object sleeps. */
export type Attachment = {
  /** `graphql`: a client that speaks graphql-transport-ws. `items`: a Worker that listens for somebody else. */
  readonly speaks: keyof typeof OBJECT_PATHS;
  /** Where it came from. */
  readonly address: string;
  /** `null` until it has said who it is. */
  readonly listener: Listener | null;
  readonly subscriptions: readonly Subscription[];
};

/** The platform takes 16,384: developers.cloudflare.com/durable-objects/api/websockets. What is left lets cursors grow. */
const MAX_BYTES = 15_000;

export const attachmentOf = (socket: WebSocket): Attachment =>
  JSON.parse(socket.deserializeAttachment() as string) as Attachment;

/**
 * Kept as text, whose size is known: what the platform's own serialization makes of a structure is not.
 * @returns whether there was room; else everything is as it was
 */
export function attach(socket: WebSocket, attachment: Attachment): boolean {
  const text = JSON.stringify(attachment);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all that fits into a byte
  const bytes = /^[\x00-\xff]*$/.test(text) ? text.length : 2 * text.length;
  if (bytes > MAX_BYTES) return false;
  socket.serializeAttachment(text);
  return true;
}

/** Whether somebody is here who may be told something still, be it the last of a subscription. */
export const isOccupied = (ctx: DurableObjectState): boolean =>
  ctx.getWebSockets().some((socket) => socket.readyState === WebSocket.OPEN && attachmentOf(socket).listener !== null);

/** The open sockets that are subscribed to something. One that we closed may linger until its client answers. */
export const listening = (ctx: DurableObjectState): WebSocket[] =>
  ctx
    .getWebSockets()
    .filter((socket) => socket.readyState === WebSocket.OPEN && attachmentOf(socket).subscriptions.length > 0);
