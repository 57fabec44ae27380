import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StopError } from "../source.ts";
import { type BoundarySettings, boundary } from "./boundary.ts";
import { encode } from "./encode.ts";

const TOPIC = "device.ecobee.status.reported";
const entries = [1, 2, 3].map((offset) =>
  encode({
    ...{ topic: TOPIC, partition: 0, offset, timestampMs: 1, key: null, headers: [] },
    value: Buffer.from("v"),
  }),
);
const receipts = (...codes: (number | null)[]) =>
  JSON.stringify({ offsets: codes.map((error_code) => ({ error_code })) });

type Seen = { readonly request: IncomingMessage; readonly body: Buffer };
let answer: (response: ServerResponse) => void;
let seen: Seen[];
let server: Server;
beforeEach(async () => {
  seen = [];
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    seen.push({ request, body });
    answer(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function send(settings: Partial<BoundarySettings> = {}, signal = new AbortController().signal) {
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const all = { url, authorization: () => "Basic x", compression: "none", timeoutMs: 2_000, ...settings } as const;
  return boundary(all)(TOPIC, entries, signal);
}
const says = (status: number, text: string, headers: Record<string, string> = {}) => {
  answer = (response) => response.writeHead(status, headers).end(text);
};

describe("a request", () => {
  it.each(["gzip", "none"] as const)("is one of the REST Proxy, binary, with compression %s", async (compression) => {
    says(200, receipts(null, null, null));
    await send({ compression });
    const [{ request, body }] = seen as [Seen];
    expect([request.method, request.url]).toEqual(["POST", `/topics/${TOPIC}`]);
    expect(request.headers).toMatchObject({
      "content-type": "application/vnd.kafka.binary.v2+json",
      authorization: "Basic x",
    });
    expect(request.headers["content-encoding"]).toBe(compression === "gzip" ? "gzip" : undefined);
    const text = (compression === "gzip" ? gunzipSync(body) : body).toString();
    expect(JSON.parse(text).records.map(({ offset }: { offset: number }) => offset)).toEqual([1, 2, 3]);
  });

  it("has the headers of its sender, and none of them in place of its own", async () => {
    says(200, receipts(null, null, null));
    await send({ headers: { "X-Concord-Lane": "backfill", Authorization: "Basic y" } });
    expect(seen[0]?.request.headers).toMatchObject({ "x-concord-lane": "backfill", authorization: "Basic x" });
  });

  it("goes behind the path that the address has", async () => {
    says(200, receipts(null, null, null));
    await send({ url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/edge/`) });
    expect(seen[0]?.request.url).toBe(`/edge/topics/${TOPIC}`);
  });
});

describe("an answer", () => {
  it("of 200 says for each record whether it is kept: a dead letter is, and what the queue did not take is not", async () => {
    says(200, receipts(null, 42206, 50003));
    expect(await send()).toEqual({ kind: "answered", kept: [true, true, false], accepted: 1, deadLettered: 1 });
  });

  it.each([
    ["fewer results than records", receipts(null, null)],
    ["no JSON", "<html>welcome</html>"],
    ["nothing", ""],
    ["another API's JSON", '{"ok":true}'],
  ])("of 200 with %s proves nothing", async (_, text) => {
    says(200, text);
    expect(await send()).toMatchObject({ kind: "retry", reason: expect.stringMatching(/^200 without one result/) });
  });

  it.each([
    [429, { "Retry-After": "7" }, 7_000],
    [503, {}, undefined],
    [503, { "Retry-After": "soon" }, undefined],
    [500, {}, undefined],
    [502, {}, undefined],
    [520, {}, undefined],
    [408, {}, undefined],
  ])("of %i with %j is asked for again, after %s ms", async (status, headers, retryAfterMs) => {
    says(status, '{"error_code":1,"message":"under pressure"}', headers);
    expect(await send()).toEqual({ kind: "retry", reason: `${status}: under pressure`, retryAfterMs });
  });

  it("may give the time to come back as a date", async () => {
    says(503, "", { "Retry-After": new Date(Date.now() + 60_000).toUTCString() });
    const { retryAfterMs } = (await send()) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it.each([[400], [413], [415], [422]])("of %i refuses the request", async (status) => {
    says(status, '{"message":"no"}');
    expect(await send()).toEqual({ kind: "refused", status, message: "no" });
  });

  it.each([
    [401, /refused the credentials \(401: no\).*CONCORD_CREDENTIAL/],
    [403, /refused records of device\.ecobee\.status\.reported \(403: no\)/],
    [404, /answered 404 \(no\).*--url/],
    [405, /answered 405/],
    [302, /answered 302/],
  ])("of %i stops the bridge, and says what to do", async (status, message) => {
    says(status, '{"message":"no"}', status === 302 ? { Location: "https://login.example" } : {});
    const stopped = await send().catch((error: unknown) => error);
    expect(stopped).toBeInstanceOf(StopError);
    expect((stopped as Error).message).toMatch(message);
  });

  it.each([
    [
      "is cut",
      (response: ServerResponse) =>
        void response.writeHead(200, { "Content-Length": 99 }).write("{", () => response.destroy()),
    ],
    ["does not come", (response: ServerResponse) => void response.destroy()],
    ["comes too late", () => undefined],
  ])("that %s proves nothing", async (_, act) => {
    answer = act;
    expect(await send({ timeoutMs: 200 })).toMatchObject({ kind: "retry" });
  });

  it("is not waited for when delivery is given up", async () => {
    answer = () => undefined;
    expect(await send({}, AbortSignal.timeout(50))).toMatchObject({ kind: "retry" });
  });

  it("is not there where nobody listens, and that is said with its code", async () => {
    const url = new URL("http://127.0.0.1:1");
    expect(await send({ url })).toMatchObject({
      kind: "retry",
      reason: expect.stringMatching(/ECONNREFUSED|bad port/),
    });
  });
});
