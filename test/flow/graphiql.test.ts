import { createClient } from "graphql-sse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { savedQueries } from "../../graphiql/saved-queries.ts";
import { FIRST_DEVICE, firstKeyOf } from "../../graphiql/start.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { createToken } from "../../local/live-client.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { generate } from "../../samples/generate.ts";
import { outcomesAtRest } from "../support/outcomes.ts";

let stack: Stack;
let clients: Clients;
beforeAll(async () => {
  stack = await startStack();
  clients = await connect(stack.url);
  const byTopic = Map.groupBy(generate({ seed: 1, devices: 40, events: 600 }), ({ topic }) => topic);
  for (const [topic, records] of byTopic) await clients.push(topic, records);
  await outcomesAtRest(clients);
});
afterAll(() => stack.stop());

const ask = (path: string, headers: Record<string, string> = {}) => fetch(new URL(path, stack.url), { headers });

/** The first answer to an operation, with the token that the page gets. */
async function firstAnswer(body: { query: string; variables?: Readonly<Record<string, unknown>> }) {
  const { token } = (await (await ask("/graphql/graphiql.json")).json()) as { token: string };
  const client = createClient({
    url: new URL("/graphql", stack.url).href,
    headers: { Authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const isSubscription = /^subscription/m.test(body.query);
  if (isSubscription) for await (const result of client.iterate(body)) return result;
  const response = await fetch(new URL("/graphql", stack.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { data?: Record<string, unknown> | null; errors?: unknown };
}

const names = savedQueries(null).map(
  ({ query }, i) => [/(?:query|mutation|subscription) (\w+)/.exec(query)?.[1] ?? "", i] as const,
);

describe("GraphiQL's saved queries", () => {
  it.each(names)("%s returns data of the sample fleet", async (_, i) => {
    const key = firstKeyOf((await firstAnswer({ query: FIRST_DEVICE }))?.data);
    expect(key).toMatch(/^\w+:.+/);
    const saved = savedQueries(key)[i];
    const answer = await firstAnswer(saved ?? { query: "" });
    expect([answer?.errors, Object.values(answer?.data ?? {})]).toEqual([
      undefined,
      expect.arrayContaining([expect.anything()]),
    ]);
    for (const value of Object.values(answer?.data ?? {})) {
      expect(value).not.toBeNull();
      expect((value as { userErrors?: unknown[] }).userErrors ?? []).toEqual([]);
      expect((value as { edges?: unknown[] }).edges ?? ["some"]).not.toEqual([]);
    }
  });

  it("have a name each", () => {
    expect(names.length).toBeGreaterThan(4);
    expect(new Set(names.map(([name]) => name)).size).toBe(names.length);
    expect(names.every(([name]) => name !== "")).toBe(true);
  });
});

describe("GraphiQL's files", () => {
  it("come from our origin, with a policy that lets in no other", async () => {
    const page = await ask("/graphql", { Accept: "text/html" });
    const html = await page.text();
    const policy = page.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toMatch(/default-src 'none'; script-src 'self'; worker-src 'self'.*frame-ancestors 'none'/);
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|blob:/);
    expect(/script-src[^;]*/.exec(policy)?.[0]).toBe("script-src 'self'");
    expect(html).not.toMatch(/https?:\/\/|<script>|\son\w+=/);
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path as string);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const answer = await ask(file);
      expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([200, "no-cache"]);
      expect(answer.headers.get("Content-Security-Policy")).toBe(policy);
      const known = await ask(file, { "If-None-Match": answer.headers.get("ETag") ?? "" });
      expect(known.status).toBe(304);
    }
  });

  it("with a hash in their names may be kept for good", async () => {
    const main = await (await ask("/graphql/assets/main.js")).text();
    const [part = ""] = /part-[A-Z0-9]+\.js/.exec(main) ?? [];
    const answer = await ask(`/graphql/assets/${part}`);
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([200, "public, max-age=31536000, immutable"]);
  });

  it("are these and no others", async () => {
    for (const path of ["/graphql/assets/nothing.js", "/graphql/assets/", "/graphql/assets/../index.html", "/graphql/"])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
  });

  it("do not stand in the way of a query by GET, from a browser's address bar either", async () => {
    const query = `/graphql?query=${encodeURIComponent("{ __typename }")}`;
    const answer = await ask(query, {
      Accept: "text/html,*/*",
      Authorization: `Bearer ${await createToken({ role: "ops" })}`,
    });
    expect(await answer.json()).toMatchObject({ data: { __typename: "Query" } });
  });
});
