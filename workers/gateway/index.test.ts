import { afterEach, describe, expect, it, vi } from "vitest";
import frontDoor, { type Env } from "./index.ts";

type Answer = () => Response | Promise<Response>;

const worker = (answer: Answer) => ({ fetch: async () => answer() }) as unknown as Fetcher;
const ok: Answer = () => new Response("ok");

/** The front door, before Workers that all answer like this. */
const ask = (
  path: string,
  answer: Answer,
  { method = "GET", environment = "production", headers = {} } = {},
): Promise<Response> => {
  const each = worker(answer);
  const env: Env = { ENVIRONMENT: environment, INGEST: each, API: each, LIVE: each, DLQ: each, METRICS: each };
  return frontDoor.fetch(new Request(`https://concord.example${path}`, { method, headers }) as never, env);
};

const SECURITY = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "permissions-policy": expect.stringMatching(/camera=\(\).*usb=\(\)/),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": expect.stringMatching(/^default-src 'none'.*frame-ancestors 'none'/),
  "cache-control": "no-store",
  "strict-transport-security": "max-age=63072000",
};

const headersOf = ({ headers }: Response) => Object.fromEntries(headers);

describe("every answer has the security headers", () => {
  it.each(["/", "/healthz", "/readyz", "/nowhere", "/topics", "/graphql", "/live", "/ops"])("of %s", async (path) => {
    expect(headersOf(await ask(path, ok))).toMatchObject(SECURITY);
  });

  it.each([200, 204, 301, 304, 400, 404, 405, 429, 500, 503])("of status %i", async (status) => {
    const answer = await ask("/ops", () => new Response(null, { status, headers: { "Retry-After": "7" } }));
    expect([answer.status, headersOf(answer)]).toMatchObject([status, { ...SECURITY, "retry-after": "7" }]);
  });

  it("keeps a Worker's own policy for its pages and caches, and lets it weaken nothing else", async () => {
    const own = { "Content-Security-Policy": "default-src 'none'; script-src 'self'", "Cache-Control": "no-cache" };
    const weaker = { "X-Frame-Options": "ALLOWALL", "Cross-Origin-Resource-Policy": "cross-origin" };
    const answer = await ask("/ops", () => new Response("x", { headers: { ...own, ...weaker } }));
    expect(headersOf(answer)).toMatchObject({
      ...SECURITY,
      "content-security-policy": own["Content-Security-Policy"],
      "cache-control": "no-cache",
    });
  });

  it("does not tell what serves it", async () => {
    const telling = { Server: "workerd", "X-Powered-By": "hono", Via: "1.1 proxy" };
    const answer = await ask("/ops", () => new Response("x", { headers: telling }));
    expect([...answer.headers.keys()].filter((name) => ["server", "x-powered-by", "via"].includes(name))).toEqual([]);
  });

  it("binds no browser to HTTPS locally", async () => {
    expect((await ask("/", ok, { environment: "local" })).headers.has("Strict-Transport-Security")).toBe(false);
  });
});

describe("a Worker that throws", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ["/topics/device.elt.status.reported", "POST", "ingest", "error_code"],
    ["/v3/clusters", "GET", "ingest", "error_code"],
    ["/graphql", "POST", "api", "errors"],
    ["/live?device=elt:1", "GET", "live", "error"],
    ["/ops/api/groups", "GET", "dlq", "error"],
  ])("is answered for at %s as its clients expect it", async (path, method, name, member) => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
    const answer = await ask(path, () => Promise.reject(new TypeError("secret: no such table x")), { method });
    expect([answer.status, headersOf(answer)]).toMatchObject([
      500,
      { ...SECURITY, "content-type": "application/json" },
    ]);
    const text = await answer.text();
    const [id] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(text) ?? [];
    expect([Object.keys(JSON.parse(text))[0], id, text]).toEqual([
      member,
      expect.any(String),
      expect.not.stringContaining("no such table"),
    ]);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ event: "gateway.request_failed", id, worker: name, method, name: "TypeError" }),
    ]);
    // A browser shows a page of another origin why its query failed.
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(name === "api" ? "*" : null);
  });

  it("is answered for to a page that sends credentials, too", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const headers = { Origin: "https://app.example.com" };
    const answer = await ask("/graphql", () => Promise.reject(new Error("gone")), { method: "POST", headers });
    expect(headersOf(answer)).toMatchObject({
      "access-control-allow-origin": headers.Origin,
      "access-control-allow-credentials": "true",
      vary: "Origin",
    });
  });

  it("does not take the others' readiness with it", async () => {
    const answer = await ask("/readyz", () => Promise.reject(new Error("gone")));
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { workers: { dlq: { status: "does not answer" } } },
    ]);
  });
});

describe("the Workers behind the front door", () => {
  const REACHED = ["/ops", "/ops/", "/ops/api/me", "/ops//api", "/ops/../ops", "/x/../ops", "/%2e%2e/ops", "/./ops"];
  const NOT_REACHED = [
    ...["//ops", "///ops", "/\\ops", "/OPS", "/Ops/api/me", "/ops%2Fapi%2Fme", "/%6Fps", "/%6fps/api/me"],
    ...[
      "/ops%00",
      "/ops%20",
      "/ops.json",
      "/opsx",
      "/.ops",
      "/ops;x",
      "/%2e%2e%2fops",
      "/ops%5Capi",
      "/@ops",
      "/ops:80",
    ],
    ...["/constructor", "/__proto__", "/toString", "/hasOwnProperty", "/INGEST", "/METRICS", "/metrics", "/undefined"],
    ...["/items", "/devices", "/concord.internal/readyz", "/https://concord.internal/readyz", "/healthz/x", "/readyz/"],
  ];

  it.each(REACHED)("are reached at %s", async (path) => {
    expect(await (await ask(path, () => new Response("reached"))).text()).toBe("reached");
  });

  it.each(NOT_REACHED)("are not reached at %s", async (path) => {
    const answer = await ask(path, () => new Response("reached"));
    expect([answer.status, (await answer.json()) as object]).toMatchObject([404, { error: { code: "NOT_FOUND" } }]);
    expect(headersOf(answer)).toMatchObject(SECURITY);
  });

  it("are chosen by the path alone, whatever headers say", async () => {
    const asked: string[] = [];
    const named = (name: string) =>
      worker(() => {
        asked.push(name);
        return new Response();
      });
    const env: Env = {
      ...{ ENVIRONMENT: "local", INGEST: named("ingest"), API: named("api"), LIVE: named("live") },
      ...{ DLQ: named("dlq"), METRICS: named("metrics") },
    };
    const headers = {
      "X-Forwarded-Host": "concord.internal",
      "X-Forwarded-Prefix": "/ops",
      "X-Original-URL": "/ops/api/me",
      "X-Rewrite-URL": "/ops/api/me",
      "X-HTTP-Method-Override": "DELETE",
      Forwarded: "host=concord.internal",
      "Concord-Live-Request": "{}",
    };
    await frontDoor.fetch(new Request("https://concord.internal/graphql", { headers }) as never, env);
    await frontDoor.fetch(new Request("https://concord.internal/readyz/", { headers }) as never, env);
    expect(asked).toEqual(["api"]);
  });
});

describe("the version that a request asks for", () => {
  const VERSIONS = "Cloudflare-Workers-Version-Overrides";
  const asked = 'concord-api-production="dc8dcd28-271b-4367-9840-6c244f84cb40"';

  it.each(["/readyz", "/topics/x", "/graphql", "/live", "/ops/api/groups"])("is passed on at %s", async (path) => {
    const heard = new Set<string | null>();
    const each = {
      fetch: async (input: Request | string, init?: RequestInit) => {
        heard.add(new Request(input, init).headers.get(VERSIONS));
        return Response.json({ status: "ready" });
      },
    } as unknown as Fetcher;
    const workers = { INGEST: each, API: each, LIVE: each, DLQ: each, METRICS: each, ARCHIVE: each };
    const env: Env = { ENVIRONMENT: "production", ...workers };
    const request = new Request(`https://concord.example${path}`, { headers: { [VERSIONS]: asked } });
    expect((await frontDoor.fetch(request as never, env)).status).toBe(200);
    expect([...heard]).toEqual([asked]);
  });
});

describe("the path /graphql", () => {
  it.each<[string, Record<string, string>, string]>([
    ["of a socket reaches the Worker in which sockets end", { Upgrade: "websocket" }, "live"],
    ["of a socket, however its client spells the upgrade,", { Upgrade: "WebSocket" }, "live"],
    ["of anything else reaches the API", {}, "api"],
    ["of another upgrade reaches the API", { Upgrade: "h2c" }, "api"],
  ])("%s", async (_, headers, expected) => {
    const named = (name: string) => worker(() => new Response(name));
    const [api, live, other] = [named("api"), named("live"), named("other")];
    const env: Env = { ENVIRONMENT: "production", INGEST: other, API: api, LIVE: live, DLQ: other, METRICS: other };
    const answer = await frontDoor.fetch(new Request("https://concord.example/graphql", { headers }) as never, env);
    expect(await answer.text()).toBe(expected);
  });
});
