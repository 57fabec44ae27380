import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { FAULT_MESSAGE } from "#graphql/errors.ts";
import { brokenLimiter, loggedErrors } from "../../support/logged-faults.ts";
import { ask, emptyTables, env, OPS, post, seedDevices, send, version } from "./support.ts";

beforeEach(emptyTables);
afterEach(() => vi.restoreAllMocks());

const QUERY = { query: "{ devices { edges { cursor } } }" };
const SECRET = "a-secret-of-production-with-enough-characters";

/** Without the local keys, which no deployed Worker accepts. */
const { TOKEN_KEYS: _, ...UNKEYED } = env;

const get = (path: string, headers: Record<string, string> = {}, its = env) =>
  send(new Request(`http://concord.test${path}`, { headers }), its);

describe("a request without a good token", () => {
  const cases: [string, () => Promise<Record<string, string>>][] = [
    ["no token", async () => ({})],
    ["another scheme", async () => ({ Authorization: "Basic ZGV2OmRldg==" })],
    ["a token that is none", async () => ({ Authorization: "Bearer nonsense" })],
    ["another's signature", async () => ({ Authorization: `Bearer ${await signToken(OPS, SECRET, "1h")}` })],
    ["an expired token", async () => ({ Authorization: `Bearer ${await signToken(OPS, LOCAL_TOKEN_SECRET, "-1h")}` })],
  ];

  it.each(cases)("is answered with 401 when it carries %s", async (_, headers) => {
    const response = await post(QUERY, await headers());
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: "UNAUTHENTICATED" } }],
    });
  });

  it("is answered with 401 when it is a GET with a query", async () => {
    expect((await get(`/graphql?query=${encodeURIComponent("{ __typename }")}`)).status).toBe(401);
  });
});

describe("GraphiQL", () => {
  const asBrowser = { Accept: "text/html,application/xhtml+xml" };
  const production = { ...UNKEYED, ENVIRONMENT: "production", TOKEN_SECRET: SECRET, SERVE_GRAPHIQL: undefined };

  it("is served locally, with a token that works", async () => {
    const page = await get("/graphql", asBrowser);
    expect([page.status, page.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await page.text()).toContain("/graphql/assets/main.js");
    const { environment, token } = (await (await get("/graphql/graphiql.json")).json()) as Record<string, string>;
    const response = await post(QUERY, { Authorization: `Bearer ${token}` });
    expect([environment, await response.json()]).toMatchObject(["local", { data: { devices: expect.anything() } }]);
  });

  it("is served where the setting says so, and gives no token away", async () => {
    const staging = { ...production, ENVIRONMENT: "staging", SERVE_GRAPHIQL: "true" };
    expect((await get("/graphql", asBrowser, staging)).status).toBe(200);
    const told = await (await get("/graphql/graphiql.json", {}, staging)).json();
    expect(told).toEqual({ environment: "staging", token: null });
  });

  it.each(["/graphql", "/graphql/assets/main.js", "/graphql/graphiql.json"])(
    "does not exist in an environment that says nothing: %s",
    async (path) => {
      for (const its of [production, { ...env, SERVE_GRAPHIQL: "false" }])
        expect((await get(path, asBrowser, its)).status).toBe(path === "/graphql" ? 401 : 404);
    },
  );

  it("is told apart from a client that queries", async () => {
    for (const [path, headers] of [
      ["/graphql", {}],
      ["/graphql", { Accept: "application/json" }],
      ["/graphql?query={__typename}", asBrowser],
    ] as const)
      expect((await get(path, headers)).status).toBe(401);
  });
});

describe("a misconfigured Worker", () => {
  it.each([
    ["the local secret", { ENVIRONMENT: "production", TOKEN_SECRET: LOCAL_TOKEN_SECRET }, ["TOKEN_SECRET"]],
    ["a short secret", { ENVIRONMENT: "staging", TOKEN_SECRET: "short" }, ["TOKEN_SECRET"]],
    ["the local key", { ENVIRONMENT: "production", TOKEN_KEYS: env.TOKEN_KEYS }, ["TOKEN_KEYS"]],
    ["no way in", { ENVIRONMENT: "production", TOKEN_SECRET: undefined }, ["TOKEN_KEYS", "TOKEN_ISSUER", "keys new"]],
    ["no variable at all", { ENVIRONMENT: undefined, TOKEN_SECRET: undefined }, ["ENVIRONMENT", "TOKEN_KEYS"]],
  ])("serves nothing with %s, and says why without the values", async (_, vars, names) => {
    const broken = { ...UNKEYED, ...vars } as typeof env;
    const log = await signToken(OPS, LOCAL_TOKEN_SECRET, "1h");
    for (const response of [
      await get("/healthz", {}, broken),
      await post(QUERY, { Authorization: `Bearer ${log}` }, broken),
    ]) {
      expect(response.status).toBe(503);
      const { errors } = (await response.json()) as { errors: { message: string; extensions: { code: string } }[] };
      expect(errors[0]?.extensions.code).toBe("MISCONFIGURED");
      for (const name of names) expect(errors[0]?.message).toContain(name);
      expect(errors[0]?.message).not.toContain(LOCAL_TOKEN_SECRET);
    }
  });

  it("serves with a secret of its own", async () => {
    const production = { ...UNKEYED, ENVIRONMENT: "production", TOKEN_SECRET: SECRET };
    const headers = { Authorization: `Bearer ${await signToken(OPS, SECRET, "1h")}` };
    expect((await post(QUERY, headers, production)).status).toBe(200);
    expect((await get("/healthz", {}, production)).status).toBe(200);
  });
});

describe("a request's method and media types", () => {
  let authorization: string;
  beforeAll(async () => {
    authorization = `Bearer ${await signToken(OPS, LOCAL_TOKEN_SECRET, "1h")}`;
  });

  const request = (init: RequestInit, search = "") =>
    send(
      new Request(`http://concord.test/graphql${search}`, {
        ...init,
        headers: { Authorization: authorization, ...(init.headers as Record<string, string>) },
      }),
    );
  const search = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`;

  it("let a GET send everything that a POST can", async () => {
    const response = await request(
      {},
      search({
        query: "query A { __typename } query B($key: String) { device(key: $key) { key } }",
        operationName: "B",
        variables: '{"key":"elt:1"}',
        extensions: "{}",
      }),
    );
    expect([response.status, await response.json()]).toMatchObject([200, { data: { device: null } }]);
  });

  it.each(["mutation { __typename }", "query A { __typename } mutation B { __typename }"])(
    "let no GET change anything: %s",
    async (query) => {
      const response = await request({}, search({ query, operationName: query.includes("B") ? "B" : "" }));
      expect([response.status, response.headers.get("Allow"), await codeIn(response)]).toEqual([
        405,
        "POST",
        "METHOD_NOT_ALLOWED",
      ]);
    },
  );

  it.each<[string, RequestInit]>([
    ["a form", { body: new URLSearchParams({ query: "{ __typename }" }) }],
    ["a form with parts", { body: formOf({ operations: '{"query":"{ __typename }"}', map: "{}" }) }],
    ["plain text", { body: '{"query":"{ __typename }"}', headers: { "Content-Type": "text/plain" } }],
    ["JSON that says it is text", { body: '{"query":"{ __typename }"}' }],
    ["a bare document", { body: "{ __typename }", headers: { "Content-Type": "application/graphql" } }],
    ["what only looks like JSON", { body: "{}", headers: { "Content-Type": "application/jsonp" } }],
    ["no type", { body: new TextEncoder().encode('{"query":"{ __typename }"}') }],
    ["nothing at all", {}],
  ])("refuse a POST that is %s, since any page could send that", async (_, init) => {
    const response = await request({ ...init, method: "POST" });
    expect([response.status, await codeIn(response)]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  it.each([
    ["application/json", "application/json; charset=utf-8"],
    ["application/graphql-response+json", "application/graphql-response+json; charset=utf-8"],
    ["*/*", "application/json; charset=utf-8"],
  ])("let a client accept %s", async (accept, type) => {
    const response = await request({
      method: "POST",
      body: '{"query":"{ __typename }"}',
      headers: { "Content-Type": "application/json; charset=utf-8", Accept: accept },
    });
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, type]);
  });

  it("refuse a client that accepts no type that the Worker can write", async () => {
    const headers = { "Content-Type": "application/json", Accept: "text/csv" };
    const response = await request({ method: "POST", body: '{"query":"{ __typename }"}', headers });
    expect([response.status, await codeIn(response)]).toEqual([406, "NOT_ACCEPTABLE"]);
  });

  it.each(["DELETE", "PATCH"])("refuse the method %s", async (method) => {
    const response = await request({ method });
    expect([response.status, response.headers.get("Allow"), await codeIn(response)]).toEqual([
      405,
      "GET, POST",
      "METHOD_NOT_ALLOWED",
    ]);
  });

  it("accept a body of up to 256 KiB, with or without a Content-Length", async () => {
    const body = (bytes: number) =>
      JSON.stringify({ query: "{ __typename }", variables: { x: "" } }).replace('""', `"${"x".repeat(bytes - 47)}"`);
    const post = (text: string | ReadableStream) =>
      request({ method: "POST", body: text, headers: { "Content-Type": "application/json" } });
    expect(body(100)).toHaveLength(100);
    for (const form of [(text: string) => text, streamOf]) {
      expect((await post(form(body(256 * 1024)))).status).toBe(200);
      const refused = await post(form(body(256 * 1024 + 1)));
      expect([refused.status, await codeIn(refused)]).toEqual([413, "REQUEST_ENTITY_TOO_LARGE"]);
    }
  });

  it.each<[string, string, string]>([
    ["a body that is not JSON", "{ not", "BAD_REQUEST"],
    ["an empty body", "", "BAD_REQUEST"],
    ["a body that is a number", "7", "BAD_REQUEST"],
    ["a batch", "[]", "BAD_REQUEST"],
    ["no query", "{}", "BAD_REQUEST"],
    ["a query that is a list", '{"query":["{ __typename }"]}', "BAD_REQUEST"],
    ["variables that are text", '{"query":"{ __typename }","variables":"{}"}', "BAD_REQUEST"],
    ["an unknown parameter", '{"query":"{ __typename }","quer":"x"}', "BAD_REQUEST"],
    [
      "an operation that is not there",
      '{"query":"query A { __typename }","operationName":"B"}',
      "OPERATION_RESOLUTION_FAILURE",
    ],
    [
      "no choice among operations",
      '{"query":"query A { __typename } query B { __typename }"}',
      "OPERATION_RESOLUTION_FAILURE",
    ],
  ])("answer %s with 400 and a code", async (_, body, code) => {
    const response = await request({ method: "POST", body, headers: { "Content-Type": "application/json" } });
    expect([response.status, await codeIn(response)]).toEqual([400, code]);
  });

  it.each(["variables", "extensions"])("answer a GET whose %s are not JSON with 400 and a code", async (name) => {
    const response = await request({}, search({ query: "{ __typename }", [name]: "{ not" }));
    expect([response.status, await codeIn(response)]).toEqual([400, "BAD_REQUEST"]);
  });
});

async function codeIn(response: Response): Promise<string | undefined> {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return errors[0]?.extensions.code;
}

function formOf(parts: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) form.set(name, value);
  return form;
}

const streamOf = (text: string): ReadableStream => new Blob([text]).stream();

it.each(["/healthz", "/graphql/healthz"])("%s says that the Worker is up", async (path) => {
  expect(await (await get(path)).json()).toEqual({ status: "ok", worker: "api" });
});

it("an unknown path is answered with a code", async () => {
  const response = await get("/graphqi");
  expect([response.status, await codeIn(response)]).toEqual([404, "NOT_FOUND"]);
});

describe("errors", () => {
  it("that are faults of ours show their details in the log and not to the client", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    await seedDevices({ key: "elt:secret" });
    // JSON5, which SQLite reads and JavaScript does not.
    await env.DB.prepare("UPDATE devices SET aspects = '{secret:1}' WHERE key = 'elt:secret'").run();
    const { errors, data } = await ask(`{ device(key: "elt:secret") { key } __typename }`);
    expect(data).toEqual({ device: null, __typename: "Query" });
    expect(errors).toEqual([
      {
        message: FAULT_MESSAGE,
        path: ["device"],
        locations: expect.anything(),
        extensions: { code: "INTERNAL_SERVER_ERROR" },
      },
    ]);
    const line = String(logged.mock.calls[0]?.[0]);
    expect(line).toContain("JSON");
    expect(line).not.toContain("elt:secret");
  });

  it("that no resolver has caught have the id of their line in the log", async () => {
    const lines = loggedErrors();
    const response = await post(QUERY, {}, { ...env, FAILED_SIGN_INS: brokenLimiter });
    const extensions = { code: "INTERNAL_SERVER_ERROR", id: expect.stringMatching(/^[0-9a-f-]{36}$/) };
    const body = (await response.json()) as { errors: [{ extensions: { id: string } }] };
    expect([response.status, body]).toEqual([500, { errors: [{ message: FAULT_MESSAGE, extensions }] }]);
    expect(lines).toEqual([
      expect.objectContaining({ event: "request_fault", id: body.errors[0].extensions.id, name: "TypeError" }),
    ]);
  });

  const WITH_KEY = 'query ($key: String! = "elt:1") { dealer(dealerId: $key) { name } }';
  const WITH_STATE = "query ($state: AlertState) { alerts(filter: { state: $state }) { edges { cursor } } }";

  it.each<[string, string, object, string, string]>([
    ["syntax", "{ devices {", {}, "GRAPHQL_PARSE_FAILED", "Syntax Error"],
    ["unknown fields", "{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED", "nothing"],
    [
      "a literal of the wrong type",
      '{ devices(first: "x") { edges { cursor } } }',
      {},
      "GRAPHQL_VALIDATION_FAILED",
      "Int",
    ],
    ["a subscription to nothing", "subscription { __typename }", {}, "GRAPHQL_VALIDATION_FAILED", "introspection"],
    ["a variable of the wrong type", WITH_STATE, { state: "SHUT" }, "BAD_USER_INPUT", "$state"],
    [
      "a variable that has to have a value",
      "query ($key: String!) { device(key: $key) { key } }",
      {},
      "BAD_USER_INPUT",
      "$key",
    ],
    ["a variable that is null where a default may not be", WITH_KEY, { key: null }, "BAD_USER_INPUT", "key"],
    ["an argument that a variable made null", WITH_KEY.replace("!", ""), { key: null }, "BAD_USER_INPUT", "dealerId"],
  ])("of %s have a code and a message for the client", async (_, query, variables, code, word) => {
    const { errors } = await ask(query, { variables: variables as Record<string, unknown> });
    expect(errors).toMatchObject([{ message: expect.stringContaining(word), extensions: { code } }]);
  });

  it("of stored values that fit no type do not reveal the value", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const value = { online: true, mode: "secret-mode" as "heat" };
    await seedDevices({ key: "elt:1", aspects: { status: { version: version(1), value } } });
    const { errors, data } = await ask('{ device(key: "elt:1") { report { mode } } }');
    expect(data).toEqual({ device: { report: { mode: null } } });
    expect(errors).toMatchObject([{ extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
    expect(JSON.stringify(errors)).not.toContain("secret");
    expect(logged).toHaveBeenCalledOnce();
  });

  it("refuse a document of more than 1,000 tokens before it is parsed to its end", async () => {
    const { errors, data } = await ask(`{ ${"__typename ".repeat(1_001)} }`);
    expect(errors?.[0]?.message).toContain("1000 tokens");
    expect(data).toBeUndefined();
  });
});

describe("every answer", () => {
  it("forbids caches to store it and lets any origin read it", async () => {
    await seedDevices({ key: "elt:1" });
    for (const { status, headers } of [await ask(QUERY.query), await post(QUERY)]) {
      expect([200, 401]).toContain(status);
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    }
  });

  it("of a browser's preflight request needs no token", async () => {
    const response = await send(
      new Request("http://concord.test/graphql", {
        method: "OPTIONS",
        headers: {
          Origin: "http://app.test",
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization,content-type",
        },
      }),
    );
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Headers")).toContain("authorization");
  });
});
