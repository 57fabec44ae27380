import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

/** An answer that the edge gives in the platform's place. */
export type EdgeAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** What the edge decides by: `POST /topics/device.elt.status.reported`, and headers with names in lower case. */
export type EdgeRequest = { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders };

export type EdgeOptions = {
  /** Where the platform listens now. */
  readonly target: () => URL;
  /** Answers in the platform's place, or passes the request on with `undefined`. */
  readonly intercept?: (request: EdgeRequest) => EdgeAnswer | undefined | Promise<EdgeAnswer | undefined>;
  /** Whether what the platform sends over open sockets is thrown away. */
  readonly isSilent?: () => boolean;
};

/**
 * What stands between clients and the local platform, as Cloudflare does: one address that stays while Workers are
 * replaced, and the client's address in `CF-Connecting-IP`. Each connection counts as a client of its own, since a
 * thousand clients of one address would meet its rate limit.
 */
export async function startEdge({ target, intercept = () => undefined, isSilent = () => false }: EdgeOptions) {
  const open = new Set<Duplex>();
  let clients = 0;
  const headersOf = ({ headers }: IncomingMessage) => ({
    ...headers,
    host: target().host,
    "cf-connecting-ip": addressOf(++clients),
  });
  const server = createServer(async (incoming, outgoing) => {
    const answer = await intercept(toEdgeRequest(incoming));
    if (answer) await give(incoming, outgoing, answer);
    else pass(incoming, outgoing, { target: target(), headers: headersOf(incoming) });
  });
  server.on("upgrade", async (incoming, client, head) => {
    const answer = await intercept(toEdgeRequest(incoming));
    if (answer)
      return client.end(`HTTP/1.1 ${answer.status} refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    const { hostname, port } = target();
    const platform = connect(Number(port), hostname);
    open.add(client);
    client.on("close", () => open.delete(client));
    platform.write(handshake(incoming, headersOf(incoming)));
    platform.write(head);
    platform.on("data", (chunk) => {
      if (!isSilent()) client.write(chunk);
    });
    client.pipe(platform);
    for (const [one, other] of [
      [platform, client],
      [client, platform],
    ] as const) {
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async close() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Edge = Awaited<ReturnType<typeof startEdge>>;

const toEdgeRequest = ({ method = "GET", url = "/", headers }: IncomingMessage): EdgeRequest => ({
  method,
  path: url,
  headers,
});

/** 10.0.0.1, 10.0.0.2 and so on. */
const addressOf = (client: number): string => `10.${(client >> 16) & 255}.${(client >> 8) & 255}.${client & 255}`;

async function give(incoming: IncomingMessage, outgoing: ServerResponse, { status, headers, body = "" }: EdgeAnswer) {
  // Read to its end, so that the connection can be used again.
  await incoming.resume().toArray();
  outgoing.writeHead(status, { "Content-Type": "application/json", ...headers }).end(body);
}

type Passing = { readonly target: URL; readonly headers: Record<string, string | string[] | undefined> };

function pass(incoming: IncomingMessage, outgoing: ServerResponse, { target, headers }: Passing): void {
  const { method, url } = incoming;
  const onwards = request({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    answer.on("error", () => outgoing.destroy());
  });
  onwards.on("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  outgoing.on("close", () => onwards.destroy());
  incoming.pipe(onwards);
}

function handshake({ method, url }: IncomingMessage, headers: Passing["headers"]): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? ""]).map((each) => `${name}: ${each}`),
  );
  return `${[`${method} ${url} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`;
}
