import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { createLiveClient, createToken, LiveSubscription, type Result } from "../../local/live-client.ts";
import type { Stack } from "../../local/stack.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;
beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});

const START_MS = Date.UTC(2026, 10, 24, 10);
const push = (topic: string, deviceId: string, second: number, data?: unknown) => {
  const occurredAt = new Date(START_MS + second * 1_000).toISOString();
  const value = JSON.stringify(eventValue({ topic, deviceId, occurredAt, data }));
  return clients.push(topic, [{ topic, key: deviceId, value }]);
};
const report = (deviceId: string, second: number) =>
  push("device.elt.status.reported", deviceId, second, { online: true, indoorTemperatureC: second / 4 });
const assign = (deviceId: string, second: number, dealerId: string) =>
  push("device.elt.dealer.assigned", deviceId, second, { dealer: { dealerId, name: `Dealer ${dealerId}` } });

const dealer = (...dealerIds: string[]): Scope => ({ role: "dealer", dealerIds });
const eventually = <T>(assertion: () => T | Promise<T>) => vi.waitFor(assertion, { timeout: 15_000, interval: 10 });

const CHANGED = `subscription Changed($keys: [String!]!, $after: String) {
  devicesChanged(keys: $keys, after: $after) { kind deviceKey revision cursor event { topic } device { key } }
}`;
const FEED = `subscription Feed($dealerIds: [String!]!, $minSeverity: AlertSeverity, $after: String) {
  dealersFeed(dealerIds: $dealerIds, minSeverity: $minSeverity, after: $after) { kind dealerId cursor deviceKey }
}`;

function subscribe(scope: Scope, query: string, variables: Record<string, unknown>) {
  const client = createLiveClient(stack.url, { scope });
  return { client, listening: new LiveSubscription(client, query, variables) };
}

/** The kinds of a device's or dealer's items. */
const kindsOf = ({ items }: LiveSubscription, name: string) =>
  items.filter(({ deviceKey, dealerId }) => [deviceKey, dealerId].includes(name)).map(({ kind }) => kind);

async function* eventsOf(scope: Scope, query: string, variables: object, lastEventId?: string) {
  const response = await fetch(new URL("/graphql", stack.url), {
    method: "POST",
    headers: {
      Accept: "text/event-stream",
      "Content-Type": "application/json",
      Authorization: `Bearer ${await createToken(scope)}`,
      ...(lastEventId && { "Last-Event-ID": lastEventId }),
    },
    body: JSON.stringify({ query, variables }),
  });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks.filter((one) => one.includes("event:"))) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
      const data = JSON.parse(field("data") || "null") as Result;
      yield {
        id: field("id"),
        event: field("event"),
        item: data?.data && (Object.values(data.data)[0] as Result),
        data,
      };
    }
  }
}

async function take(
  events: AsyncGenerator<{ id?: string; event?: string; item: Result; data: Result }>,
  count: number,
) {
  const taken = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

describe("a subscription to several devices", () => {
  const keys = ["elt:many-own", "elt:many-others", "elt:many-never", "elt:many-moving"];
  const scope = dealer("M-own");
  beforeAll(async () => {
    await assign("many-own", 1, "M-own");
    await assign("many-others", 1, "M-others");
    await assign("many-moving", 1, "M-own");
    await outcomesAtRest(clients);
  });

  it("tells nothing of a device that the token may not see, whether there is one or not, and the others go on", async () => {
    const { client, listening } = subscribe(scope, CHANGED, { keys });
    await eventually(() => expect(listening.items).toHaveLength(4));
    const of = (key: string) => listening.items.find(({ deviceKey }) => deviceKey === key);
    const hidden = ["elt:many-others", "elt:many-never"].map((key) => ({ ...of(key), deviceKey: null, cursor: null }));
    expect(hidden[0]).toMatchObject({ kind: "LOST", event: null, device: null });
    expect(hidden[0]).toEqual(hidden[1]);
    expect(of("elt:many-own")).toMatchObject({ kind: "SNAPSHOT", device: { key: "elt:many-own" } });
    await report("many-others", 2);
    await report("many-own", 2);
    await eventually(() => expect(kindsOf(listening, "elt:many-own")).toEqual(["SNAPSHOT", "EVENT"]));
    await outcomesAtRest(clients);
    expect(kindsOf(listening, "elt:many-others")).toEqual(["LOST"]);
    expect(listening.ended).toBe("open");
    await client.dispose();
  });

  it("ends for a device that goes to another dealer, and as a whole when all of them have gone", async () => {
    const mine = ["elt:many-own", "elt:many-moving"];
    const { client, listening } = subscribe(scope, CHANGED, { keys: mine });
    await eventually(() => expect(listening.items).toHaveLength(2));
    await assign("many-moving", 10, "M-others");
    await eventually(() => expect(kindsOf(listening, "elt:many-moving")).toEqual(["SNAPSHOT", "LOST"]));
    await report("many-moving", 11);
    await report("many-own", 11);
    await eventually(() => expect(kindsOf(listening, "elt:many-own")).toEqual(["SNAPSHOT", "EVENT"]));
    expect(kindsOf(listening, "elt:many-moving")).toEqual(["SNAPSHOT", "LOST"]);
    expect(listening.ended).toBe("open");
    await assign("many-own", 12, "M-others");
    await eventually(() => expect(listening.ended).toBe("completed"));
    await assign("many-own", 13, "M-own");
    await assign("many-moving", 13, "M-own");
    await outcomesAtRest(clients);
    await client.dispose();
  });

  it("goes on behind its cursor in each of them, over a socket and as server-sent events", async () => {
    const mine = ["elt:many-own", "elt:many-moving"];
    const first = eventsOf(scope, CHANGED, { keys: mine });
    const began = await take(first, 2);
    expect(began.map(({ item }) => item.kind)).toEqual(["SNAPSHOT", "SNAPSHOT"]);
    const cursor = began[1]?.item.cursor as string;
    expect(began[1]?.id).toBe(cursor);
    await first.return(undefined);
    await report("many-own", 21);
    await report("many-moving", 22);
    await report("many-own", 23);
    await outcomesAtRest(clients);
    const wanted = [
      ["elt:many-moving", "EVENT"],
      ["elt:many-own", "EVENT"],
      ["elt:many-own", "EVENT"],
    ];
    const resumed = eventsOf(scope, CHANGED, { keys: mine }, cursor);
    const streamed = await take(resumed, 3);
    await resumed.return(undefined);
    expect(streamed.map(({ item }) => [item.deviceKey, item.kind]).sort()).toEqual(wanted);
    const { client, listening } = subscribe(scope, CHANGED, { keys: mine, after: cursor });
    await eventually(() => expect(listening.items).toHaveLength(3));
    expect(listening.items.map(({ deviceKey, kind }) => [deviceKey, kind]).sort()).toEqual(wanted);
    const revisions = listening.items.filter(({ deviceKey }) => deviceKey === mine[0]).map(({ revision }) => revision);
    expect(revisions[1]).toBe(revisions[0] + 1);
    // Nothing is left behind the last one.
    const last = subscribe(scope, CHANGED, { keys: mine, after: listening.items.at(-1)?.cursor });
    await report("many-moving", 24);
    await eventually(() => expect(kindsOf(last.listening, "elt:many-moving")).toEqual(["EVENT"]));
    expect(last.listening.items).toHaveLength(1);
    await Promise.all([client.dispose(), last.client.dispose()]);
  });

  it("is refused a cursor of another list as a Last-Event-ID", async () => {
    const [refused] = await take(eventsOf(scope, CHANGED, { keys: ["elt:many-own", "elt:many-moving"] }, "x.1.2"), 1);
    expect(refused?.data.errors[0].extensions.code).toBe("BAD_USER_INPUT");
  });

  it("is refused on a socket to one object, which says where to go", async () => {
    const client = createLiveClient(stack.url, { target: { device: "elt:many-own" }, scope });
    const listening = new LiveSubscription(client, CHANGED, { keys: ["elt:many-own"] });
    await eventually(() =>
      expect(listening.ended).toMatchObject({
        failed: [{ message: expect.stringContaining("Open /live without"), extensions: { code: "BAD_USER_INPUT" } }],
      }),
    );
    await client.dispose();
  });
});

describe("a subscription to several dealers", () => {
  it("delivers each dealer's news, and goes on behind its cursor in each feed", async () => {
    const dealerIds = ["M-1", "M-2"];
    await assign("news-1", 1, "M-1");
    await assign("news-2", 1, "M-2");
    await outcomesAtRest(clients);
    const { client, listening } = subscribe(dealer(...dealerIds), FEED, { dealerIds });
    await eventually(() => expect(listening.items.map(({ kind }) => kind)).toEqual(["STARTED", "STARTED"]));
    await report("news-1", 2);
    await report("news-2", 3);
    for (const dealerId of dealerIds)
      await eventually(() => expect(kindsOf(listening, dealerId)).toEqual(["STARTED", "DEVICE_CHANGED"]));
    const cursor = listening.items.at(-1)?.cursor as string;
    await client.dispose();
    await report("news-2", 4);
    await outcomesAtRest(clients);
    const resumed = eventsOf(dealer(...dealerIds), FEED, { dealerIds }, cursor);
    expect((await take(resumed, 1))[0]?.item).toMatchObject({
      kind: "DEVICE_CHANGED",
      dealerId: "M-2",
      deviceKey: "elt:news-2",
    });
    await resumed.return(undefined);
  });

  it("does not begin with a dealer that is not the token's", async () => {
    const { client, listening } = subscribe(dealer("M-1"), FEED, { dealerIds: ["M-1", "M-2"] });
    await eventually(() => expect(listening.ended).toMatchObject({ failed: [{ extensions: { code: "NOT_FOUND" } }] }));
    expect(listening.items).toEqual([]);
    await client.dispose();
  });
});
