import type { Scope } from "#auth/scope.ts";
import type { TokenIdentity } from "#auth/verify.ts";
import type { LiveTarget } from "#objects/item.ts";
import type { OBJECT_PATHS } from "#objects/wire.ts";
import type { Query } from "./queries.ts";

/** The authenticated client of a socket; limits count sockets by `caller`. */
export type Listener = {
  readonly scope: Scope;
  readonly expiresAtMs: number;
  readonly caller: string;
  /** What its token may be revoked by; `null` for one that cannot. */
  readonly token: TokenIdentity | null;
};

export type Subscription = {
  readonly id: string;
  readonly target: LiveTarget;
  readonly cursor: string;
  /** `null` for a Worker, which executes queries itself. */
  readonly query: Query | null;
};

/** What is stored with every socket while its object hibernates. */
export type SocketAttachment = {
  /** The socket's protocol. `graphql`: a client with graphql-transport-ws. `items`: a Worker that subscribes for its own client. */
  readonly speaks: keyof typeof OBJECT_PATHS;
  /** The client's address. */
  readonly address: string;
  /** `null` until it has authenticated. */
  readonly listener: Listener | null;
};

/** The attachment of a socket of a device or a dealer's feed. A hub stores subscriptions in tables. */
export type Attachment = SocketAttachment & { readonly subscriptions: readonly Subscription[] };

/** The platform's limit is 16,384: developers.cloudflare.com/durable-objects/api/websockets. The rest lets cursors grow. */
const MAX_BYTES = 15_000;

export const readAttachment = (socket: WebSocket): Attachment => readStored(socket);

/** @throws if the socket has none */
export const readStored = <Stored extends SocketAttachment>(socket: WebSocket): Stored =>
  JSON.parse(socket.deserializeAttachment() as string) as Stored;

/**
 * Saves an attachment, as text: its size is known, that of the platform's own serialization of an object is not.
 * @returns `false` if it is too large; the socket then keeps its former attachment
 */
export function saveAttachment<Stored extends SocketAttachment>(socket: WebSocket, attachment: Stored): boolean {
  const text = JSON.stringify(attachment);
  if (!fits(text)) return false;
  socket.serializeAttachment(text);
  return true;
}

/** Whether an attachment of this kind could be saved. */
export const fitsAttachment = <Stored extends SocketAttachment>(attachment: Stored): boolean =>
  fits(JSON.stringify(attachment));

function fits(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every character that takes one byte
  const bytes = /^[\x00-\xff]*$/.test(text) ? text.length : 2 * text.length;
  return bytes <= MAX_BYTES;
}

/** Whether any socket is open and authenticated: it may still have items to receive, even without a subscription. */
export const hasClients = (ctx: DurableObjectState): boolean =>
  ctx
    .getWebSockets()
    .some((socket) => socket.readyState === WebSocket.OPEN && readAttachment(socket).listener !== null);

/** The open sockets with subscriptions. `getWebSockets` also lists those that we closed, until their clients answer. */
export const subscribedSockets = (ctx: DurableObjectState): WebSocket[] =>
  ctx
    .getWebSockets()
    .filter((socket) => socket.readyState === WebSocket.OPEN && readAttachment(socket).subscriptions.length > 0);
