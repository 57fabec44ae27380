import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signClaims, signToken } from "../../../src/shared/auth/token.ts";
import { WatchRepository } from "../../../src/shared/repositories/watch.ts";
import { listening } from "../../../workers/devices/live/attachment.ts";
import { LEASE_MS } from "../../../workers/devices/live/lease.ts";
import { MAX_WAITING, MAX_WAITING_BY_ADDRESS, PendingSockets } from "../../../workers/devices/live/pending-sockets.ts";
import { MAX_MESSAGE_LENGTH } from "../../../workers/devices/live/protocol.ts";
import { MAX_SOCKETS_BY_CALLER } from "../../../workers/devices/live/subscriptions.ts";
import {
  alarmOf,
  assign,
  CHANGED,
  consumerDeps,
  dealerScope,
  endLease,
  env,
  FEED,
  feedOf,
  freshDealer,
  freshDevice,
  happen,
  knock,
  OPS,
  objectOf,
  raise,
  redeploy,
  report,
  Socket,
  snapshotOf,
  socketsOf,
  watchesOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sockets that count. */
const listenersOf = (stub: ReturnType<typeof objectOf> | ReturnType<typeof feedOf>): Promise<number> =>
  runInDurableObject(stub as never, (_, ctx) => listening(ctx).length);

const keptIn = (stub: ReturnType<typeof objectOf>): Promise<string[]> =>
  runInDurableObject(stub as never, (_, { storage }) => [...storage.kv.list()].map(([name]) => name));

describe("a dealer is not told", () => {
  it("what has become of a device since it lost it", async () => {
    const key = freshDevice();
    await happen([assign(key, 1, "D-x")]);
    await happen([report(key, 2)]);
    await happen([assign(key, 3, "D-y")]);
    await happen([report(key, 4)]);
    const socket = await Socket.greeted({ device: key }, dealerScope("D-x"));
    socket.subscribe(CHANGED, { key, afterRevision: 1 });
    await socket.heard(({ type }) => type === "complete");
    expect(await socket.items(1)).toEqual([{ kind: "LOST", revision: 3, event: null, device: null }]);
  });

  it("of anything when it asks for all that ever happened to a device that it had once", async () => {
    const key = freshDevice();
    await happen([assign(key, 1, "D-x"), report(key, 2), assign(key, 3, "D-y")]);
    const socket = await Socket.greeted({ device: key }, dealerScope("D-x"));
    socket.subscribe(CHANGED, { key, afterRevision: 0 });
    const { payload } = await socket.heard(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });

  it("what an object remembers that nobody has kept up to date since it lost the device", async () => {
    const key = freshDevice();
    const [former, dealerId] = [freshDealer(), freshDealer()];
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    const live = consumerDeps("live");
    await happen([assign(key, 1, former)], live);
    const first = await Socket.greeted({ device: key }, dealerScope(former));
    first.subscribe(CHANGED, { key });
    await first.items(1);
    first.leave();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    await endLease(objectOf(key));
    await happen([assign(key, 2, dealerId)], live);
    for (const afterRevision of [null, 1]) {
      const again = await Socket.greeted({ device: key }, dealerScope(former));
      again.subscribe(CHANGED, { key, afterRevision });
      const { payload } = await again.heard(({ type }) => type === "error");
      expect(payload).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
    }
  });

  it("what happened to its device before it had it, nor of alerts from then", async () => {
    const key = freshDevice();
    const dealerId = freshDealer();
    await happen([assign(key, 1, "D-before"), raise(key, 2)]);
    await happen([assign(key, 10, dealerId)]);
    const device = await Socket.greeted({ device: key }, dealerScope(dealerId));
    device.subscribe(CHANGED, { key });
    const feed = await Socket.greeted({ dealer: dealerId }, dealerScope(dealerId));
    feed.subscribe(FEED, { dealerId });
    await Promise.all([device.items(1), feed.items(1)]);
    // Late: all of these are from the other's time, and one changes what the device is by now.
    await happen([report(key, 3)]);
    await happen([{ ...raise(key, 2), value: raise(key, 2).value?.replace("It is wrong.", "It was wrong.") ?? "" }]);
    await happen([report(key, 11)]);
    expect(await device.items(4)).toMatchObject([
      { kind: "SNAPSHOT" },
      { kind: "EVENT", event: null, device: { report: { indoorTemperatureC: 3 / 4 } } },
      { kind: "EVENT", event: null },
      { kind: "EVENT", event: { topic: "device.elt.status.reported" } },
    ]);
    expect(await feed.items(3)).toMatchObject([
      { kind: "STARTED" },
      { kind: "DEVICE_CHANGED", deviceKey: key, topic: null, occurredAt: null },
      { kind: "DEVICE_CHANGED", topic: "device.elt.status.reported" },
    ]);
  });

  it("and cannot ask by a filter, how bad an alert was that is another's", async () => {
    const key = freshDevice();
    const dealerId = freshDealer();
    const former = freshDealer();
    await happen([assign(key, 1, former), raise(key, 2, "critical")]);
    await happen([assign(key, 10, dealerId)]);
    const [own, others] = await Promise.all(
      [former, dealerId].map(async (id) => {
        const socket = await Socket.greeted({ dealer: id }, dealerScope(id));
        socket.subscribe(FEED, { dealerId: id, minSeverity: "CRITICAL" });
        await socket.items(1);
        return socket;
      }),
    );
    const cleared = { ...raise(key, 12), topic: "device.elt.alert.cleared" };
    const value = JSON.parse(cleared.value ?? "{}");
    await happen([{ ...cleared, value: JSON.stringify({ ...value, data: { alertId: "a-2" } }) }, report(key, 13)]);
    // The one may not see the device any more, and the other never saw the alert.
    await happen([report(key, 14)]);
    expect(await others?.items(3)).toMatchObject([
      { kind: "STARTED" },
      { kind: "DEVICE_CHANGED" },
      { kind: "DEVICE_CHANGED" },
    ]);
    expect(own?.messages).toHaveLength(2);
  });

  it("late that a device is lost, where it goes through several hands at once", async () => {
    const key = freshDevice();
    const [old, young] = [freshDealer(), freshDealer()];
    await happen([assign(key, 1, old)]);
    const sockets = await Promise.all(
      [old, young].map(async (dealerId) => {
        const socket = await Socket.greeted({ dealer: dealerId }, dealerScope(dealerId));
        socket.subscribe(FEED, { dealerId });
        await socket.items(1);
        return socket;
      }),
    );
    await happen([assign(key, 2, "D-between"), assign(key, 3, young)]);
    expect(await sockets[0]?.items(2)).toMatchObject([{ kind: "STARTED" }, { kind: "DEVICE_LOST", topic: null }]);
    expect(await sockets[1]?.items(2)).toMatchObject([{ kind: "STARTED" }, { kind: "DEVICE_GAINED" }]);
  });
});

describe("whoever is refused", () => {
  it("has caused no row in D1, nor in the object", async () => {
    const [unknown, others] = [freshDevice(), freshDevice()];
    const dealerId = freshDealer();
    await happen([assign(others, 1, "D-owner")]);
    for (const key of [unknown, others]) {
      const socket = await Socket.greeted({ device: key }, dealerScope(dealerId));
      socket.subscribe(CHANGED, { key });
      await socket.heard(({ type }) => type === "error");
      expect(await watchesOf(`device ${key}`)).toBeNull();
    }
    const feed = await Socket.greeted({ dealer: "D-owner" }, dealerScope(dealerId));
    feed.subscribe(FEED, { dealerId: "D-owner" });
    await feed.heard(({ type }) => type === "error");
    expect(await watchesOf("dealer D-owner")).toBeNull();
    expect([await keptIn(objectOf(unknown)), await keptIn(objectOf(others))]).toEqual([[], ["memory"]]);
  });
});

describe("a hostile client", () => {
  it("does not lock others out by sockets that stay silent", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const silent = [];
    for (let i = 0; i < MAX_WAITING + 10; i++) silent.push(await Socket.open({ device: key }));
    const honest = await Socket.greeted({ device: key });
    honest.subscribe(CHANGED, { key });
    expect(await honest.items(1)).toMatchObject([{ kind: "SNAPSHOT" }]);
    expect((await silent[0]?.closing())?.code).toBe(4408);
    expect(await socketsOf(objectOf(key))).toBeLessThanOrEqual(MAX_WAITING + 1);
  });

  it("sends away its own waiting sockets and nobody else's", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const honest = await Socket.open({ device: key }, "198.51.100.1");
    for (let i = 0; i < MAX_WAITING + 10; i++) await Socket.open({ device: key }, "203.0.113.9");
    expect(await socketsOf(objectOf(key))).toBeLessThanOrEqual(MAX_WAITING_BY_ADDRESS + 2);
    honest.init(await signToken(OPS, LOCAL_TOKEN_SECRET, "5m"));
    honest.subscribe(CHANGED, { key });
    expect(await honest.items(1)).toMatchObject([{ kind: "SNAPSHOT" }]);
  });

  it("does not keep a dealer out of its feed by hundreds of sockets with another dealer's token", async () => {
    const dealerId = freshDealer();
    const token = await signToken(dealerScope("D-another"), LOCAL_TOKEN_SECRET, "5m");
    for (let i = 0; i < 300; i++) {
      const socket = await Socket.open({ dealer: dealerId }, "203.0.113.9");
      socket.init(token);
      socket.subscribe(FEED, { dealerId });
    }
    expect(await socketsOf(feedOf(dealerId))).toBeLessThanOrEqual(MAX_WAITING_BY_ADDRESS + 1);
    const owner = await Socket.greeted({ dealer: dealerId }, dealerScope(dealerId));
    owner.subscribe(FEED, { dealerId });
    expect(await owner.items(1)).toMatchObject([{ kind: "STARTED" }]);
    expect(await listenersOf(feedOf(dealerId))).toBe(1);
  });

  it("does not count where it may see nothing: a device that is another's", async () => {
    const key = freshDevice();
    await happen([assign(key, 1, "D-owner")]);
    const token = await signToken(dealerScope("D-another"), LOCAL_TOKEN_SECRET, "5m");
    for (let i = 0; i < 5; i++) {
      const socket = await Socket.open({ device: key });
      socket.init(token);
      socket.subscribe(CHANGED, { key });
      await socket.heard(({ type }) => type === "error");
    }
    expect(await listenersOf(objectOf(key))).toBe(0);
  });

  it("has so many sockets and no more, by its token and by its address, and others still get in", async () => {
    const dealerId = freshDealer();
    const token = await signClaims({ ...dealerScope(dealerId), sub: "screen" }, LOCAL_TOKEN_SECRET, "5m");
    const subscribed = async (address: string, with_ = token) => {
      const socket = await Socket.open({ dealer: dealerId }, address);
      socket.init(with_);
      socket.subscribe(FEED, { dealerId });
      const { type, payload } = await socket.heard((message) => message.type === "next" || message.type === "error");
      return type === "next" ? "subscribed" : payload[0].extensions.code;
    };
    for (let i = 0; i < MAX_SOCKETS_BY_CALLER; i++) expect(await subscribed(`203.0.113.${i}`)).toBe("subscribed");
    expect(await subscribed("198.51.100.1")).toBe("TOO_MANY_SOCKETS");
    const other = await signClaims({ ...dealerScope(dealerId), sub: "another screen" }, LOCAL_TOKEN_SECRET, "5m");
    expect(await subscribed("198.51.100.1", other)).toBe("subscribed");
  });

  it("is closed soon when it subscribes to nothing, or to nothing any more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const key = freshDevice();
      await happen([report(key, 1)]);
      const room: [WebSocket, string][] = [];
      const waiting = new PendingSockets((socket, awaited) => void room.push([socket, awaited]));
      const [idle, greeted] = [{}, {}] as [WebSocket, WebSocket];
      waiting.enter(idle, "a", "init");
      waiting.enter(greeted, "a", "init");
      waiting.enter(greeted, "a", "subscription");
      vi.advanceTimersByTime(10_000);
      expect(room).toEqual([[idle, "init"]]);
      vi.advanceTimersByTime(20_000);
      expect(room).toEqual([
        [idle, "init"],
        [greeted, "subscription"],
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each<[string, (socket: Socket) => void, number]>([
    [
      "a message that is too long",
      (socket) => socket.say(`{"type":"ping","payload":{"a":"${"x".repeat(MAX_MESSAGE_LENGTH)}"}}`),
      4400,
    ],
    [
      "a message that nests too deep",
      (socket) => socket.say(`{"type":"connection_init","payload":{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}}`),
      4403,
    ],
    ["an end of what it may not have begun", (socket) => socket.say({ type: "complete", id: "1" }), 4401],
  ])("is closed for %s, and others go on", async (_, act, code) => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const other = await Socket.greeted({ device: key });
    other.subscribe(CHANGED, { key });
    await other.items(1);
    const socket = await Socket.open({ device: key });
    act(socket);
    expect((await socket.closing()).code).toBe(code);
    await happen([report(key, 2)]);
    expect(await other.items(2)).toMatchObject([{ kind: "SNAPSHOT" }, { kind: "EVENT" }]);
  });

  it("is closed for a token that no socket has room for", async () => {
    const socket = await Socket.open({ device: freshDevice() });
    const scope = dealerScope(...Array.from({ length: 100 }, (_, i) => `${i}-${"€".repeat(100)}`));
    const token = await signToken(scope, LOCAL_TOKEN_SECRET, "5m");
    socket.say({ type: "connection_init", payload: { Authorization: `Bearer ${token}` } });
    expect(await socket.closing()).toEqual({ code: 4403, reason: "Forbidden: the token is too large for a socket" });
  });

  it("is told each revision once, as all others are, with variables that only take up room", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const sockets = [await Socket.greeted({ device: key }), await Socket.greeted({ device: key })];
    const numbers = Array.from({ length: 2_000 }, () => 0.5);
    sockets[0]?.subscribe(CHANGED, { key, junk: numbers, more: "é".repeat(9_000) });
    sockets[1]?.subscribe(CHANGED, { key });
    for (const socket of sockets) await socket.items(1);
    for (let second = 2; second <= 6; second++) await happen([report(key, second)]);
    for (const socket of sockets) {
      expect((await socket.items(6)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it("is refused what a socket has no room for", async () => {
    const dealerId = freshDealer();
    const socket = await Socket.greeted({ dealer: dealerId });
    const query =
      "subscription ($dealerId: String!, $kinds: [DealerNewsKind!]) { dealerFeed(dealerId: $dealerId, kinds: $kinds) { kind } }";
    socket.subscribe(query, { dealerId, kinds: Array.from({ length: 2_000 }, () => "ALERT_RAISED") });
    const { payload } = await socket.heard(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "COST_LIMIT" } }]);
    socket.subscribe(FEED, { dealerId }, "2");
    expect(await socket.items(1, "2")).toMatchObject([{ kind: "STARTED" }]);
  });

  it("leaves no document behind that nobody was told anything by", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const socket = await Socket.greeted({ device: key });
    for (let i = 0; i < 5; i++) {
      socket.subscribe(`subscription S${i} { deviceChanged(key: "elt:other") { kind } }`, {}, `s-${i}`);
      await socket.heard(({ type, id }) => type === "error" && id === `s-${i}`);
    }
    expect(await keptIn(objectOf(key))).toEqual(["memory"]);
  });

  it("cannot open sockets faster than an address may", async () => {
    const limited = { ...env, RATE_LIMIT: { limit: async () => ({ success: false }) } };
    expect((await knock("/live?device=elt:1", {}, limited)).status).toBe(429);
  });
});

describe("while D1 is out of reach", () => {
  it("a watch is renewed again and again, but not at once", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const socket = await Socket.greeted({ device: key });
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    const outage = vi.fn(() => Promise.reject(new Error("D1_ERROR: Network connection lost.")));
    const prepare = env.DB.prepare.bind(env.DB);
    await redeploy(objectOf(key), {
      DB: { withSession: () => ({ prepare, batch: outage, getBookmark: () => null }) } as never,
    });
    const now = Date.now() + LEASE_MS / 2;
    vi.spyOn(Date, "now").mockReturnValue(now);
    await runDurableObjectAlarm(objectOf(key));
    expect(outage).toHaveBeenCalledOnce();
    expect(await alarmOf(objectOf(key))).toBe(now + 30_000);
  });
});

describe("a watch", () => {
  it("is not let go for somebody who came back meanwhile", async () => {
    const watches = new WatchRepository(env.DB);
    const watched = { kind: "dealer", dealerId: freshDealer() } as const;
    await watches.register(watched, LEASE_MS);
    await watches.forget(watched, LEASE_MS);
    expect(await watchesOf(`dealer ${watched.dealerId}`)).not.toBeNull();
    await watches.register(watched, LEASE_MS / 4);
    await watches.forget(watched, LEASE_MS);
    expect(await watchesOf(`dealer ${watched.dealerId}`)).toBeNull();
  });

  it("takes nothing from the history of an object that D1 is ahead of", async () => {
    const key = freshDevice();
    await happen(Array.from({ length: 20 }, (_, i) => report(key, i)));
    // The consumer is between D1 and the object.
    void happen([report(key, 30)], { ...consumerDeps(), mergeIntoObject: () => new Promise(() => {}) });
    await vi.waitFor(async () => {
      const aspects = await env.DB.prepare("SELECT aspects FROM devices WHERE key = ?1")
        .bind(key)
        .first<string>("aspects");
      expect(JSON.parse(aspects ?? "{}").status.value.indoorTemperatureC).toBe(7.5);
    });
    const socket = await Socket.greeted({ device: key });
    socket.subscribe(CHANGED, { key, afterRevision: 20 });
    expect(await socket.items(1)).toMatchObject([
      { kind: "GAP", revision: 21, device: { report: { indoorTemperatureC: 7.5 } } },
    ]);
    await happen([report(key, 31)]);
    expect((await socket.items(2)).map(({ kind }) => kind)).toEqual(["GAP", "EVENT"]);
    expect((await snapshotOf(key))?.history).toHaveLength(21);
  });
});

it.each([
  ["a record that took its consumer down", { suspect: true } as const],
  ["a letter that is replayed", { letterId: "letter-1" }],
])("Dealers are told of %s, if nobody told them before", async (_, mark) => {
  const key = freshDevice();
  const dealerId = freshDealer();
  await happen([assign(key, 1, dealerId)]);
  const feed = await Socket.greeted({ dealer: dealerId }, dealerScope(dealerId));
  feed.subscribe(FEED, { dealerId });
  await feed.items(1);
  const record = report(key, 2);
  await happen([record], { ...consumerDeps(), announce: async () => {} });
  await happen([{ ...record, ...mark }]);
  expect(await feed.items(2)).toMatchObject([{ kind: "STARTED" }, { kind: "DEVICE_CHANGED" }]);
});
