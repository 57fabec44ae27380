import type { Scope } from "#auth/scope.ts";
import type { TokenIdentity } from "#auth/verify.ts";
import type { LiveItem, LiveTarget } from "./item.ts";

/** A message from an object to a Worker that subscribes for its own client: JSON, one in each WebSocket message. */
export type ItemMessage =
  /** The subscription has started: every item from here on will be sent. */
  | { readonly type: "opened" }
  | { readonly type: "item"; readonly item: LiveItem }
  /** No more items will be sent. */
  | { readonly type: "complete" }
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** A Worker's subscription for one of its clients: target, scope, expiry and name of its token, and the caller and address that limits count. */
export type LiveRequest = {
  readonly scope: Scope;
  readonly expiresAtMs: number;
  readonly caller: string;
  readonly token: TokenIdentity | null;
  readonly address: string;
  readonly target: LiveTarget;
};

/** The paths at which an object accepts sockets, by protocol. Only our own Workers can reach an object. */
export const OBJECT_PATHS = { graphql: "/graphql", items: "/items" } as const;

const LIVE_REQUEST_HEADER = "Concord-Live-Request";

/** Percent-encoded, because ids may contain any character and headers may not. */
export const liveRequestHeaders = (liveRequest: LiveRequest): Record<string, string> => ({
  Upgrade: "websocket",
  [LIVE_REQUEST_HEADER]: encodeURIComponent(JSON.stringify(liveRequest)),
});

export const parseLiveRequest = (headers: Headers): LiveRequest =>
  JSON.parse(decodeURIComponent(headers.get(LIVE_REQUEST_HEADER) ?? "")) as LiveRequest;

export const objectUrl = (path: string): string => `https://object.concord${path}`;
