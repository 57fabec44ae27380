import { afterEach, beforeEach, expect, it } from "vitest";
import { opened, rangeOf } from "./events-in-tests.ts";
import { BridgeMetrics } from "./metrics.ts";
import { serveTelemetry } from "./server.ts";
import { BridgeState } from "./state.ts";

let state: BridgeState;
let served: Awaited<ReturnType<typeof serveTelemetry>>;
beforeEach(async () => {
  state = new BridgeState(Date.now, true);
  served = await serveTelemetry({ host: "127.0.0.1", port: 0 }, state, new BridgeMetrics(state, "g"), Date.now);
});
afterEach(() => served.close());
const get = (path: string, method = "GET") => fetch(`http://127.0.0.1:${served.port}${path}`, { method });

it("/metrics is text for Prometheus", async () => {
  const answer = await get("/metrics");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  expect(await answer.text()).toMatch(/^# HELP messaging_client_consumed_messages_total /);
});

it("/healthz says in JSON what the bridge is doing", async () => {
  state.on(opened(rangeOf({ latest: 7 })));
  expect(await (await get("/healthz?x=1")).json()).toMatchObject({ status: "up", partitions: 1, lag: 7 });
  state.on({ kind: "ended", reason: "over", failed: false });
  expect((await get("/healthz")).status).toBe(503);
});

it.each([
  ["GET", "/", 404],
  ["POST", "/metrics", 405],
])("%s %s is answered %i", async (method, path, status) => {
  expect((await get(path, method)).status).toBe(status);
});
