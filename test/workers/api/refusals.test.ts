import { beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { brokenLimiter, loggedErrors } from "../../support/logged-faults.ts";
import { dealerScope, emptyTables, env, OPS, send } from "./support.ts";

beforeEach(emptyTables);

const JSON_TYPE = "application/json; charset=utf-8";
const GRAPHQL_TYPE = "application/graphql-response+json; charset=utf-8";

/** What clients send as Accept, and the type of a refusal then. */
const ACCEPTED: [accept: string | undefined, type: string][] = [
  [undefined, JSON_TYPE],
  ["*/*", JSON_TYPE],
  ["application/json", JSON_TYPE],
  ["Application/JSON;Q=0.9", JSON_TYPE],
  ["application/graphql-response+json", GRAPHQL_TYPE],
  // Apollo's, urql's, and graphql-request's.
  ["application/graphql-response+json,application/json;q=0.9", GRAPHQL_TYPE],
  [
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
    GRAPHQL_TYPE,
  ],
  ["application/graphql-response+json, application/json", GRAPHQL_TYPE],
  ["application/json;q=0, application/*", GRAPHQL_TYPE],
  ['application/graphql-response+json ; charset="UTF-8" ; q=0.2 , application/json ; q=0.1', GRAPHQL_TYPE],
  // Nothing that we write: the refusal comes as JSON all the same.
  ["text/csv", JSON_TYPE],
  // An event stream has no place for a refusal.
  ["text/event-stream", JSON_TYPE],
];

type Asking = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly env?: object;
  /** The token's scope; `null` sends none. */
  readonly scope?: Scope | null;
  /** Refused by GraphQL and not before it. */
  readonly isGraphQL?: boolean;
};

const none = { limit: async () => ({ success: false }) };
const ISSUER = { issuer: "https://issuer.test", audience: "a", jwks: "http://127.0.0.1:9/none" };
const QUERY = '{"query":"{ __typename }"}';

/** A token that only the issuer could have signed. */
const FOREIGN = `${[
  { alg: "RS256", kid: "k" },
  { iss: ISSUER.issuer, aud: "a", exp: 4_000_000_000, role: "ops" },
]
  .map((part) => btoa(JSON.stringify(part)).replaceAll("=", ""))
  .join(".")}.c2ln`;

const REFUSALS: [name: string, status: number, code: string, asking: Asking, others?: Record<string, string>][] = [
  ["no token", 401, "UNAUTHENTICATED", { scope: null }, { "WWW-Authenticate": "Bearer" }],
  [
    "too many wrong tokens",
    429,
    "TOO_MANY_REQUESTS",
    { scope: null, env: { FAILED_SIGN_INS: none } },
    { "Retry-After": "60" },
  ],
  [
    "too many requests of a dealer",
    429,
    "TOO_MANY_REQUESTS",
    { scope: dealerScope("D-1"), env: { REQUESTS: none } },
    { "Retry-After": "10" },
  ],
  [
    "too many requests of an address",
    429,
    "TOO_MANY_REQUESTS",
    { env: { REQUESTS_BY_ADDRESS: none } },
    { "Retry-After": "10" },
  ],
  [
    "a body that is a form",
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    { headers: { "Content-Type": "application/x-www-form-urlencoded" } },
  ],
  [
    "a body in another charset",
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    { headers: { "Content-Type": "application/json; charset=utf-16" } },
  ],
  ["a compressed body", 415, "UNSUPPORTED_MEDIA_TYPE", { headers: { "Content-Encoding": "gzip" } }],
  ["a consistency token that is none", 400, "BAD_CONSISTENCY_TOKEN", { headers: { "Concord-Consistency-Token": "x" } }],
  ["a body that is no JSON", 400, "BAD_REQUEST", { isGraphQL: true, body: "{ not" }],
  ["a batch", 400, "BAD_REQUEST", { isGraphQL: true, body: `[${QUERY}]` }],
  ["no document", 400, "BAD_REQUEST", { isGraphQL: true, body: "{}" }],
  [
    "variables that are text",
    400,
    "BAD_REQUEST",
    { isGraphQL: true, body: '{"query":"{ __typename }","variables":"{}"}' },
  ],
  [
    "an operation name that is a number",
    400,
    "BAD_REQUEST",
    { isGraphQL: true, body: '{"query":"{ __typename }","operationName":7}' },
  ],
  ["an unknown parameter", 400, "BAD_REQUEST", { isGraphQL: true, body: '{"query":"{ __typename }","quer":"x"}' }],
  [
    "variables in a URL that are no JSON",
    400,
    "BAD_REQUEST",
    { isGraphQL: true, method: "GET", path: "/graphql?query=%7B__typename%7D&variables=x" },
  ],
  [
    "no operation of that name",
    400,
    "OPERATION_RESOLUTION_FAILURE",
    { isGraphQL: true, body: '{"query":"query A { __typename }","operationName":"B"}' },
  ],
  ["an id of no document", 400, "PERSISTED_DOCUMENT_NOT_FOUND", { isGraphQL: true, body: '{"documentId":"none"}' }],
  [
    "the id of another text",
    400,
    "BAD_USER_INPUT",
    { isGraphQL: true, body: `{"documentId":"none",${QUERY.slice(1)}` },
  ],
  [
    "a text of a dealer's own",
    403,
    "TRUSTED_DOCUMENTS_ONLY",
    {
      isGraphQL: true,
      body: '{"query":"{ devices { edges { cursor } } }"}',
      scope: dealerScope("D-1"),
      env: { TRUSTED_DOCUMENTS_ONLY: "true" },
    },
  ],
  [
    "a body that is too large",
    413,
    "REQUEST_ENTITY_TOO_LARGE",
    { isGraphQL: true, body: `{"query":"${"x".repeat(300_000)}"}` },
  ],
  ["another method", 405, "METHOD_NOT_ALLOWED", { method: "DELETE" }, { Allow: "GET, POST" }],
  [
    "a mutation by GET",
    405,
    "METHOD_NOT_ALLOWED",
    { isGraphQL: true, method: "GET", path: "/graphql?query=mutation%7B__typename%7D" },
    { Allow: "POST" },
  ],
  ["another path", 404, "NOT_FOUND", { path: "/graphql/nothing" }],
  ["a Worker that lacks a setting", 503, "MISCONFIGURED", { env: { ENVIRONMENT: "Production!" } }],
  [
    "an issuer that does not answer",
    503,
    "UPSTREAM_UNAVAILABLE",
    { scope: null, headers: { Authorization: `Bearer ${FOREIGN}` }, env: { TOKEN_ISSUER: JSON.stringify(ISSUER) } },
  ],
  ["a fault of ours", 500, "INTERNAL_SERVER_ERROR", { env: { REQUESTS_BY_ADDRESS: brokenLimiter } }],
];

async function ask(
  { method = "POST", path = "/graphql", headers, body = QUERY, env: changed, scope = OPS }: Asking,
  accept?: string,
) {
  const request = new Request(`http://concord.test${path}`, {
    method,
    headers: {
      ...(method === "POST" && { "Content-Type": "application/json" }),
      ...(accept !== undefined && { Accept: accept }),
      ...headers,
    },
    ...(method === "POST" && { body }),
  });
  if (scope) request.headers.set("Authorization", `Bearer ${await signToken(scope, LOCAL_TOKEN_SECRET, "1h")}`);
  return send(request, { ...env, ...changed });
}

describe.each(REFUSALS)("%s", (_, status, code, asking, others = {}) => {
  it.each(ACCEPTED)(
    `is refused with ${status} and a code in the type that a client asks for: %j`,
    async (accept, type) => {
      if (status >= 500) loggedErrors();
      const response = await ask(asking, accept);
      const text = await response.text();
      if (asking.isGraphQL && accept === "text/event-stream") {
        // A client of event streams reads results from the stream, and errors with them.
        expect(response.headers.get("Content-Type")).toBe("text/event-stream");
        expect(text).toContain(`"code":"${code}"`);
        return;
      }
      // An Accept that names nothing of ours is refused before GraphQL is reached.
      const isOwn = asking.isGraphQL === true && accept === "text/csv";
      const { errors, ...rest } = JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] };
      expect([response.status, response.headers.get("Content-Type"), rest]).toEqual([isOwn ? 406 : status, type, {}]);
      expect(errors).toEqual([
        expect.objectContaining({
          message: expect.stringMatching(/^[A-Z`].*[.!]$/s),
          extensions: expect.objectContaining({ code: isOwn ? "NOT_ACCEPTABLE" : code }),
        }),
      ]);
      for (const [name, value] of Object.entries(isOwn ? {} : others)) expect(response.headers.get(name)).toBe(value);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(response.headers.get("Cache-Control")).toBe("no-store");
    },
  );
});

describe("a body's Content-Type", () => {
  it.each([
    "application/json",
    "APPLICATION/JSON",
    "application/json;charset=utf-8",
    'application/json ; Charset="UTF-8"',
    "application/graphql+json",
    "application/json; profile=x",
  ])("%s is read", async (type) => {
    const response = await ask({ headers: { "Content-Type": type } });
    expect([response.status, await response.json()]).toMatchObject([200, { data: { __typename: "Query" } }]);
  });

  it.each([
    "application/json, text/plain",
    "text/plain, application/json",
    "application/json;charset=latin1",
    'application/json;charset="utf-16"',
    "application/jsonp",
    "application/graphql",
    'text/plain; x="application/json"',
    "multipart/form-data; boundary=x",
    "",
  ])("%j is refused", async (type) => {
    expect((await ask({ headers: { "Content-Type": type } })).status).toBe(415);
  });
});

describe("an answer", () => {
  it.each(ACCEPTED)("has the type that a client asks for: %j", async (accept, type) => {
    const response = await ask({}, accept);
    if (accept === "text/csv") return expect(response.status).toBe(406);
    expect([response.status, response.headers.get("Content-Type")]).toEqual([
      200,
      // A stream of one result, as graphql-sse has it.
      accept === "text/event-stream" ? "text/event-stream" : type,
    ]);
    await response.text();
  });
});

describe("a subscription", () => {
  const SUBSCRIPTION = JSON.stringify({ query: 'subscription { deviceChanged(key: "elt:1") { kind } }' });

  it.each(ACCEPTED.filter(([accept]) => !accept?.includes("text/")))(
    "that names no event stream is refused, with both ways to subscribe: %j",
    async (accept, type) => {
      const response = await ask({ body: SUBSCRIPTION }, accept);
      expect([response.status, response.headers.get("Content-Type"), await response.json()]).toEqual([
        406,
        type,
        {
          errors: [
            expect.objectContaining({
              message: expect.stringMatching(/text\/event-stream.*WebSocket/),
              extensions: { code: "EVENT_STREAM_REQUIRED" },
            }),
          ],
        },
      ]);
    },
  );
});
