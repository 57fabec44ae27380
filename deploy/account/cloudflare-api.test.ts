import { expect, it } from "vitest";
import { createApi, credentialsOf } from "./cloudflare-api.ts";
import type { Wrangler } from "./wrangler.ts";

const TOKEN = "canary-token";

const apiThat = (answer: (url: URL, init: RequestInit) => Response | Promise<Response>) =>
  createApi({
    account: "a1",
    credentials: { Authorization: `Bearer ${TOKEN}` },
    baseUrl: "http://api.test",
    fetch: async (input, init = {}) => answer(new URL(String(input)), init),
  });

const failing = (status: number, errors: object[]) =>
  Response.json({ success: false, result: null, errors }, { status });

it("queues are read from page to page", async () => {
  const asked: string[] = [];
  const api = apiThat((url) => {
    asked.push(`${url.pathname}${url.search}`);
    const page = Number(url.searchParams.get("page"));
    const result = [{ queue_name: `q${page}`, consumers: [{ type: "worker", script: "s" }] }];
    return Response.json({ success: true, result, result_info: { page, total_pages: 3 } });
  });
  expect((await api.listQueues()).map(({ queue_name }) => queue_name)).toEqual(["q1", "q2", "q3"]);
  expect(asked).toEqual([1, 2, 3].map((page) => `/accounts/a1/queues?page=${page}`));
});

it("read replication is set as Cloudflare's reference has it", async () => {
  let sent: unknown;
  const api = apiThat((url, { method, body }) => {
    sent = [method, url.pathname, body];
    return Response.json({ success: true, result: {} });
  });
  await api.setReadReplication("d1", "auto");
  expect(sent).toEqual(["PUT", "/accounts/a1/d1/database/d1", '{"read_replication":{"mode":"auto"}}']);
});

it("what does not exist is null", async () => {
  const api = apiThat(() => failing(404, [{ code: 7404, message: "not found" }]));
  expect([await api.findDatabase("x"), await api.findSubdomain()]).toEqual([null, null]);
  await expect(api.setReadReplication("x", "auto")).rejects.toThrow("There is no database x");
});

it.each([
  [
    "a refusal",
    () => failing(403, [{ code: 10000, message: "Authentication error" }]),
    /403: Authentication error \[code: 10000\]\. The token lacks a permission/,
  ],
  ["an outage", () => new Response("<html>", { status: 502 }), /502: no reason/],
  ["an answer that says it failed", () => failing(200, []), /answered 200/],
  [
    "no answer",
    () => Promise.reject(new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })),
    /cannot be reached \(connect ECONNREFUSED\)/,
  ],
])("%s is an error that says what was asked, and has no token", async (_, answer, message) => {
  const error: unknown = await apiThat(answer)
    .listQueues()
    .catch((thrown) => thrown);
  expect(String(error)).toMatch(message);
  expect(String(error)).toContain("GET /queues?page=1");
  expect(String(error)).not.toContain(TOKEN);
});

it.each([
  [{ type: "oauth", token: "t" }, { Authorization: "Bearer t" }],
  [{ type: "api_token", token: "t" }, { Authorization: "Bearer t" }],
  [
    { type: "api_key", key: "k", email: "e" },
    { "X-Auth-Key": "k", "X-Auth-Email": "e" },
  ],
])("wrangler's login %j signs our own calls", async (login, headers) => {
  const wrangler: Wrangler = async () => ({ isDone: true, stdout: JSON.stringify(login), said: "", entries: [] });
  expect(await credentialsOf(wrangler)).toEqual(headers);
});
