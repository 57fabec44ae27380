import { EventSource } from "eventsource";
import { beforeAll, expect, it, vi } from "vitest";
import { eventSource } from "#client/event-source.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { createToken } from "../../local/live-client.ts";
import type { Stack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;
beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});

const eventually = <T>(assertion: () => T | Promise<T>) => vi.waitFor(assertion, { timeout: 20_000, interval: 20 });

const TOPIC = "device.elt.status.reported";
const report = (deviceId: string, second: number) => {
  const occurredAt = new Date(Date.UTC(2026, 10, 24, 10) + second * 1_000).toISOString();
  const data = { online: true, indoorTemperatureC: second };
  const value = JSON.stringify(eventValue({ topic: TOPIC, deviceId, occurredAt, data }));
  return clients.push(TOPIC, [{ topic: TOPIC, key: deviceId, value }]);
};

const CHANGED = "subscription Changed($key: String!) { deviceChanged(key: $key) { kind revision } }";
type Changed = { readonly deviceChanged: { readonly kind: string; readonly revision: number } };

it("an EventSource follows a device over tickets, past the end of each token, and gets every revision once", async () => {
  const items: Changed["deviceChanged"][] = [];
  await report("sourced-1", 1);
  let tickets = 0;
  const stop = eventSource(
    CHANGED,
    { key: "elt:sourced-1" },
    {
      url: new URL("/graphql", stack.url).href,
      // Each stream ends with its token.
      token: () => {
        tickets++;
        return createToken({ role: "ops" }, "3s");
      },
      onItem: (item) => void items.push((item as Changed).deviceChanged),
      onEnd: (reason) => void items.push({ kind: String(reason), revision: -1 }),
      EventSource: EventSource as unknown as typeof globalThis.EventSource,
    },
  );
  await eventually(() => expect(items).toHaveLength(1));
  for (let second = 2; second <= 16; second++) {
    await report("sourced-1", second);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await eventually(() => expect(items.at(-1)?.revision).toBe(16));
  stop();
  expect(items.map(({ revision }) => revision)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(items.slice(1).map(({ kind }) => kind)).toEqual(Array(15).fill("EVENT"));
  expect(tickets).toBeGreaterThan(2);
});

it("a subscription by GET is answered with a stream of events to a client that names it", async () => {
  await report("sourced-2", 1);
  const search = new URLSearchParams({ query: CHANGED, variables: JSON.stringify({ key: "elt:sourced-2" }) });
  const ask = (Accept: string, signal?: AbortSignal) =>
    createToken({ role: "ops" }).then((token) =>
      fetch(new URL(`/graphql?${search}`, stack.url), {
        headers: { Accept, Authorization: `Bearer ${token}` },
        ...(signal && { signal }),
      }),
    );
  const leaving = new AbortController();
  const response = await eventually(async () => {
    const answer = await ask("text/event-stream", leaving.signal);
    expect(answer.headers.get("Content-Type")).toBe("text/event-stream");
    return answer;
  });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes("data:")) break;
  }
  leaving.abort();
  expect(text).toMatch(/event: next\ndata: .*(SNAPSHOT|NOT_FOUND)/);
  const refused = await ask("*/*");
  expect([
    refused.status,
    ((await refused.json()) as { errors: { extensions: object }[] }).errors[0]?.extensions,
  ]).toEqual([406, { code: "EVENT_STREAM_REQUIRED" }]);
});
