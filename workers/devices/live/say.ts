import type { ItemMessage } from "../../../src/shared/live/wire.ts";
import { attachmentOf } from "./attachment.ts";
import type { Closing } from "./protocol.ts";

export type Refusal = { readonly code: string; readonly message: string };

/** To one that is not open nothing is said. */
export function send(socket: WebSocket, message: { readonly type: string } & Readonly<Record<string, unknown>>): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

export const sendItem = (socket: WebSocket, message: ItemMessage): void => send(socket, message);

/** To a client as GraphQL has errors, and to a Worker in a word. */
export function sendError(socket: WebSocket, id: string, { code, message }: Refusal): void {
  if (attachmentOf(socket).speaks === "items") sendItem(socket, { type: "error", code, message });
  else send(socket, { type: "error", id, payload: [{ message, extensions: { code } }] });
}

export function close(socket: WebSocket, [code, reason]: Closing): void {
  if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
}
