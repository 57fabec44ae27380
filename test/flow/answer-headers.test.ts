import { request as httpRequest, type IncomingMessage } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../../local/live-client.ts";
import type { Stack } from "../../local/stack.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await sharedStack();
});

const READER = `Bearer ${await createToken({ role: "ops" })}`;
const STRICT = "application/graphql-response+json";
const DEV = { Authorization: `Basic ${btoa("dev:dev")}` };

const ask = (path: string, init?: RequestInit) => fetch(new URL(path, stack.url), init);

describe("an answer has the headers of the front door", () => {
  it.each<[worker: string, path: string, status: number, init?: RequestInit]>([
    ["the front door", "/healthz", 200],
    ["the front door", "/readyz", 200],
    ["the front door", "/", 200],
    ["the front door", "/nowhere", 404],
    ["ingest", "/openapi.json", 200],
    ["ingest", "/openapi.json", 200, { method: "HEAD" }],
    ["ingest", "/topics", 401],
    ["ingest", "/topics/device.elt.status.reported", 401, { method: "POST" }],
    ["ingest", "/topics", 200, { headers: DEV }],
    ["ingest", "/v3/nowhere", 404, { headers: DEV }],
    ["the API", "/graphql/healthz", 200],
    ["the API", "/graphql", 204, { method: "OPTIONS", headers: { "Access-Control-Request-Method": "POST" } }],
    ["the API", "/graphql?query={__typename}", 401],
    ["the API", "/graphql?query={", 400, { headers: { Authorization: READER, Accept: STRICT } }],
    ["the API", "/graphql?query={__typename}", 200, { headers: { Authorization: READER } }],
    ["the API", "/graphql/nowhere", 404],
    ["the API", "/schema.graphql", 200],
    ["the API", "/schema.graphql", 200, { method: "HEAD" }],
    ["the operations API", "/ops/api/devices", 401],
    ["the devices", "/live/healthz", 200],
    ["the devices", "/live", 426],
    ["the devices", "/live/nowhere", 404],
    ["the operations API", "/ops/healthz", 200],
    ["the operations API", "/ops", 200, { headers: { Accept: "text/html" } }],
    ["the operations API", "/ops/console.js", 200],
    ["the operations API", "/ops/api/dead-letters", 401],
    ["the operations API", "/ops/nowhere", 404],
  ])("when %s answers %s with %i", async (_, path, status, init) => {
    const response = await ask(path, init);
    expect([response.status, response.headers.get("X-Content-Type-Options")]).toEqual([status, "nosniff"]);
    // A browser that has heard it once asks http://localhost no more.
    expect(response.headers.has("Strict-Transport-Security")).toBe(false);
    const isBodiless = status === 204 || init?.method === "HEAD";
    expect((await response.text()).length > 0).toBe(!isBodiless);
  });
});

describe("an answer that passes the front door", () => {
  it("keeps its own headers", async () => {
    const { headers } = await ask("/ops", { headers: { Accept: "text/html" } });
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect((await ask("/graphql")).headers.get("WWW-Authenticate")).toBe("Bearer");
  });

  it("keeps its status 304", async () => {
    const etag = (await ask("/ops/console.js")).headers.get("ETag") ?? "";
    const response = await ask("/ops/console.js", { headers: { "If-None-Match": etag } });
    expect([response.status, response.headers.get("X-Content-Type-Options")]).toEqual([304, "nosniff"]);
    expect(await response.text()).toBe("");
  });

  it("keeps its stream, which begins before it ends", async () => {
    const query = 'subscription { dealerFeed(dealerId: "D-1") { __typename } }';
    const leaving = new AbortController();
    const response = await ask("/graphql", {
      method: "POST",
      headers: {
        Accept: "text/event-stream",
        "Content-Type": "application/json",
        Authorization: READER,
      },
      body: JSON.stringify({ query }),
      signal: leaving.signal,
    });
    expect([response.status, response.headers.get("X-Content-Type-Options")]).toEqual([200, "nosniff"]);
    expect(response.headers.get("Content-Type")).toContain("text/event-stream");
    const { value, done } = (await response.body?.getReader().read()) ?? {};
    expect([done, (value?.length ?? 0) > 0]).toEqual([false, true]);
    leaving.abort();
  });

  it("keeps its WebSocket", async () => {
    const url = new URL("/live?device=elt:T-1", stack.url);
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": btoa("sixteen bytes ok"),
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Protocol": "graphql-transport-ws",
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpRequest(url, { headers });
      request.on("upgrade", (answer, socket) => {
        socket.destroy();
        resolve(answer);
      });
      request.on("response", resolve).on("error", reject).end();
    });
    expect([response.statusCode, response.headers["x-content-type-options"]]).toEqual([101, "nosniff"]);
    expect(response.headers["sec-websocket-protocol"]).toBe("graphql-transport-ws");
    const socket = new WebSocket(url.href.replace("http", "ws"), "graphql-transport-ws");
    const said = await new Promise((resolve, reject) => {
      socket.onopen = () => socket.send('{"type":"ping"}');
      socket.onmessage = ({ data }) => resolve(data);
      socket.onclose = reject;
    });
    expect(JSON.parse(String(said))).toEqual({ type: "pong" });
    socket.close();
  });
});
