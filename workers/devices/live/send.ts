import type { ItemMessage } from "#objects/wire.ts";
import { readStored } from "./attachment.ts";
import type { Closing } from "./protocol.ts";

export type SubscribeError = { readonly code: string; readonly message: string };

/** Does nothing if the socket is not open. */
export function send(socket: WebSocket, message: { readonly type: string } & Readonly<Record<string, unknown>>): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

export const sendItem = (socket: WebSocket, message: ItemMessage): void => send(socket, message);

/** Reports that a subscription cannot start, in the form of the socket's protocol. */
export function sendError(socket: WebSocket, id: string, { code, message }: SubscribeError): void {
  if (readStored(socket).speaks === "items") sendItem(socket, { type: "error", code, message });
  else send(socket, { type: "error", id, payload: [{ message, extensions: { code } }] });
}

export function close(socket: WebSocket, [code, reason]: Closing): void {
  if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
}

export const NOT_FOUND: SubscribeError = {
  code: "NOT_FOUND",
  message: "It does not exist, or the token may not see it.",
};
export const TOO_MANY_SOCKETS: SubscribeError = {
  code: "TOO_MANY_SOCKETS",
  message: "Too many sockets are subscribed to this: in all, with your token, or from your address. Try again later.",
};
