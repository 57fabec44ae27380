import type { Scope } from "../auth/scope.ts";
import type { LiveItem, LiveTarget } from "./item.ts";

/** What an object says to a Worker that listens for somebody else: JSON, one a WebSocket message. */
export type ItemMessage =
  /** From here on every item comes. */
  | { readonly type: "opened" }
  | { readonly type: "item"; readonly item: LiveItem }
  /** Nothing more will come. */
  | { readonly type: "complete" }
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** For whom a Worker listens, to what, until when its token is good, and by whom and by where that is counted. */
export type LiveRequest = {
  readonly scope: Scope;
  readonly expiresAtMs: number;
  readonly caller: string;
  readonly address: string;
  readonly target: LiveTarget;
};

/** Where an object takes what kind of socket. Only Workers of ours reach an object. */
export const OBJECT_PATHS = { graphql: "/graphql", items: "/items" } as const;

const LIVE_REQUEST_HEADER = "Concord-Hearing";

/** Ids may hold any letters, and headers may not. */
export const headersOf = (liveRequest: LiveRequest): Record<string, string> => ({
  Upgrade: "websocket",
  [LIVE_REQUEST_HEADER]: encodeURIComponent(JSON.stringify(liveRequest)),
});

export const liveRequestIn = (headers: Headers): LiveRequest =>
  JSON.parse(decodeURIComponent(headers.get(LIVE_REQUEST_HEADER) ?? "")) as LiveRequest;

export const objectUrl = (path: string): string => `https://object.concord${path}`;
