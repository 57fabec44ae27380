import { beforeEach, describe, expect, it } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { brokenLimiter, loggedErrors } from "../../support/logged-faults.ts";
import { emptyTables, env, OPS, send } from "./support.ts";

beforeEach(emptyTables);

const OURS = "https://app.example.com";
const CONFIGURED = { ...env, ALLOWED_ORIGINS: `${OURS} http://localhost:5173` };
const none = { limit: async () => ({ success: false }) };
const AUTHORIZATION = `Bearer ${await signToken(OPS, LOCAL_TOKEN_SECRET, "1h")}`;

const ask = (origin: string | undefined, its: object = CONFIGURED, headers: Record<string, string> = {}, init = {}) =>
  send(
    new Request("http://concord.test/graphql", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: AUTHORIZATION,
        ...(origin !== undefined && { Origin: origin }),
        ...headers,
      },
      body: '{"query":"{ __typename }"}',
      ...init,
    }),
    { ...env, ...its },
  );

const corsOf = ({ headers }: Response) => ({
  origin: headers.get("Access-Control-Allow-Origin"),
  credentials: headers.get("Access-Control-Allow-Credentials"),
  vary: headers.get("Vary"),
});

const ANSWERS: [name: string, status: number, its: object, headers?: Record<string, string>][] = [
  ["an answer", 200, {}],
  ["a refused token", 401, {}, { Authorization: "Bearer no" }],
  ["a refused type", 415, {}, { "Content-Type": "text/plain" }],
  ["too many requests", 429, { REQUESTS_BY_ADDRESS: none }],
  ["a fault", 500, { REQUESTS_BY_ADDRESS: brokenLimiter }],
];

describe.each(ANSWERS)("%s (%i)", (_, status, its, headers) => {
  beforeEach(() => void (status === 500 && loggedErrors()));

  it.each([OURS, "http://localhost:5173"])(
    "names %s, which is configured, and lets it send credentials",
    async (origin) => {
      const answer = await ask(origin, { ...CONFIGURED, ...its }, headers);
      expect([answer.status, corsOf(answer)]).toEqual([status, { origin, credentials: "true", vary: "Origin" }]);
    },
  );

  it.each([
    undefined,
    "null",
    "https://app.example.com.evil.test",
    "https://APP.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
  ])("is for every other origin as it was, without credentials: %s", async (origin) => {
    const answer = await ask(origin, { ...CONFIGURED, ...its }, headers);
    expect([answer.status, corsOf(answer)]).toEqual([status, { origin: "*", credentials: null, vary: "Origin" }]);
  });

  it("is the same for all origins where none is configured", async () => {
    expect(corsOf(await ask(OURS, { ...env, ...its }, headers))).toEqual({
      origin: "*",
      credentials: null,
      vary: null,
    });
  });
});

it("a Worker that serves nothing can be read by pages too", async () => {
  const answer = await ask(OURS, { ...CONFIGURED, ENVIRONMENT: "?" });
  expect([answer.status, corsOf(answer).origin]).toEqual([503, "*"]);
});

it.each(["app.example.com", "*", "https://app.example.com/"])(
  "a setting that is no list of origins (%s) is named, and nothing is served",
  async (origins) => {
    const answer = await ask(OURS, { ...env, ALLOWED_ORIGINS: origins });
    const { errors } = (await answer.json()) as { errors: { message: string; extensions: { code: string } }[] };
    expect([answer.status, errors[0]]).toMatchObject([
      503,
      {
        message: expect.stringMatching(/ALLOWED_ORIGINS: number 1 is no origin/),
        extensions: { code: "MISCONFIGURED" },
      },
    ]);
  },
);

describe("a preflight request", () => {
  /** What clients send that is not in every browser's list of simple headers. */
  const HEADERS = [
    ...["authorization", "content-type", "concord-consistency", "concord-consistency-token", "last-event-id"],
    ...[
      "traceparent",
      "apollo-require-preflight",
      "apollographql-client-name",
      "x-graphql-event-stream-token",
      "x-amz-user-agent",
    ],
  ];

  const preflight = (origin: string, path = "/graphql") =>
    send(
      new Request(`http://concord.test${path}`, {
        method: "OPTIONS",
        headers: {
          Origin: origin,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": HEADERS.join(","),
        },
      }),
      CONFIGURED,
    );

  it.each([OURS, "https://other.example"])("from %s may send every header of our clients", async (origin) => {
    const { status, headers } = await preflight(origin);
    expect(status).toBe(204);
    expect(headers.get("Access-Control-Allow-Headers")?.split(",")).toEqual(HEADERS);
    expect(headers.get("Access-Control-Allow-Methods")?.split(", ")).toEqual(["GET", "POST", "PUT"]);
    expect(headers.get("Access-Control-Allow-Origin")).toBe(origin === OURS ? OURS : "*");
    expect(headers.get("Access-Control-Allow-Credentials")).toBe(origin === OURS ? "true" : null);
    expect(headers.get("Vary")).toBe("Origin, Access-Control-Request-Headers");
  });
});

describe("a cookie", () => {
  it.each(["token", "Authorization", "CF_Authorization", "session"])("called %s speaks for nobody", async (name) => {
    const token = AUTHORIZATION.slice("Bearer ".length);
    const cookie = `${name}=${token}; Bearer=${token}`;
    const answer = await ask(OURS, CONFIGURED, { Authorization: "", Cookie: cookie });
    expect(answer.status).toBe(401);
    const get = await ask(OURS, CONFIGURED, { Authorization: "", Cookie: cookie }, { method: "GET", body: undefined });
    expect(get.status).toBe(401);
  });

  it("is not set by any answer", async () => {
    for (const Authorization of [AUTHORIZATION, ""])
      expect((await ask(OURS, CONFIGURED, { Authorization, Cookie: "a=b" })).headers.get("Set-Cookie")).toBeNull();
  });
});

it("a page can read what an answer says of its freshness and of when to come back", async () => {
  expect((await ask(OURS)).headers.get("Access-Control-Expose-Headers")).toBe("Concord-Consistency-Token, Retry-After");
});
