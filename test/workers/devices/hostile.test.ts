import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signClaims, signToken } from "#auth/token.ts";
import { subscribedSockets } from "../../../workers/devices/live/attachment.ts";
import { MAX_WAITING, MAX_WAITING_BY_ADDRESS, PendingSockets } from "../../../workers/devices/live/pending-sockets.ts";
import { MAX_MESSAGE_LENGTH } from "../../../workers/devices/live/protocol.ts";
import { MAX_SOCKETS_BY_CALLER } from "../../../workers/devices/live/subscriptions.ts";
import {
  assign,
  CHANGED,
  consumeRecords,
  dealerScope,
  env,
  FEED,
  feedOf,
  freshDealer,
  freshDevice,
  OPS,
  objectOf,
  refusalOf,
  report,
  Socket,
  socketsOf,
  watchesOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sockets that count. */
const listenersOf = (stub: ReturnType<typeof objectOf> | ReturnType<typeof feedOf>): Promise<number> =>
  runInDurableObject(stub as never, (_, ctx) => subscribedSockets(ctx).length);

const keptIn = (stub: ReturnType<typeof objectOf>): Promise<string[]> =>
  runInDurableObject(stub as never, (_, { storage }) => [...storage.kv.list()].map(([name]) => name));

describe("a client that is refused", () => {
  it("causes no row in D1 or in the object", async () => {
    const [unknown, others] = [freshDevice(), freshDevice()];
    const dealerId = freshDealer();
    await consumeRecords([assign(others, 1, "D-owner")]);
    for (const key of [unknown, others]) {
      const socket = await Socket.authenticated({ device: key }, dealerScope(dealerId));
      socket.subscribe(CHANGED, { key });
      await socket.received(({ type }) => type === "error");
      expect(await watchesOf(`device ${key}`)).toBeNull();
    }
    const feed = await Socket.authenticated({ dealer: "D-owner" }, dealerScope(dealerId));
    feed.subscribe(FEED, { dealerId: "D-owner" });
    await feed.received(({ type }) => type === "error");
    expect(await watchesOf("dealer D-owner")).toBeNull();
    expect([await keptIn(objectOf(unknown)), await keptIn(objectOf(others))]).toEqual([[], ["memory"]]);
  });
});

describe("a hostile client", () => {
  it("does not lock others out with sockets that never authenticate", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const silent = [];
    for (let i = 0; i < MAX_WAITING + 10; i++) silent.push(await Socket.open({ device: key }));
    const honest = await Socket.authenticated({ device: key });
    honest.subscribe(CHANGED, { key });
    expect(await honest.items(1)).toMatchObject([{ kind: "SNAPSHOT" }]);
    expect((await silent[0]?.closing())?.code).toBe(4408);
    expect(await socketsOf(objectOf(key))).toBeLessThanOrEqual(MAX_WAITING + 1);
  });

  it("closes its own pending sockets and nobody else's", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const honest = await Socket.open({ device: key }, "198.51.100.1");
    for (let i = 0; i < MAX_WAITING + 10; i++) await Socket.open({ device: key }, "203.0.113.9");
    expect(await socketsOf(objectOf(key))).toBeLessThanOrEqual(MAX_WAITING_BY_ADDRESS + 2);
    honest.authenticate(await signToken(OPS, LOCAL_TOKEN_SECRET, "5m"));
    honest.subscribe(CHANGED, { key });
    expect(await honest.items(1)).toMatchObject([{ kind: "SNAPSHOT" }]);
  });

  it("does not keep a dealer out of its feed with hundreds of sockets with another dealer's token", async () => {
    const dealerId = freshDealer();
    const token = await signToken(dealerScope("D-another"), LOCAL_TOKEN_SECRET, "5m");
    for (let i = 0; i < 300; i++) {
      const socket = await Socket.open({ dealer: dealerId }, "203.0.113.9");
      socket.authenticate(token);
      socket.subscribe(FEED, { dealerId });
    }
    expect(await socketsOf(feedOf(dealerId))).toBeLessThanOrEqual(MAX_WAITING_BY_ADDRESS + 1);
    const owner = await Socket.authenticated({ dealer: dealerId }, dealerScope(dealerId));
    owner.subscribe(FEED, { dealerId });
    expect(await owner.items(1)).toMatchObject([{ kind: "STARTED" }]);
    expect(await listenersOf(feedOf(dealerId))).toBe(1);
  });

  it("does not count towards the limits of a device that it may not see", async () => {
    const key = freshDevice();
    await consumeRecords([assign(key, 1, "D-owner")]);
    const token = await signToken(dealerScope("D-another"), LOCAL_TOKEN_SECRET, "5m");
    for (let i = 0; i < 5; i++) {
      const socket = await Socket.open({ device: key });
      socket.authenticate(token);
      socket.subscribe(CHANGED, { key });
      await socket.received(({ type }) => type === "error");
    }
    expect(await listenersOf(objectOf(key))).toBe(0);
  });

  it("has a limited number of sockets, by token and by address, and others still get in", async () => {
    const dealerId = freshDealer();
    const token = await signClaims({ ...dealerScope(dealerId), sub: "screen" }, LOCAL_TOKEN_SECRET, "5m");
    const subscribed = async (address: string, with_ = token) => {
      const socket = await Socket.open({ dealer: dealerId }, address);
      socket.authenticate(with_);
      socket.subscribe(FEED, { dealerId });
      const { type, payload } = await socket.received((message) => message.type === "next" || message.type === "error");
      return type === "next" ? "subscribed" : payload[0].extensions.code;
    };
    for (let i = 0; i < MAX_SOCKETS_BY_CALLER; i++) expect(await subscribed(`203.0.113.${i}`)).toBe("subscribed");
    expect(await subscribed("198.51.100.1")).toBe("TOO_MANY_SOCKETS");
    const other = await signClaims({ ...dealerScope(dealerId), sub: "another screen" }, LOCAL_TOKEN_SECRET, "5m");
    expect(await subscribed("198.51.100.1", other)).toBe("subscribed");
  });

  it("is closed soon if it does not subscribe, or ends its last subscription", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const key = freshDevice();
      await consumeRecords([report(key, 1)]);
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
      (socket) => socket.send(`{"type":"ping","payload":{"a":"${"x".repeat(MAX_MESSAGE_LENGTH)}"}}`),
      4400,
    ],
    [
      "a message that nests too deep",
      (socket) => socket.send(`{"type":"connection_init","payload":{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}}`),
      4403,
    ],
    ["an end of what it may not have begun", (socket) => socket.send({ type: "complete", id: "1" }), 4401],
  ])("is closed for %s, and others stay open", async (_, act, code) => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const other = await Socket.authenticated({ device: key });
    other.subscribe(CHANGED, { key });
    await other.items(1);
    const socket = await Socket.open({ device: key });
    act(socket);
    expect((await socket.closing()).code).toBe(code);
    await consumeRecords([report(key, 2)]);
    expect(await other.items(2)).toMatchObject([{ kind: "SNAPSHOT" }, { kind: "EVENT" }]);
  });

  it("is closed for a token that does not fit a socket's attachment", async () => {
    const socket = await Socket.open({ device: freshDevice() });
    const scope = dealerScope(...Array.from({ length: 100 }, (_, i) => `${i}-${"€".repeat(100)}`));
    const token = await signToken(scope, LOCAL_TOKEN_SECRET, "5m");
    socket.send({ type: "connection_init", payload: { Authorization: `Bearer ${token}` } });
    expect(await socket.closing()).toEqual({ code: 4403, reason: "Forbidden: the token is too large for a socket" });
  });

  it("receives each revision once, like all others, with variables that only use up space", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const sockets = [await Socket.authenticated({ device: key }), await Socket.authenticated({ device: key })];
    const numbers = Array.from({ length: 2_000 }, () => 0.5);
    sockets[0]?.subscribe(CHANGED, { key, junk: numbers, more: "é".repeat(9_000) });
    sockets[1]?.subscribe(CHANGED, { key });
    for (const socket of sockets) await socket.items(1);
    for (let second = 2; second <= 6; second++) await consumeRecords([report(key, second)]);
    for (const socket of sockets) {
      expect((await socket.items(6)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it("is refused subscriptions that do not fit the socket's attachment", async () => {
    const dealerId = freshDealer();
    const socket = await Socket.authenticated({ dealer: dealerId });
    const query =
      "subscription ($dealerId: String!, $kinds: [DealerNewsKind!]) { dealerFeed(dealerId: $dealerId, kinds: $kinds) { kind } }";
    socket.subscribe(query, { dealerId, kinds: Array.from({ length: 2_000 }, () => "ALERT_RAISED") });
    const { payload } = await socket.received(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "COST_LIMIT" } }]);
    socket.subscribe(FEED, { dealerId }, "2");
    expect(await socket.items(1, "2")).toMatchObject([{ kind: "STARTED" }]);
  });

  it("leaves no document stored for a subscription that never started", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const socket = await Socket.authenticated({ device: key });
    for (let i = 0; i < 5; i++) {
      socket.subscribe(`subscription S${i} { deviceChanged(key: "elt:other") { kind } }`, {}, `s-${i}`);
      await socket.received(({ type, id }) => type === "error" && id === `s-${i}`);
    }
    expect(await keptIn(objectOf(key))).toEqual(["memory"]);
  });

  it("cannot open sockets faster than the rate limit of its address", async () => {
    const limited = { ...env, RATE_LIMIT: { limit: async () => ({ success: false }) } };
    for (const path of ["/live?device=elt:1", "/live", "/graphql"]) {
      expect(await refusalOf(path, {}, limited)).toEqual({ code: 4429, reason: "Too many requests: retry in 60 s" });
    }
  });
});
