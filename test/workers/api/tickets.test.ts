import {
  createExecutionContext,
  runDurableObjectAlarm,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import type { Scope } from "#auth/scope.ts";
import { signToken } from "#auth/token.ts";
import type { Commands } from "#domain/command.ts";
import { type LiveRequest, parseLiveRequest } from "#objects/wire.ts";
import api from "./main.ts";
import { dealerScope, emptyTables, env, seedDevices } from "./support.ts";

const A = dealerScope("D-A");
const FEED = {
  query: "subscription Feed($id: String!) { dealerFeed(dealerId: $id) { kind } }",
  variables: { id: "D-A" },
};

/** What each test is asked in; the feeds note with which request they were opened. */
let its: typeof env;
let opened: LiveRequest[];
beforeEach(async () => {
  await emptyTables();
  await env.DB.exec("DELETE FROM token_revocations");
  await seedDevices({ key: "elt:a", dealers: [[1, "D-A"]] }, { key: "elt:b", dealers: [[1, "D-B"]] });
  opened = [];
  const getByName = (name: string) => ({
    fetch: (url: string, init: RequestInit) => {
      opened.push(parseLiveRequest(new Headers(init.headers)));
      return env.DEALER_FEEDS.getByName(name).fetch(url, init);
    },
  });
  its = { ...env, DEALER_FEEDS: { getByName } as never };
});
afterEach(() => vi.restoreAllMocks());

const send = async (request: Request, its_: object = {}): Promise<Response> => {
  const context = createExecutionContext();
  const response = await api.fetch(request, { ...its, ...its_ }, context);
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) await waitOnExecutionContext(context);
  return response;
};

type Ticket = { readonly ticket: string; readonly url: string; readonly expiresAt: string };
type Refused = { readonly errors: { message: string; extensions: { code: string } }[] };

const ask = async (
  body: object,
  {
    scope = A,
    headers = {},
    vars = {},
    token = "",
  }: { scope?: Scope; headers?: Record<string, string>; vars?: object; token?: string } = {},
) =>
  send(
    new Request("https://concord.test/graphql/ticket", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${token || (await signToken(scope, LOCAL_TOKEN_KEY, "1h"))}`,
        ...headers,
      },
      body: JSON.stringify(body),
    }),
    vars,
  );

const ticketFor = async (...args: Parameters<typeof ask>): Promise<Ticket> => {
  const response = await ask(...args);
  expect(response.status).toBe(200);
  return response.json();
};

/** As a browser's `EventSource` asks. */
const open = (url: string, headers: Record<string, string> = {}, vars: object = {}) =>
  send(new Request(url, { headers: { Accept: "text/event-stream", "Cache-Control": "no-cache", ...headers } }), vars);

/** The first item of a stream, which is left then. */
async function firstItem(response: Response): Promise<{ data?: unknown; errors?: Refused["errors"] }> {
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/data: (.+)\n\n/.test(text)) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) throw new Error(`The stream ended: ${text}`);
    text += value;
  }
  await reader?.cancel();
  return JSON.parse(/data: (.+)\n\n/.exec(text)?.[1] ?? "");
}

const codeOf = async (response: Response) => [
  response.status,
  ((await response.json()) as Refused).errors[0]?.extensions.code,
];

const STARTED = { data: { dealerFeed: { kind: "STARTED" } } };
const objects = () => env.TICKETS.getByName("local");
type Kept = { usableUntilMs: number };
const kept = () => runInDurableObject(objects(), (_, { storage }) => [...storage.kv.list<Kept>()]);

describe("a ticket", () => {
  it("opens its subscription with no token, once", async () => {
    const { ticket, url, expiresAt } = await ticketFor(FEED);
    expect(url).toBe(`https://concord.test/graphql/stream?ticket=${ticket}`);
    const waitMs = Date.parse(expiresAt) - Date.now();
    expect([waitMs > 25_000, waitMs <= 30_000]).toEqual([true, true]);
    expect(await firstItem(await open(url))).toMatchObject(STARTED);
    expect(await codeOf(await open(url))).toEqual([401, "BAD_TICKET"]);
    expect(opened).toHaveLength(1);
  });

  it("opens one stream of many that ask for it at the same time", async () => {
    const { url } = await ticketFor(FEED);
    const answers = await Promise.all(Array.from({ length: 8 }, () => open(url)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
    for (const answer of answers) await answer.body?.cancel();
  });

  it("is of no use after 30 s, and is deleted then", async () => {
    const { url } = await ticketFor(FEED);
    const { url: other } = await ticketFor(FEED);
    await runInDurableObject(objects(), (_, { storage }) => {
      for (const [hash, ticket] of [...storage.kv.list<Kept>()])
        storage.kv.put(hash, { ...ticket, usableUntilMs: Date.now() - 1 });
    });
    expect(await codeOf(await open(url))).toEqual([401, "BAD_TICKET"]);
    expect(await kept()).toHaveLength(1);
    expect(await runDurableObjectAlarm(objects())).toBe(true);
    expect(await kept()).toEqual([]);
    expect(await codeOf(await open(other))).toEqual([401, "BAD_TICKET"]);
  });

  it("that can still be used outlives the alarm", async () => {
    const { url } = await ticketFor(FEED);
    expect(await runDurableObjectAlarm(objects())).toBe(true);
    expect(await runInDurableObject(objects(), (_, { storage }) => storage.getAlarm())).not.toBeNull();
    expect(await firstItem(await open(url))).toMatchObject(STARTED);
  });

  it("opens what its caller may see, as its caller", async () => {
    const device = { query: 'subscription { deviceChanged(key: "elt:b") { kind } }' };
    expect((await firstItem(await open((await ticketFor(device)).url))).errors?.[0]?.extensions.code).toBe("NOT_FOUND");
    const token = await signToken(A, LOCAL_TOKEN_KEY, "1h");
    const { url } = await ticketFor(FEED, { token });
    await firstItem(await open(url, { "CF-Connecting-IP": "203.0.113.9" }));
    expect(opened).toEqual([
      expect.objectContaining({ scope: A, address: "203.0.113.9", expiresAtMs: (decodeJwt(token).exp ?? 0) * 1_000 }),
    ]);
  });

  it("goes on behind the item that its page has seen last", async () => {
    const { url } = await ticketFor(FEED, { headers: { "Last-Event-ID": "41" } });
    await (await open(url)).body?.cancel();
    const again = await ticketFor(FEED);
    // What a browser sends by itself when it comes back is of the page before.
    await (await open(again.url, { "Last-Event-ID": "7" })).body?.cancel();
    expect(opened.map(({ target }) => target.after)).toEqual(["41", null]);
  });

  it("opens a trusted document by its id", async () => {
    const { default: manifest } = await import("#graphql/trusted-documents.json");
    const [documentId] = Object.entries(manifest).find(([, text]) => text.includes("dealerFeed(")) ?? [];
    const vars = { TRUSTED_DOCUMENTS_ONLY: "true" };
    const { url } = await ticketFor({ documentId, variables: { dealerId: "D-A" } }, { vars });
    expect(await firstItem(await open(url, {}, vars))).toMatchObject({ data: { dealerFeed: { kind: "STARTED" } } });
  });
});

describe("no ticket is given", () => {
  const run = vi.fn(() => Promise.reject(new Error("no mutation may run")));
  const vars = { INGEST_COMMANDS: { run, execute: run } as unknown as Commands };

  it.each<[string, object, [number, string], { vars?: object; headers?: Record<string, string> }?]>([
    ["a query", { query: "{ __typename }" }, [400, "BAD_USER_INPUT"]],
    [
      "a mutation, which is not run",
      { query: 'mutation { acknowledgeAlert(input: { id: "x" }) { outcome } }' },
      [400, "BAD_USER_INPUT"],
    ],
    [
      "a document that does not fit the schema",
      { query: "subscription { nothing }" },
      [400, "GRAPHQL_VALIDATION_FAILED"],
    ],
    ["a variable that is missing", { query: FEED.query }, [400, "BAD_USER_INPUT"]],
    ["a dealer's own text", FEED, [403, "TRUSTED_DOCUMENTS_ONLY"], { vars: { TRUSTED_DOCUMENTS_ONLY: "true" } }],
    ["a body of another type", FEED, [415, "UNSUPPORTED_MEDIA_TYPE"], { headers: { "Content-Type": "text/plain" } }],
    ["a token that is none", FEED, [401, "UNAUTHENTICATED"], { headers: { Authorization: "Bearer no" } }],
    [
      "a body of more than 32 KiB",
      { ...FEED, variables: { id: "x".repeat(33_000) } },
      [413, "REQUEST_ENTITY_TOO_LARGE"],
    ],
  ])("for %s", async (_, body, refusal, others = {}) => {
    for (const Accept of ["application/graphql-response+json", "text/event-stream, application/json;q=0.5"]) {
      const response = await ask(body, {
        ...others,
        vars: { ...vars, ...others.vars },
        headers: { Accept, ...others.headers },
      });
      expect(await codeOf(response)).toEqual(refusal);
    }
    expect(run).not.toHaveBeenCalled();
    expect(await kept()).toEqual([]);
  });
});

describe("a stream is refused", () => {
  const NONE = `local-${"A".repeat(43)}`;

  it.each([
    ["without a ticket", ""],
    ["with one that nobody has", `?ticket=${NONE}`],
    ["with one of a place that does not exist", `?ticket=ZZZ-${"A".repeat(43)}`],
    ["with the name of another object", `?ticket=${encodeURIComponent("elt:a-xx")}`],
    ["with a text that is no ticket", "?ticket=x"],
  ])("%s", async (_, search) => {
    const response = await open(`https://concord.test/graphql/stream${search}`);
    expect([await codeOf(response), response.headers.get("Access-Control-Allow-Origin")]).toEqual([
      [401, "BAD_TICKET"],
      "*",
    ]);
  });

  it("more often than wrong tokens are, it gets 429", async () => {
    const vars = { FAILED_SIGN_INS: { limit: async () => ({ success: false }) } };
    const response = await open(`https://concord.test/graphql/stream?ticket=${NONE}`, {}, vars);
    expect(await codeOf(response)).toEqual([429, "TOO_MANY_REQUESTS"]);
  });

  it("from an address that sends too many requests, before an object is asked for its ticket", async () => {
    const getByName = vi.fn();
    const vars = { REQUESTS_BY_ADDRESS: { limit: async () => ({ success: false }) }, TICKETS: { getByName } };
    const response = await open(`https://concord.test/graphql/stream?ticket=${NONE}`, {}, vars);
    expect(await codeOf(response)).toEqual([429, "TOO_MANY_REQUESTS"]);
    expect(getByName).not.toHaveBeenCalled();
  });

  it("if its caller's token was revoked since", async () => {
    const token = await signToken(A, LOCAL_TOKEN_KEY, "1h");
    const { url } = await ticketFor(FEED, { token });
    await env.DB.prepare("INSERT INTO token_revocations VALUES (?1, ?2, ?3, 'ann', 'lost')")
      .bind(`token:${decodeJwt(token).jti}`, Date.now(), Date.now() + 60_000)
      .run();
    // Another isolate, which has not read the list yet.
    const DB = {
      withSession: env.DB.withSession.bind(env.DB),
      prepare: env.DB.prepare.bind(env.DB),
      batch: env.DB.batch.bind(env.DB),
    };
    expect(await codeOf(await open(url, {}, { DB }))).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("if its caller's token has expired since", async () => {
    const { url } = await ticketFor(FEED, { token: await signToken(A, LOCAL_TOKEN_KEY, "1h") });
    await runInDurableObject(objects(), (_, { storage }) => {
      for (const [hash, { ticket, ...others }] of [...storage.kv.list<Kept & { ticket: object }>()])
        storage.kv.put(hash, { ...others, ticket: { ...ticket, expiresAtMs: Date.now() - 1 } });
    });
    expect(await codeOf(await open(url))).toEqual([401, "BAD_TICKET"]);
  });

  it.each([
    ["/graphql/stream", "POST", "GET"],
    ["/graphql/ticket", "GET", "POST"],
  ])("at %s by %s", async (path, method, allowed) => {
    const response = await send(new Request(`https://concord.test${path}`, { method }));
    expect([await codeOf(response), response.headers.get("Allow")]).toEqual([[405, "METHOD_NOT_ALLOWED"], allowed]);
  });
});

describe("what is kept of a ticket", () => {
  it("holds neither the ticket nor the token, and no log line does", async () => {
    const lines: unknown[] = [];
    for (const level of ["log", "info", "warn", "error", "debug"] as const)
      vi.spyOn(console, level).mockImplementation((...line) => void lines.push(line));
    const token = await signToken(A, LOCAL_TOKEN_KEY, "1h");
    const { ticket, url } = await ticketFor(FEED, { token });
    const stored = JSON.stringify(await kept());
    expect(stored).toContain("dealerFeed");
    for (const secret of [ticket, ticket.slice(6), token, token.split(".")[2]]) expect(stored).not.toContain(secret);
    const broken = { DEALER_FEEDS: { getByName: () => ({ fetch: () => Promise.reject(new Error(`lost`)) }) } };
    await (await open(url, {}, broken)).text();
    await open(url);
    expect(JSON.stringify(lines)).toContain("lost");
    for (const secret of [ticket, ticket.slice(6), token]) expect(JSON.stringify(lines)).not.toContain(secret);
  });
});
