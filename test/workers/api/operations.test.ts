import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import manifest from "#graphql/trusted-documents.json" with { type: "json" };
import type { OperationCall } from "#objects/operations.ts";
import { addReports, type MetricsReport } from "#telemetry/metrics.ts";
import type { Env } from "../../../workers/api/env.ts";
import { OperationsService } from "./main.ts";
import { dealerScope, emptyTables, env, OPS, post, registered, seedDealers, seedDevices } from "./support.ts";

const OWN = dealerScope("D-A");
const NOW = () => Date.now();

type Sent = { readonly scope?: Scope; readonly its?: Env } & Partial<OperationCall>;

/** Sends a message of a socket, and returns the result. */
async function execute(payload: unknown, { scope = OPS, its = env, ...others }: Sent = {}) {
  const context = createExecutionContext();
  const text = await new OperationsService(context, its).execute({
    scope,
    expiresAtMs: NOW() + 60_000,
    caller: "sub ann",
    address: "203.0.113.1",
    token: null,
    payload: typeof payload === "string" ? payload : JSON.stringify(payload),
    ...others,
  });
  await waitOnExecutionContext(context);
  return JSON.parse(text);
}

/** The same over HTTP. */
async function posted(payload: unknown, scope: Scope, its: Env) {
  const token = await signToken(scope, LOCAL_TOKEN_SECRET, "1h");
  const response = await post(payload, { Authorization: `Bearer ${token}` }, its);
  return (await response.json()) as object;
}

/** All but the members that say when it was answered, and what was left then. */
const timeless = (result: { extensions?: { concord?: object } }) => ({
  ...result,
  extensions: {
    ...result.extensions,
    concord: { ...result.extensions?.concord, consistencyToken: null, servedBy: null, budget: null },
  },
});

const KEY = "query ($key: String!) { device(key: $key) { key dealer { name } } }";
const SET = `mutation ($key: String!) {
  setDesiredState(input: { key: $key, desired: { mode: HEAT, heatSetpointC: 20 } }) { outcome userErrors { code message } }
}`;
const LARGE = "{ devices(first: 100) { edges { node { alerts(first: 100) { edges { node { id } } } } } } }";
const trusted = Object.entries(manifest).find(
  ([id, text]) => id.startsWith("sha256:") && /^query DevicePage\b/m.test(text),
)?.[0] as string;
const locked = { ...env, TRUSTED_DOCUMENTS_ONLY: "true" } as Env;

beforeEach(async () => {
  await emptyTables();
  await seedDealers({ dealerId: "D-A", name: "Arctic Air" }, { dealerId: "D-B", name: "Brisk" });
  await seedDevices(
    { key: "elt:a", aspects: registered("S-1"), dealers: [[1, "D-A"]] },
    { key: "elt:b", aspects: registered("S-2"), dealers: [[1, "D-B"]] },
  );
});
afterEach(() => vi.restoreAllMocks());

describe("an operation that arrived on a socket", () => {
  it.each<[string, unknown, Scope, Env, string]>([
    ["a query", { query: KEY, variables: { key: "elt:a" } }, OPS, env, "data"],
    ["a query that an id names", { documentId: trusted, variables: { key: "elt:a" } }, OWN, locked, "data"],
    [
      "an id beside an empty text",
      { query: "", documentId: trusted, variables: { key: "elt:a" } },
      OWN,
      locked,
      "data",
    ],
    ["an unknown id", { documentId: "sha256:0" }, OWN, locked, "PERSISTED_DOCUMENT_NOT_FOUND"],
    [
      "another text than a trusted one",
      { query: KEY, variables: { key: "elt:a" } },
      OWN,
      locked,
      "TRUSTED_DOCUMENTS_ONLY",
    ],
    ["a device of another dealer", { query: KEY, variables: { key: "elt:b" } }, OWN, env, "data"],
    ["a mutation of another dealer's device", { query: SET, variables: { key: "elt:b" } }, OWN, env, "data"],
    [
      "one of two operations",
      { query: "query A { __typename } query B { b: __typename }", operationName: "B" },
      OPS,
      env,
      "data",
    ],
    ["what is not GraphQL", { query: "{" }, OPS, env, "GRAPHQL_PARSE_FAILED"],
    ["a field that does not exist", { query: "{ nonsense }" }, OPS, env, "GRAPHQL_VALIDATION_FAILED"],
    ["a variable of the wrong type", { query: KEY, variables: { key: 7 } }, OPS, env, "BAD_USER_INPUT"],
    ["more than the limits allow", { query: LARGE }, OPS, env, "COST_LIMIT"],
    ["nothing", {}, OPS, env, "BAD_REQUEST"],
    ["a list of operations", [{ query: "{ __typename }" }], OPS, env, "BAD_REQUEST"],
  ])("is answered as over HTTP: %s", async (_, payload, scope, its, expected) => {
    const result = await execute(payload, { scope, its });
    expect(timeless(result)).toEqual(timeless(await posted(payload, scope, its)));
    expect(result.errors?.[0].extensions.code ?? "data").toBe(expected);
  });

  it("has its cost, where it was read, and a token that makes a later one as fresh", async () => {
    const { extensions } = await execute({ query: KEY, variables: { key: "elt:a" } });
    expect(extensions.concord).toMatchObject({ cost: 2, servedBy: "D1", consistencyToken: expect.any(String) });
    const { consistencyToken } = extensions.concord;
    const later = await execute({ query: "{ __typename }", extensions: { concord: { consistencyToken } } });
    expect(later.data).toEqual({ __typename: "Query" });
  });

  it.each([["made up"], [""], ["\u{1F600}"], ["\ud800"]])(
    "is not done with what is no consistency token: %j",
    async (consistencyToken) => {
      const result = await execute({ query: "{ __typename }", extensions: { concord: { consistencyToken } } });
      expect(result).toMatchObject({ errors: [{ extensions: { code: "BAD_CONSISTENCY_TOKEN" } }] });
    },
  );

  it("reads the primary when it asks for that", async () => {
    const constraints: unknown[] = [];
    const DB = new Proxy(env.DB, {
      get(db, name) {
        if (name !== "withSession") return Reflect.get(db, name).bind(db);
        return (constraint: string) => {
          constraints.push(constraint);
          return db.withSession(constraint);
        };
      },
    });
    const payload = { query: KEY, variables: { key: "elt:a" }, extensions: { concord: { consistency: "strong" } } };
    await execute(payload, { its: { ...env, DB } });
    await execute({ ...payload, extensions: {} }, { its: { ...env, DB } });
    expect(constraints).toEqual(["first-primary", "first-unconstrained"]);
  });

  it("is no subscription", async () => {
    const query = 'subscription { deviceChanged(key: "elt:a") { kind } }';
    expect(await execute({ query })).toMatchObject({
      errors: [{ message: expect.stringMatching(/^Subscriptions run where/), extensions: { code: "BAD_USER_INPUT" } }],
    });
  });

  it("is refused when its token has expired or was revoked since the socket opened", async () => {
    const query = "{ __typename }";
    const expired = await execute({ query }, { expiresAtMs: NOW() - 1 });
    expect(expired).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    await env.DB.exec("DELETE FROM token_revocations");
    await env.DB.prepare("INSERT INTO token_revocations VALUES ('token:t-1', ?1, ?2, 'ann', 'lost')")
      .bind(NOW(), NOW() + 60_000)
      .run();
    const token = { kid: null, jti: "t-1", sub: null, issuedAtS: null };
    // An isolate reads the list once in a while; another database has a list that it has not read.
    const its = { ...env, DB: new Proxy(env.DB, { get: (db, name) => Reflect.get(db, name).bind(db) }) };
    expect(await execute({ query }, { token, its })).toMatchObject({
      errors: [{ message: expect.stringMatching(/was revoked/), extensions: { code: "UNAUTHENTICATED" } }],
    });
    expect(await execute({ query }, { token: { ...token, jti: "t-2" }, its })).toMatchObject({ data: {} });
  });

  it("counts for the limits of its caller and of its address, as over HTTP", async () => {
    const keys: string[] = [];
    const limiter = (isWithin: (key: string) => boolean) => ({
      limit: async ({ key }: { key: string }) => {
        keys.push(key);
        return { success: isWithin(key) };
      },
    });
    const its = { ...env, REQUESTS: limiter((key) => key !== "sub ben"), REQUESTS_BY_ADDRESS: limiter(() => true) };
    const query = "{ __typename }";
    expect(await execute({ query }, { scope: OWN, its, caller: "sub ben" })).toMatchObject({
      errors: [{ extensions: { code: "TOO_MANY_REQUESTS", retryAfterMs: 10_000 } }],
    });
    expect(await execute({ query }, { scope: OWN, its })).toMatchObject({ data: {} });
    expect(keys).toEqual(["sub ben", "sub ann", "203.0.113.1"]);
  });

  it("is counted, with its errors, and traced", async () => {
    const reports: MetricsReport[] = [];
    const METRICS = {
      getByName: () => ({ report: async (report: MetricsReport) => void reports.push(report) }),
    } as unknown as Env["METRICS"];
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await execute(
      { query: "{ nonsense: __typename }", extensions: { concord: { traceparent } } },
      { its: { ...env, METRICS } },
    );
    await execute({ query: "{ nonsense }" }, { its: { ...env, METRICS } });
    const { graphqlMs, graphqlErrors, httpMs } = reports.reduce(addReports, {});
    expect(Object.keys(graphqlMs ?? {})[0]).toMatch(/^query other /);
    expect(graphqlErrors).toEqual({ GRAPHQL_VALIDATION_FAILED: 1 });
    expect(httpMs).toBeUndefined();
    expect(info.mock.calls.map(([line]) => JSON.parse(String(line)))).toMatchObject([
      { event: "graphql.traced", traceId },
    ]);
  });

  it("is answered with an error, and no text of ours, when the Worker itself fails or is misconfigured", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const its = {
      ...env,
      REQUESTS_BY_ADDRESS: { limit: () => Promise.reject(new Error("the secret of the limiter")) },
    };
    const result = await execute({ query: "{ __typename }" }, { its });
    expect(result).toMatchObject({
      errors: [{ extensions: { code: "INTERNAL_SERVER_ERROR", id: expect.any(String) } }],
    });
    expect(JSON.stringify(result)).not.toContain("limiter");
    expect(
      await execute({ query: "{ __typename }" }, { its: { ...env, TRUSTED_DOCUMENTS_ONLY: "perhaps" } as Env }),
    ).toMatchObject({ errors: [{ extensions: { code: "MISCONFIGURED" } }] });
  });
});
