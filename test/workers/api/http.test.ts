import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "../../../src/shared/auth/token.ts";
import { ask, emptyTables, env, OPS, post, seedDevices, send } from "./support.ts";

beforeEach(emptyTables);
afterEach(() => vi.restoreAllMocks());

const QUERY = { query: "{ devices { edges { cursor } } }" };
const SECRET = "a-secret-of-production-with-enough-characters";

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

describe("the GraphiQL page", () => {
  it("loads without a token on a developer's machine, with a query and a token that work", async () => {
    const page = await get("/graphql", { Accept: "text/html" });
    expect(page.status).toBe(200);
    const html = await page.text();
    const options = JSON.parse(/renderYogaGraphiQL\(root,(\{.*?\})\)/.exec(html)?.[1] ?? "{}");
    const response = await post({ query: options.defaultQuery }, JSON.parse(options.headers));
    expect(await response.json()).toMatchObject({ data: { devices: expect.anything() } });
  });

  it("does not exist anywhere else", async () => {
    const production = { ...env, ENVIRONMENT: "production", TOKEN_SECRET: SECRET };
    expect((await get("/graphql", { Accept: "text/html" }, production)).status).toBe(401);
  });
});

describe("a misconfigured Worker", () => {
  it.each([
    ["the local secret", { ENVIRONMENT: "production", TOKEN_SECRET: LOCAL_TOKEN_SECRET }, ["TOKEN_SECRET"]],
    ["a short secret", { ENVIRONMENT: "staging", TOKEN_SECRET: "short" }, ["TOKEN_SECRET"]],
    ["no secret", { ENVIRONMENT: "production", TOKEN_SECRET: undefined }, ["TOKEN_SECRET"]],
    ["no variable at all", { ENVIRONMENT: undefined, TOKEN_SECRET: undefined }, ["ENVIRONMENT", "TOKEN_SECRET"]],
  ])("serves nothing with %s, and says why without telling values", async (_, vars, names) => {
    const broken = { ...env, ...vars } as typeof env;
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
    const production = { ...env, ENVIRONMENT: "production", TOKEN_SECRET: SECRET };
    const headers = { Authorization: `Bearer ${await signToken(OPS, SECRET, "1h")}` };
    expect((await post(QUERY, headers, production)).status).toBe(200);
    expect((await get("/healthz", {}, production)).status).toBe(200);
  });
});

describe("errors", () => {
  it("that we did not expect tell the client nothing and the log what failed", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    await seedDevices({ key: "elt:secret" });
    await env.DB.prepare("UPDATE devices SET aspects = '{' WHERE key = 'elt:secret'").run();
    const { errors, data } = await ask(`{ device(key: "elt:secret") { key } __typename }`);
    expect(data).toEqual({ device: null, __typename: "Query" });
    expect(errors).toEqual([
      {
        message: "Something went wrong on our side.",
        path: ["device"],
        locations: expect.anything(),
        extensions: { code: "INTERNAL_SERVER_ERROR" },
      },
    ]);
    const line = String(logged.mock.calls[0]?.[0]);
    expect(line).toContain("JSON");
    expect(line).not.toContain("elt:secret");
  });

  it("of syntax and of unknown fields are the client's to read", async () => {
    expect((await ask("{ devices {")).errors?.[0]?.message).toContain("Syntax Error");
    expect((await ask("{ nothing }")).errors?.[0]?.message).toContain("nothing");
  });

  it("meet a document of more than 1,000 tokens before it is read to its end", async () => {
    const { errors, data } = await ask(`{ ${"__typename ".repeat(1_001)} }`);
    expect(errors?.[0]?.message).toContain("1000 tokens");
    expect(data).toBeUndefined();
  });
});

describe("every answer", () => {
  it("forbids to be stored and lets any origin read it", async () => {
    await seedDevices({ key: "elt:1" });
    for (const { status, headers } of [await ask(QUERY.query), await post(QUERY)]) {
      expect([200, 401]).toContain(status);
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    }
  });

  it("to a browser's preflight needs no token", async () => {
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
