import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { sha256Hex } from "#base/digest.ts";
import api from "./main.ts";
import { dealerScope, emptyTables, env, OPS, seedDevices } from "./support.ts";

const A = dealerScope("D-A");
const TRUSTED_ONLY = { ...env, TRUSTED_DOCUMENTS_ONLY: "true" };

beforeEach(async () => {
  await emptyTables();
  await seedDevices({ key: "elt:a", dealers: [[1, "D-A"]] });
});

type Sent = { readonly method: string; readonly hasText: boolean; readonly hasHash: boolean; readonly status: number };

/** A `fetch` that asks the Worker with a token of a scope, and notes what a client sent. */
function asking(scope: Scope, its = env) {
  const sent: Sent[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(new URL(String(input), "http://concord.test"), init);
    request.headers.set("Authorization", `Bearer ${await signToken(scope, LOCAL_TOKEN_SECRET, "1h")}`);
    const search = new URL(request.url).searchParams;
    const body = (request.method === "POST" ? await request.clone().json() : Object.fromEntries(search)) as {
      query?: string;
      extensions?: unknown;
    };
    const context = createExecutionContext();
    const response = await api.fetch(request, its, context);
    // What is kept, is kept behind the answer.
    await waitOnExecutionContext(context);
    const hasHash = JSON.stringify(body.extensions ?? "").includes("sha256Hash");
    sent.push({ method: request.method, hasText: Boolean(body.query), hasHash, status: response.status });
    return response;
  };
  return { fetch, sent };
}

let drawn = 0;
/** A document that no test has sent before, so that nothing is kept of it. */
const freshText = (): string => `query Fresh${Date.now()}_${drawn++} { devices(first: 1) { edges { node { key } } } }`;
const DEVICES = { devices: { edges: [{ node: { key: "elt:a" } }] } };

const apolloOver = (fetch: typeof globalThis.fetch, useGETForHashedQueries = false) =>
  new ApolloClient({
    cache: new InMemoryCache(),
    link: new PersistedQueryLink({ sha256: (text) => sha256Hex(text), useGETForHashedQueries }).concat(
      new HttpLink({ uri: "http://concord.test/graphql", fetch }),
    ),
  });

const urqlOver = (fetch: typeof globalThis.fetch, preferGet: boolean) =>
  new Client({
    url: "http://concord.test/graphql",
    exchanges: [cacheExchange, persistedExchange({ preferGetForPersistedQueries: preferGet }), fetchExchange],
    fetch,
    preferGetMethod: false,
  });

type Ask = (text: string) => Promise<{ data: unknown; code: unknown }>;

const CLIENTS: [string, (fetch: typeof globalThis.fetch, get: boolean) => Ask][] = [
  [
    "Apollo Client",
    (fetch, get) => {
      const client = apolloOver(fetch, get);
      return async (text) => {
        const { data, error } = await client.query({ query: gql(text), fetchPolicy: "no-cache", errorPolicy: "all" });
        const [first] = (error as { errors?: { extensions?: { code?: string } }[] } | undefined)?.errors ?? [];
        return {
          data: data && JSON.parse(JSON.stringify(data, (name, value) => (name === "__typename" ? undefined : value))),
          code: first?.extensions?.code,
        };
      };
    },
  ],
  [
    "urql",
    (fetch, get) => {
      const client = urqlOver(fetch, get);
      return async (text) => {
        const { data, error } = await client.query(text, {}, { requestPolicy: "network-only" }).toPromise();
        return {
          data: data && JSON.parse(JSON.stringify(data, (name, value) => (name === "__typename" ? undefined : value))),
          code: error?.graphQLErrors[0]?.extensions.code,
        };
      };
    },
  ],
];

describe.each(CLIENTS)("automatic persisted queries of %s", (_, connect) => {
  it.each([
    ["POST", false],
    ["GET", true],
  ])("by %s: a hash first, then the text once, and from then on the hash alone", async (method, get) => {
    const { fetch, sent } = asking(OPS);
    const text = freshText();
    expect(await connect(fetch, get)(text)).toEqual({ data: DEVICES, code: undefined });
    expect(sent).toEqual([
      { method, hasText: false, hasHash: true, status: expect.any(Number) },
      { method: expect.any(String), hasText: true, hasHash: true, status: 200 },
    ]);
    // Another client, which knows nothing of the first one.
    sent.length = 0;
    expect(await connect(fetch, get)(text)).toEqual({ data: DEVICES, code: undefined });
    expect(sent).toEqual([{ method, hasText: false, hasHash: true, status: 200 }]);
  });

  it("work for a dealer's token where its own documents are allowed", async () => {
    const { fetch } = asking(A);
    expect(await connect(fetch, false)(freshText())).toEqual({ data: DEVICES, code: undefined });
  });

  it("end for a dealer's token that runs trusted documents only: the client sends the text, and hears why it is refused", async () => {
    const { fetch, sent } = asking(A, TRUSTED_ONLY);
    const ask = connect(fetch, false);
    expect(await ask(freshText())).toMatchObject({ code: "TRUSTED_DOCUMENTS_ONLY" });
    await ask(freshText());
    // After `PersistedQueryNotSupported` no client tries a hash again.
    expect(sent.map(({ hasHash }) => hasHash)).toEqual([true, false, false]);
  });
});

const POST = { method: "POST", headers: { "Content-Type": "application/json" } };
const persisted = (sha256Hash: string, others: object = {}) =>
  JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash } }, ...others });
const bodyOf = async (response: Response) =>
  (await response.json()) as { data?: unknown; errors?: { message: string; extensions: Record<string, string> }[] };

describe("a hash that the API does not have", () => {
  it.each([
    [OPS, env, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"],
    [A, env, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"],
    [OPS, TRUSTED_ONLY, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"],
    [A, TRUSTED_ONLY, "PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"],
  ] as const)("is answered for %j in the words that clients act on", async (scope, its, message, code) => {
    const { fetch } = asking(scope, its);
    const body = persisted(await sha256Hex(freshText()));
    const extensions = { code, hint: expect.stringMatching(/\w/) };
    for (const [accept, status] of [
      ["application/json", 200],
      ["application/graphql-response+json", 400],
    ] as const) {
      const response = await fetch("/graphql", { ...POST, headers: { ...POST.headers, Accept: accept }, body });
      expect([response.status, await bodyOf(response)]).toEqual([status, { errors: [{ message, extensions }] }]);
    }
    const search = new URLSearchParams({ extensions: JSON.stringify(JSON.parse(body).extensions) });
    expect((await bodyOf(await fetch(`/graphql?${search}`))).errors?.[0]).toMatchObject({ message });
  });

  it("is refused in another version of the protocol", async () => {
    const { fetch } = asking(OPS);
    const body = JSON.stringify({ extensions: { persistedQuery: { version: 2, sha256Hash: "0".repeat(64) } } });
    expect((await bodyOf(await fetch("/graphql", { ...POST, body }))).errors?.[0]).toMatchObject({
      message: "PersistedQueryNotSupported",
    });
  });
});

describe("a text that is registered", () => {
  it("has to have the hash, and is not kept otherwise", async () => {
    const { fetch } = asking(OPS);
    const text = freshText();
    const hash = await sha256Hex(freshText());
    const refused = await fetch("/graphql", { ...POST, body: persisted(hash, { query: text }) });
    expect([refused.status, (await bodyOf(refused)).errors?.[0]?.extensions.code]).toEqual([400, "BAD_USER_INPUT"]);
    const later = await bodyOf(await fetch("/graphql", { ...POST, body: persisted(hash) }));
    expect(later.errors?.[0]?.message).toBe("PersistedQueryNotFound");
  });

  it("is found by its hash with a prefix and in capitals", async () => {
    const { fetch } = asking(OPS);
    const text = freshText();
    const hash = await sha256Hex(text);
    await fetch("/graphql", { ...POST, body: persisted(hash, { query: text }) });
    for (const form of [hash, hash.toUpperCase(), `sha256:${hash}`])
      expect(await bodyOf(await fetch("/graphql", { ...POST, body: persisted(form) }))).toMatchObject({
        data: DEVICES,
      });
  });

  it("runs within the scope of who names it", async () => {
    const text = freshText();
    await asking(OPS).fetch("/graphql", { ...POST, body: persisted(await sha256Hex(text), { query: text }) });
    const other = await asking(dealerScope("D-B")).fetch("/graphql", {
      ...POST,
      body: persisted(await sha256Hex(text)),
    });
    expect((await bodyOf(other)).data).toEqual({ devices: { edges: [] } });
  });

  it("is never run for a dealer's token that runs trusted documents only", async () => {
    const text = freshText();
    const hash = await sha256Hex(text);
    await asking(OPS).fetch("/graphql", { ...POST, body: persisted(hash, { query: text }) });
    const { fetch } = asking(A, TRUSTED_ONLY);
    expect((await bodyOf(await fetch("/graphql", { ...POST, body: persisted(hash) }))).errors?.[0]).toMatchObject({
      message: "PersistedQueryNotSupported",
    });
    const both = await fetch("/graphql", { ...POST, body: persisted(hash, { query: text }) });
    expect([both.status, (await bodyOf(both)).errors?.[0]?.extensions.code]).toEqual([403, "TRUSTED_DOCUMENTS_ONLY"]);
  });

  it("that a cache returns changed is not run", async () => {
    const { fetch } = asking(OPS);
    const text = freshText();
    const hash = await sha256Hex(text);
    await fetch("/graphql", { ...POST, body: persisted(hash, { query: text }) });
    const cache = await caches.open("persisted-queries");
    await cache.put(
      `https://persisted-queries.concord/${hash}`,
      new Response("{ __typename }", { headers: { "Cache-Control": "max-age=60" } }),
    );
    expect((await bodyOf(await fetch("/graphql", { ...POST, body: persisted(hash) }))).errors?.[0]?.message).toBe(
      "PersistedQueryNotFound",
    );
  });

  it("that is very long runs, and is not kept", async () => {
    const { fetch } = asking(OPS);
    const text = `${freshText()} # ${"x".repeat(40_000)}`;
    const hash = await sha256Hex(text);
    expect(await bodyOf(await fetch("/graphql", { ...POST, body: persisted(hash, { query: text }) }))).toMatchObject({
      data: DEVICES,
    });
    expect((await bodyOf(await fetch("/graphql", { ...POST, body: persisted(hash) }))).errors?.[0]?.message).toBe(
      "PersistedQueryNotFound",
    );
  });
});
