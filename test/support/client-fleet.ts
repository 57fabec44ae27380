import { vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { keepSeen, type Seen } from "#client/consistency.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { createToken } from "../../local/live-client.ts";
import { outcomesAtRest } from "./outcomes.ts";
import { eventValue } from "./records.ts";
import { sharedStack } from "./shared-stack.ts";

export type Sent = { readonly body: Record<string, unknown>; readonly token: string | null };

/** Three devices of one dealer, and what a client of another library needs to ask about them. */
export async function clientFleet(name: string) {
  const stack = await sharedStack();
  const clients: Clients = await connect(stack.url);
  const dealerId = `D-${name}`;
  const scope: Scope = { role: "dealer", dealerIds: [dealerId] };
  const keyOf = (i: number) => `elt:${name}-${i}`;
  const push = (topic: string, deviceId: string, hour: number, data?: object) =>
    clients.push(topic, [
      {
        topic,
        key: deviceId,
        value: JSON.stringify(eventValue({ topic, deviceId, data, occurredAt: `2026-11-01T${10 + hour}:00:00Z` })),
      },
    ]);
  for (const i of [1, 2, 3]) {
    await push("device.elt.dealer.assigned", `${name}-${i}`, 0, { dealer: { dealerId, name } });
    await push("device.elt.status.reported", `${name}-${i}`, 1, { online: true });
  }
  await outcomesAtRest(clients);

  /** What a client is made with, and what it then sends over HTTP. */
  const connection = (seen: Seen = keepSeen()) => {
    const sent: Sent[] = [];
    const recording: typeof fetch = async (url, init) => {
      const { searchParams } = new URL(String(url));
      const body = init?.body ? JSON.parse(String(init.body)) : Object.fromEntries(searchParams);
      sent.push({ body, token: new Headers(init?.headers).get("Concord-Consistency-Token") });
      return fetch(url, init);
    };
    const options = { origin: stack.url.origin, token: () => createToken(scope), seen, fetch: recording };
    return { options, sent, seen };
  };

  /** What is subscribed to from now on until the answer is called: the payloads of graphql-ws, as they are sent. */
  const subscriptions = () => {
    const send = vi.spyOn(WebSocket.prototype, "send");
    return () => {
      const frames = send.mock.calls
        .map(([frame]) => JSON.parse(String(frame)) as { type: string; payload?: { query?: string } })
        .filter(({ type }) => type === "subscribe")
        .map(({ payload }) => payload);
      send.mockRestore();
      return frames;
    };
  };

  return {
    subscriptions,
    keys: [1, 2, 3].map(keyOf),
    connection,
    report: (i: number, hour: number) => push("device.elt.status.reported", `${name}-${i}`, hour, { online: false }),
  };
}
