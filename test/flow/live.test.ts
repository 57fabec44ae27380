import { createClient as createSseClient } from "graphql-sse";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LiveClient } from "#client/live.ts";
import { WatchDevice } from "../../examples/dashboard/generated.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { createLiveClient, createToken, LiveSubscription, type Result } from "../../local/live-client.ts";
import type { Stack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});

const OPS: Scope = { role: "ops" };
const dealer = (...dealerIds: string[]): Scope => ({ role: "dealer", dealerIds });

const START_MS = Date.UTC(2026, 10, 24, 10);
const at = (second: number) => new Date(START_MS + second * 1_000).toISOString();

const push = (topic: string, deviceId: string, second: number, data?: unknown) =>
  clients.push(topic, [
    { topic, key: deviceId, value: JSON.stringify(eventValue({ topic, deviceId, occurredAt: at(second), data })) },
  ]);
const report = (deviceId: string, second: number) =>
  push("device.elt.status.reported", deviceId, second, { online: true, indoorTemperatureC: second / 4 });
const assign = (deviceId: string, second: number, dealerId: string) =>
  push("device.elt.dealer.assigned", deviceId, second, { dealer: { dealerId, name: `Dealer ${dealerId}` } });
const raise = (deviceId: string, second: number, severity: string) =>
  push("device.elt.alert.raised", deviceId, second, {
    alertId: `a-${second}`,
    code: "E-1",
    severity,
    text: "Something is wrong.",
  });

const eventually = <T>(assertion: () => T | Promise<T>) => vi.waitFor(assertion, { timeout: 15_000, interval: 10 });

const query = async (text: string, { scope = OPS, token }: { scope?: Scope; token?: string } = {}): Promise<Result> => {
  const response = await fetch(new URL("/graphql", stack.url), {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${await createToken(scope)}`,
      ...(token && { "Concord-Consistency-Token": token }),
    },
    body: JSON.stringify({ query: text }),
  });
  return response.json();
};

const isKnown = (deviceId: string) =>
  eventually(async () => {
    const { data } = await query(`{ device(key: "elt:${deviceId}") { key } }`);
    expect(data.device).not.toBeNull();
  });

const CHANGED = `subscription Changed($key: String!, $afterRevision: Int) {
  deviceChanged(key: $key, afterRevision: $afterRevision) {
    kind
    revision
    consistencyToken
    event { topic occurredAt data }
    device { key report { indoorTemperatureC } dealer { dealerId } }
  }
}`;

describe.concurrent("a device's socket", () => {
  it("begins with a snapshot, and delivers each event with a consistency token that lets the next query see it", async () => {
    await report("told-1", 1);
    await isKnown("told-1");
    const client = createLiveClient(stack.url, { target: { device: "elt:told-1" } });
    const listening = new LiveSubscription(client, CHANGED, { key: "elt:told-1" });
    await eventually(() => expect(listening.items).toHaveLength(1));
    expect(listening.items[0]).toMatchObject({
      kind: "SNAPSHOT",
      revision: 1,
      event: null,
      device: { key: "elt:told-1", report: { indoorTemperatureC: 0.25 } },
    });
    await report("told-1", 8);
    await eventually(() => expect(listening.items).toHaveLength(2));
    expect(listening.items[1]).toMatchObject({
      kind: "EVENT",
      revision: 2,
      event: { topic: "device.elt.status.reported", occurredAt: at(8) },
      device: { report: { indoorTemperatureC: 2 } },
    });
    const token = listening.items[1].consistencyToken;
    expect(listening.extension).toEqual({ cursor: "2", consistencyToken: token });
    const { data, extensions } = await query('{ device(key: "elt:told-1") { report { indoorTemperatureC } } }', {
      token,
    });
    expect(data.device.report.indoorTemperatureC).toBe(2);
    expect(extensions.concord.consistencyToken >= token).toBe(true);
    await client.dispose();
  });

  it("can be dropped at every step of fifty events, and every revision is delivered once", async () => {
    const device = "dropped-1";
    await report(device, 0);
    await isKnown(device);
    const seen: number[] = [];
    for (let step = 1; step <= 50; step++) {
      // Half of the events happen while nobody listens.
      const happensBefore = step % 2 === 0;
      if (happensBefore) await report(device, step);
      const client = createLiveClient(stack.url, { target: { device: `elt:${device}` } });
      const listening = new LiveSubscription(client, CHANGED, { key: `elt:${device}`, afterRevision: seen.at(-1) });
      if (!happensBefore) {
        if (step === 1) await eventually(() => expect(listening.items).toHaveLength(1));
        await report(device, step);
      }
      await eventually(() => expect(listening.items.at(-1)?.revision).toBe(step + 1));
      client.terminate();
      expect(listening.items.map(({ kind }) => kind)).toEqual(step === 1 ? ["SNAPSHOT", "EVENT"] : ["EVENT"]);
      seen.push(...listening.items.map(({ revision }) => revision));
    }
    expect(seen).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
  }, 120_000);

  it("is resumed by the dashboard's client wherever it is dropped: fifty events, fifty-one connections", async () => {
    const device = "watched-1";
    await assign(device, 0, "F-watch");
    await isKnown(device);
    const revisions: number[] = [];
    let ended: unknown;
    const live = new LiveClient({
      url: new URL("/live", stack.url).href.replace("http:", "ws:"),
      token: () => createToken(dealer("F-watch")),
      place: () => ({ device: `elt:${device}` }),
    });
    const onItem = ({ deviceChanged }: { deviceChanged: { revision: number } }) => {
      revisions.push(deviceChanged.revision);
      live.reconnect();
    };
    const onEnd = (reason: unknown = "complete") => {
      ended = reason;
    };
    const stop = live.watch(WatchDevice, { key: `elt:${device}` }, { onItem, onEnd });
    for (let step = 1; step <= 50; step++) {
      await report(device, step);
      if (step % 3 === 0) await eventually(() => expect(revisions.at(-1)).toBe(step + 1));
    }
    await eventually(() => expect(revisions.at(-1)).toBe(51));
    stop();
    // It may have begun behind the first of them.
    expect(revisions).toEqual(Array.from({ length: revisions.length }, (_, i) => 52 - revisions.length + i));
    expect(revisions.length).toBeGreaterThan(45);
    expect(ended).toBeUndefined();
  }, 120_000);

  it("is closed with 4403 when its token runs out, though nothing happens", async () => {
    await report("expiring-1", 1);
    await isKnown("expiring-1");
    const closings: { code: number; reason: string }[] = [];
    const client = createLiveClient(stack.url, {
      target: { device: "elt:expiring-1" },
      token: await createToken(OPS, "5s"),
      onClosed: ({ code, reason }) => closings.push({ code, reason }),
    });
    const listening = new LiveSubscription(client, CHANGED, { key: "elt:expiring-1" });
    await eventually(() => expect(listening.items).toHaveLength(1));
    await eventually(() => expect(closings).toEqual([{ code: 4403, reason: "Forbidden: the token has expired" }]));
    expect(listening.ended).toMatchObject({ failed: { code: 4403 } });
  });

  it.each([
    ["a token that is none", { token: "x.y.z" }, 4403],
    ["no token", { token: "" }, 4403],
  ])("is closed for %s", async (_, { token }, code) => {
    const client = createLiveClient(stack.url, { target: { device: "elt:any" }, token });
    const listening = new LiveSubscription(client, CHANGED, { key: "elt:any" });
    await eventually(() => expect(listening.ended).toMatchObject({ failed: { code } }));
  });
});

const FEED = `subscription Feed($dealerId: String!, $kinds: [DealerNewsKind!], $minSeverity: AlertSeverity, $after: String) {
  dealerFeed(dealerId: $dealerId, kinds: $kinds, minSeverity: $minSeverity, after: $after) {
    kind
    cursor
    deviceKey
    occurredAt
    consistencyToken
    device { key status }
    alert { alertId severity state }
  }
}`;

const feedOf = (dealerId: string, options: object = {}, scope: Scope = dealer(dealerId)) => {
  const client = createLiveClient(stack.url, { target: { dealer: dealerId }, scope });
  return { client, listening: new LiveSubscription(client, FEED, { dealerId, ...options }) };
};

const kindsIn = (listening: LiveSubscription): string[] => listening.items.map(({ kind }) => kind);

describe("a reassignment", () => {
  it("is the last change delivered to the old dealer, and the first in the new dealer's feed", async () => {
    await assign("moved-1", 1, "F-old");
    await isKnown("moved-1");
    const old = feedOf("F-old");
    const young = feedOf("F-new");
    const watching = new LiveSubscription(
      createLiveClient(stack.url, { target: { device: "elt:moved-1" }, scope: dealer("F-old") }),
      CHANGED,
      { key: "elt:moved-1" },
    );
    for (const { listening } of [old, young]) await eventually(() => expect(kindsIn(listening)).toEqual(["STARTED"]));
    await eventually(() => expect(watching.items).toHaveLength(1));

    await assign("moved-1", 2, "F-new");
    await eventually(() => expect(watching.ended).toBe("completed"));
    expect(watching.items.slice(1)).toMatchObject([{ kind: "LOST", revision: 2, event: null, device: null }]);
    await eventually(() => expect(kindsIn(old.listening)).toEqual(["STARTED", "DEVICE_LOST"]));
    await eventually(() => expect(kindsIn(young.listening)).toEqual(["STARTED", "DEVICE_GAINED"]));
    expect(old.listening.items[1]).toMatchObject({ deviceKey: "elt:moved-1", device: null });
    expect(young.listening.items[1]).toMatchObject({ deviceKey: "elt:moved-1", device: { key: "elt:moved-1" } });

    // From now on it is the new one's alone.
    await raise("moved-1", 3, "critical");
    await eventually(() => expect(kindsIn(young.listening)).toEqual(["STARTED", "DEVICE_GAINED", "ALERT_RAISED"]));
    expect(young.listening.items[2].alert).toEqual({ alertId: "a-3", severity: "CRITICAL", state: "OPEN" });
    expect(kindsIn(old.listening)).toEqual(["STARTED", "DEVICE_LOST"]);
    const again = new LiveSubscription(
      createLiveClient(stack.url, { target: { device: "elt:moved-1" }, scope: dealer("F-old") }),
      CHANGED,
      { key: "elt:moved-1" },
    );
    await eventually(() => expect(again.ended).toMatchObject({ failed: [{ extensions: { code: "NOT_FOUND" } }] }));
    for (const { client } of [old, young]) await client.dispose();
  });
});

describe("a dealer's feed", () => {
  it("delivers only what its filters ask for, and resumes behind a cursor", async () => {
    await assign("fed-1", 1, "F-1");
    await isKnown("fed-1");
    const all = feedOf("F-1");
    const critical = feedOf("F-1", { kinds: ["ALERT_RAISED", "ALERT_CLEARED"], minSeverity: "CRITICAL" });
    for (const { listening } of [all, critical])
      await eventually(() => expect(kindsIn(listening)).toEqual(["STARTED"]));
    await report("fed-1", 2);
    await raise("fed-1", 3, "warning");
    await raise("fed-1", 4, "critical");
    await push("device.elt.alert.cleared", "fed-1", 5, { alertId: "a-4" });
    const wanted = ["STARTED", "DEVICE_CHANGED", "ALERT_RAISED", "ALERT_RAISED", "ALERT_CLEARED"];
    await eventually(() => expect(kindsIn(all.listening).toSorted()).toEqual(wanted.toSorted()));
    await eventually(() => expect(kindsIn(critical.listening)).toHaveLength(3));
    expect(critical.listening.items.slice(1).map(({ alert }) => alert.alertId)).toEqual(["a-4", "a-4"]);

    // Dropped behind the second item, it is told the rest and nothing else.
    const resumed = feedOf("F-1", { after: all.listening.items[1].cursor });
    await eventually(() => expect(resumed.listening.items).toHaveLength(3));
    expect(resumed.listening.items.map(({ cursor }) => cursor)).toEqual(
      all.listening.items.slice(2).map(({ cursor }) => cursor),
    );
    for (const { client } of [all, critical, resumed]) await client.dispose();
  });

  it("is not delivered to another dealer", async () => {
    const { client, listening } = feedOf("F-others", {}, dealer("F-1"));
    await eventually(() => expect(listening.ended).toMatchObject({ failed: [{ extensions: { code: "NOT_FOUND" } }] }));
    await client.dispose();
  });
});

const sse = (scope: Scope, headers: Record<string, string> = {}) =>
  createSseClient({
    url: new URL("/graphql", stack.url).href,
    headers: async () => ({ Authorization: `Bearer ${await createToken(scope)}`, ...headers }),
    retryAttempts: 0,
  });

/** The events of a stream as they come, by hand, so that their ids show. */
async function* eventsOf(
  variables: object,
  { lastEventId, token, accept = "text/event-stream" }: { lastEventId?: string; token?: string; accept?: string } = {},
) {
  const response = await fetch(new URL("/graphql", stack.url), {
    method: "POST",
    headers: {
      Accept: accept,
      "Content-Type": "application/json",
      Authorization: `Bearer ${token ?? (await createToken(OPS))}`,
      ...(lastEventId && { "Last-Event-ID": lastEventId }),
    },
    body: JSON.stringify({ query: CHANGED, variables }),
  });
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks.filter((one) => one.includes("event:"))) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
      yield { id: field("id"), event: field("event"), data: JSON.parse(field("data") || "null") as Result };
    }
  }
}

describe.concurrent("server-sent events", () => {
  it("deliver a device's changes and a dealer's feed to the npm client", async () => {
    await assign("streamed-1", 1, "F-sse");
    await isKnown("streamed-1");
    const client = sse(dealer("F-sse"));
    const changes: Result[] = [];
    const news: Result[] = [];
    const sink = (into: Result[]) => ({
      next: ({ data }: Result) => void into.push(Object.values(data)[0]),
      error: (thrown: unknown) => void into.push({ kind: thrown }),
      complete: () => {},
    });
    const stops = [
      client.subscribe({ query: CHANGED, variables: { key: "elt:streamed-1" } }, sink(changes)),
      client.subscribe({ query: FEED, variables: { dealerId: "F-sse" } }, sink(news)),
    ];
    await eventually(() => expect([changes.length, news.length]).toEqual([1, 1]));
    await raise("streamed-1", 2, "info");
    await eventually(() => expect(changes.map(({ kind }) => kind)).toEqual(["SNAPSHOT", "EVENT"]));
    await eventually(() => expect(news.map(({ kind }) => kind)).toEqual(["STARTED", "ALERT_RAISED"]));
    for (const stop of stops) stop();
  });

  it("resume behind the Last-Event-ID, and end without `complete` when the token expires", async () => {
    await report("resumed-1", 1);
    await isKnown("resumed-1");
    const variables = { key: "elt:resumed-1" };
    const first = eventsOf(variables);
    expect((await first.next()).value).toMatchObject({
      id: "1",
      event: "next",
      data: { data: { deviceChanged: { kind: "SNAPSHOT" } } },
    });
    await first.return(undefined);
    await report("resumed-1", 2);
    await report("resumed-1", 3);
    const second = eventsOf(variables, { lastEventId: "1", token: await createToken(OPS, "4s") });
    const told: Result[] = [];
    for await (const event of second) told.push(event);
    expect(told.map(({ id, event }) => [id, event])).toEqual([
      ["2", "next"],
      ["3", "next"],
    ]);
    expect(told.map(({ data }) => data.data.deviceChanged.kind)).toEqual(["EVENT", "EVENT"]);
  });

  it.each(["text/event-stream;q=0.8", "Text/Event-Stream"])(
    "carry ids for a client that accepts %s",
    async (accept) => {
      await report("accepted-1", 1);
      await isKnown("accepted-1");
      const events = eventsOf({ key: "elt:accepted-1" }, { accept });
      expect((await events.next()).value).toMatchObject({ id: expect.stringMatching(/^[0-9]+$/), event: "next" });
      await events.return(undefined);
    },
  );

  it.each(["application/json", "*/*"])("are refused with 406 to a client that accepts %s", async (accept) => {
    const response = await fetch(new URL("/graphql", stack.url), {
      method: "POST",
      headers: {
        Accept: accept,
        "Content-Type": "application/json",
        Authorization: `Bearer ${await createToken(OPS)}`,
      },
      body: JSON.stringify({ query: CHANGED, variables: { key: "elt:accepted-1" } }),
    });
    expect(response.status).toBe(406);
    const { errors } = (await response.json()) as Result;
    expect(errors[0].extensions.code).toBe("EVENT_STREAM_REQUIRED");
  });

  it("report a mistake as a GraphQL error, and end", async () => {
    const told: Result[] = [];
    for await (const event of eventsOf({ key: "elt:never-heard-of" })) told.push(event);
    expect(told.map(({ event }) => event)).toEqual(["next", "complete"]);
    expect(told[0].data.errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });
});

describe("the path of sockets", () => {
  it.each([
    ["/live", {}, 426],
    ["/live?device=elt:1", {}, 426],
    ["/live/elsewhere", {}, 404],
    ["/live/healthz", {}, 200],
  ])("answers %s without an upgrade", async (path, headers, status) => {
    expect((await fetch(new URL(path, stack.url), { headers })).status).toBe(status);
  });
});
