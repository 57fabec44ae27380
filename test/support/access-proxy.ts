import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AccessTeam } from "./access-team.ts";

/** Plays Cloudflare Access in front of `/ops` of a local stack, as far as a browser or a script can tell. */
export type AccessProxy = {
  /** Where the stack is reached through Access. */
  readonly url: URL;
  /** Ends every session, as when its time is over. The browsers keep their cookies. */
  readonly expire: () => void;
  /** Who signs in next at the team's page. */
  signInAs: string;
  readonly stop: () => Promise<unknown>;
};

type Options = {
  readonly team: AccessTeam;
  readonly stack: URL;
  /** Client ids of service tokens, and their secrets. */
  readonly services?: Readonly<Record<string, string>>;
};

const COOKIE = "CF_Authorization";

/**
 * The team's hostname is another origin here too: `localhost`, where the application is `127.0.0.1`.
 *
 * What is copied from Access's documentation: a request without a session is redirected to the team's page, or answered
 * with 401 if it says `X-Requested-With: XMLHttpRequest`; the JWT travels in a cookie and is added for the application
 * as `Cf-Access-Jwt-Assertion`; a service token comes in two headers; `/cdn-cgi/access/logout` ends the session.
 */
export async function startAccessProxy({ team, stack, services = {} }: Options): Promise<AccessProxy> {
  const sessions = new Map<string, string>();
  const server = createServer(async (incoming, response) => {
    try {
      await answer(incoming, response);
    } catch (thrown) {
      response.writeHead(502).end(String(thrown));
    }
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://proxy");
    if (pathname === "/cdn-cgi/access/login") return login(response, searchParams.get("redirect_url") ?? "/");
    if (pathname === "/cdn-cgi/access/authorized") return authorize(response, searchParams.get("redirect_url") ?? "/");
    if (pathname === "/cdn-cgi/access/logout") {
      sessions.delete(cookieOf(incoming) ?? "");
      return page(response, 200, "You are signed out of Access", { "Set-Cookie": `${COOKIE}=; Path=/; Max-Age=0` });
    }
    // A client may send the header itself; Access replaces it.
    delete incoming.headers["cf-access-jwt-assertion"];
    if (!/^\/ops(\/|$)/.test(pathname)) return forward(incoming, response);
    const jwt = await jwtFor(incoming);
    if (jwt === "refused") return page(response, 403, "Forbidden: the service token is not valid");
    if (jwt) return forward(incoming, response, { "Cf-Access-Jwt-Assertion": jwt });
    if (incoming.headers["x-requested-with"] === "XMLHttpRequest") return page(response, 401, "Unauthorized");
    const back = new URL(incoming.url ?? "/", self());
    const at = `http://localhost:${self().port}/cdn-cgi/access/login?${new URLSearchParams({ redirect_url: back.href })}`;
    response.writeHead(302, { Location: at }).end();
  }

  async function jwtFor({ headers }: IncomingMessage): Promise<string | undefined> {
    const clientId = headers["cf-access-client-id"];
    if (typeof clientId === "string") {
      const isValid = headers["cf-access-client-secret"] === services[clientId];
      return isValid ? team.sign({ sub: "", common_name: clientId }) : "refused";
    }
    const email = sessions.get(cookieOf({ headers } as IncomingMessage) ?? "");
    return email === undefined ? undefined : team.sign({ email });
  }

  const login = (response: ServerResponse, back: string): void => {
    const link = `http://127.0.0.1:${self().port}/cdn-cgi/access/authorized?${new URLSearchParams({ redirect_url: back })}`;
    page(response, 200, `<a href="${link.replaceAll("&", "&amp;")}">Sign in with the identity provider</a>`);
  };

  const authorize = (response: ServerResponse, back: string): void => {
    const session = crypto.randomUUID();
    sessions.set(session, proxy.signInAs);
    response.writeHead(302, { Location: back, "Set-Cookie": `${COOKIE}=${session}; Path=/; HttpOnly` }).end();
  };

  const forward = (incoming: IncomingMessage, response: ServerResponse, more: Record<string, string> = {}): void => {
    const { method, url: path, headers } = incoming;
    const target = { host: stack.hostname, port: stack.port, method, path, headers: { ...headers, ...more } };
    const outgoing = request(target, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  };

  const self = (): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  await new Promise<void>((resolve) => server.listen(0, resolve));
  const proxy: AccessProxy = {
    url: self(),
    expire: () => sessions.clear(),
    signInAs: "ann@example.com",
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

const cookieOf = ({ headers }: IncomingMessage): string | undefined =>
  new RegExp(`${COOKIE}=([^;]+)`).exec(headers.cookie ?? "")?.[1];

const page = (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void =>
  void response
    .writeHead(status, { "Content-Type": "text/html; charset=utf-8", ...headers })
    .end(`<!doctype html><title>Cloudflare Access</title><main>${body}</main>`);
