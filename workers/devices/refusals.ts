import { LONG_WAIT_SECONDS } from "#base/rate-limit.ts";
import { GRAPHQL_TRANSPORT_WS } from "./live/protocol.ts";

/** Why a request is not served: for a client that reads an HTTP status, and for one that only sees its socket close. */
export type Refusal = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The closing of a socket; its reason has at most 123 bytes. */
  readonly closing: readonly [code: number, reason: string];
};

/** @param where says where to connect */
export const refusalsFor = (where: string) =>
  ({
    notServed: {
      status: 404,
      code: "NOT_FOUND",
      message: `Nothing is served here. ${where}`,
      closing: [4400, "Bad Request: nothing is served at this path; open /live"],
    },
    noUpgrade: {
      status: 426,
      code: "UPGRADE_REQUIRED",
      message: `This path accepts WebSockets; server-sent events are at /graphql. ${where}`,
      headers: { Upgrade: "websocket" },
      closing: [4400, "Bad Request: ask for an upgrade to websocket"],
    },
    badProtocol: {
      status: 400,
      code: "BAD_REQUEST",
      message: `Ask for the subprotocol ${GRAPHQL_TRANSPORT_WS}.`,
      closing: [4406, `Subprotocol not acceptable: ask for ${GRAPHQL_TRANSPORT_WS}`],
    },
    noObject: {
      status: 400,
      code: "BAD_REQUEST",
      message: where,
      closing: [4400, "Bad Request: open /live, /live?device={source}:{deviceId} or /live?dealer={dealerId}"],
    },
    tooMany: {
      status: 429,
      code: "TOO_MANY_REQUESTS",
      message: "Too many sockets opened from this address; try again in a minute.",
      headers: { "Retry-After": String(LONG_WAIT_SECONDS) },
      closing: [4429, `Too many requests: retry in ${LONG_WAIT_SECONDS} s`],
    },
  }) as const satisfies Record<string, Refusal>;

export const misconfigured = (problems: readonly string[]): Refusal => ({
  status: 503,
  code: "MISCONFIGURED",
  message: `The devices Worker serves nothing until this is fixed: ${problems.join("; ")}. Connect again then.`,
  closing: [1013, "Try again later: the Worker is misconfigured, and its log says how"],
});

export const isUpgrade = ({ headers }: Request): boolean => headers.get("Upgrade")?.toLowerCase() === "websocket";

export const protocolsOf = ({ headers }: Request): string[] =>
  (headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((name) => name.trim());

/**
 * Refuses a request. A browser does not let its page read the status of a refused upgrade, so a socket is accepted, in a
 * subprotocol that it asked for, and closed with a code and a reason.
 */
export function refuse(request: Request, { status, code, message, headers, closing }: Refusal): Response {
  if (!isUpgrade(request)) {
    return Response.json(
      { error: { code, message } },
      { status, headers: { "Cache-Control": "no-store", ...headers } },
    );
  }
  const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
  const [first] = protocolsOf(request);
  const protocol = protocolsOf(request).includes(GRAPHQL_TRANSPORT_WS) ? GRAPHQL_TRANSPORT_WS : first;
  socket.accept();
  socket.close(...closing);
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: protocol ? { "Sec-WebSocket-Protocol": protocol } : {},
  });
}
