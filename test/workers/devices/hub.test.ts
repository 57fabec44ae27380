import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import {
  byDevice,
  connected,
  devicesWith,
  FEEDS,
  followersOf,
  followsIn,
  freshAddress,
  MANY,
  nameOf,
  revisionsOf,
} from "./hub-support.ts";
import {
  assign,
  CHANGED,
  consumeRecords,
  dealerScope,
  endLease,
  env,
  FEED,
  feedOf,
  freshDealer,
  freshDevice,
  hubOf,
  objectOf,
  raise,
  report,
  watchesOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("one socket of a hub", () => {
  it("carries subscriptions of devices and dealers, one and many, and each gets its own", async () => {
    const [first, second] = (await devicesWith(2)) as [DeviceKey, DeviceKey];
    const dealerId = freshDealer();
    await consumeRecords([assign(second, 2, dealerId)]);
    const { socket } = await connected();
    socket.subscribe(CHANGED, { key: first }, "one");
    socket.subscribe(MANY, { keys: [first, second] }, "many");
    socket.subscribe(FEED, { dealerId }, "feed");
    socket.subscribe(FEEDS, { dealerIds: [dealerId, freshDealer()] }, "feeds");
    await Promise.all([
      socket.items(1, "one"),
      socket.items(2, "many"),
      socket.items(1, "feed"),
      socket.items(2, "feeds"),
    ]);
    await consumeRecords([report(first, 3), report(second, 4)]);
    expect(revisionsOf(await socket.items(2, "one"))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
    const many = await socket.items(4, "many");
    expect(byDevice(many, first)).toEqual(["SNAPSHOT 1", "EVENT 2"]);
    expect(byDevice(many, second)).toEqual(["SNAPSHOT 2", "EVENT 3"]);
    expect(await socket.items(2, "feed")).toMatchObject([{ kind: "STARTED" }, { deviceKey: second }]);
    const feeds = await socket.items(3, "feeds");
    expect(feeds[2]).toMatchObject({ kind: "DEVICE_CHANGED", dealerId, deviceKey: second });
  });

  it("resumes a list of devices by one cursor, on another socket and in another hub", async () => {
    const keys = await devicesWith(3);
    const { socket } = await connected();
    socket.subscribe(MANY, { keys });
    await socket.items(3);
    await consumeRecords([report(keys[0] as DeviceKey, 2)]);
    const after = (await socket.items(4))[3].cursor;
    socket.close();
    await consumeRecords(keys.map((key) => report(key, 3)));
    const again = await connected();
    again.socket.subscribe(MANY, { keys, after });
    const items = await again.socket.items(3);
    expect(keys.flatMap((key) => byDevice(items, key))).toEqual(["EVENT 3", "EVENT 2", "EVENT 2"]);
    await consumeRecords([report(keys[1] as DeviceKey, 4)]);
    expect(revisionsOf((await again.socket.items(4)).slice(3))).toEqual(["EVENT 3"]);
  });

  it("filters a feed for each of its subscriptions", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    await consumeRecords([assign(key, 1, dealerId)]);
    const { socket } = await connected();
    socket.subscribe(FEEDS, { dealerIds: [dealerId] }, "all");
    socket.subscribe(FEEDS, { dealerIds: [dealerId], minSeverity: "CRITICAL" }, "critical");
    await Promise.all([socket.items(1, "all"), socket.items(1, "critical")]);
    await consumeRecords([raise(key, 2, "warning"), raise(key, 3, "critical")]);
    expect((await socket.items(3, "all")).map(({ kind }) => kind)).toEqual(["STARTED", "ALERT_RAISED", "ALERT_RAISED"]);
    expect((await socket.items(2, "critical")).map(({ kind }) => kind)).toEqual(["STARTED", "ALERT_RAISED"]);
  });

  it("says LOST of a device that is not there, goes on with the others, and completes without any", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const nobody = freshDevice();
    const { socket } = await connected();
    socket.subscribe(MANY, { keys: [nobody, key] });
    socket.subscribe(MANY, { keys: [nobody] }, "none");
    await socket.received(({ type, id }) => type === "complete" && id === "none");
    expect(await socket.items(1, "none")).toMatchObject([{ kind: "LOST", deviceKey: nobody, device: null }]);
    await socket.items(2);
    await consumeRecords([report(key, 2)]);
    const items = await socket.items(3);
    expect(byDevice(items, nobody)).toEqual(["LOST 0"]);
    expect(byDevice(items, key)).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it.each<[string, object, string]>([
    ["a device that is not there", { query: CHANGED, variables: { key: "elt:nowhere" } }, "NOT_FOUND"],
    ["syntax", { query: "subscription {" }, "GRAPHQL_PARSE_FAILED"],
    [
      "a cursor of another list",
      { query: MANY, variables: { keys: ["elt:1", "elt:2"], after: "12" } },
      "BAD_USER_INPUT",
    ],
    ["a dealer with a very long name", { query: FEED, variables: { dealerId: "x".repeat(200) } }, "NOT_FOUND"],
  ])("refuses %s, and nothing else", async (_, payload, code) => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket } = await connected();
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    socket.send({ type: "subscribe", id: "2", payload });
    const { payload: errors } = await socket.received(({ type, id }) => type === "error" && id === "2");
    expect(errors).toMatchObject([{ extensions: { code } }]);
    await consumeRecords([report(key, 2)]);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it("uses an id once at a time, and again after its subscription has ended", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket, hub } = await connected();
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    socket.send({ type: "complete", id: "1" });
    socket.subscribe(CHANGED, { key });
    await socket.items(2);
    await evictDurableObject(hub);
    socket.subscribe(CHANGED, { key });
    expect((await socket.closing()).code).toBe(4409);
  });

  it("follows at most 500 devices and dealers", async () => {
    const { socket } = await connected();
    const dealerIds = Array.from({ length: 20 }, freshDealer);
    for (let n = 0; n < 25; n++) socket.subscribe(FEEDS, { dealerIds }, `${n}`);
    for (let n = 0; n < 25; n++) await socket.items(20, `${n}`);
    socket.subscribe(FEED, { dealerId: freshDealer() }, "more");
    const { payload } = await socket.received(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "COST_LIMIT" } }]);
    socket.close();
  });

  it("stays open without a subscription", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { socket } = await connected();
    vi.advanceTimersByTime(120_000);
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(socket.closed).toBeUndefined();
  });
});

describe("two scopes on one hub", () => {
  it("never see each other's, and a dealer that loses a device gets LOST and nothing after", async () => {
    const key = freshDevice();
    const [former, next] = [freshDealer(), freshDealer()];
    await consumeRecords([assign(key, 1, former)]);
    const address = freshAddress();
    const [a, b, all] = await Promise.all(
      [dealerScope(former), dealerScope(next), undefined].map((scope) => connected(scope, { address })),
    );
    if (!a || !b || !all) throw new Error("three sockets");
    const other = (await devicesWith(1))[0] as DeviceKey;
    await consumeRecords([assign(other, 2, former)]);
    for (const { socket } of [a, b, all]) socket.subscribe(MANY, { keys: [key, other] });
    b.socket.subscribe(FEED, { dealerId: former }, "feed");
    a.socket.subscribe(FEEDS, { dealerIds: [former, next] }, "feeds");
    for (const [{ socket }, id] of [[b, "feed"] as const, [a, "feeds"] as const]) {
      const { payload } = await socket.received((message) => message.type === "error" && message.id === id);
      expect(payload).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
    }
    await Promise.all([a.socket.items(2), all.socket.items(2), b.socket.items(2)]);
    expect((await b.socket.items(2)).map(({ kind, device }) => [kind, device])).toEqual([
      ["LOST", null],
      ["LOST", null],
    ]);
    await consumeRecords([assign(key, 3, next)]);
    await consumeRecords([report(key, 4), report(other, 5)]);
    expect(byDevice(await all.socket.items(5), key)).toEqual(["SNAPSHOT 1", "EVENT 2", "EVENT 3"]);
    const items = await a.socket.items(4);
    expect(byDevice(items, key)).toEqual(["SNAPSHOT 1", "LOST 2"]);
    expect(byDevice(items, other)).toEqual(["SNAPSHOT 2", "EVENT 3"]);
    expect(items.find(({ kind }) => kind === "LOST")).toMatchObject({ event: null, device: null });
  });
});

describe("what a hub follows", () => {
  it("is let go when its last subscription ends, and no watch is left behind", async () => {
    const keys = await devicesWith(2);
    const dealerId = freshDealer();
    const { socket, address } = await connected();
    const second = await connected(undefined, { address });
    socket.subscribe(MANY, { keys });
    socket.subscribe(FEED, { dealerId }, "feed");
    second.socket.subscribe(CHANGED, { key: keys[0] });
    await Promise.all([socket.items(2), socket.items(1, "feed"), second.socket.items(1)]);
    const objects = [objectOf(keys[0] as DeviceKey), objectOf(keys[1] as DeviceKey), feedOf(dealerId)] as const;
    for (const object of objects) expect(await followersOf(object)).toEqual([nameOf(address)]);
    expect(await watchesOf(`dealer ${dealerId}`)).toBeGreaterThan(Date.now());
    socket.send({ type: "complete", id: "feed" });
    await vi.waitFor(async () => expect(await followersOf(objects[2])).toEqual([]));
    socket.close();
    await vi.waitFor(async () => expect(await followersOf(objects[1])).toEqual([]));
    expect(await followersOf(objects[0])).toEqual([nameOf(address)]);
    second.socket.close();
    await vi.waitFor(async () => expect(await followersOf(objects[0])).toEqual([]));
    for (const object of objects) await endLease(object);
    for (const id of [...keys.map((key) => `device ${key}`), `dealer ${dealerId}`]) {
      expect(await watchesOf(id)).toBeNull();
    }
    expect(
      await followsIn(
        hubOf(address),
        keys.map((key) => `device ${key}`),
      ),
    ).toBe(0);
  });

  it("keeps its watch in D1 while it is followed", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket } = await connected();
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    const until = await watchesOf(`device ${key}`);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 10 * 60_000);
    await runDurableObjectAlarm(objectOf(key) as never);
    await env.DB.prepare("SELECT 1").run();
    expect(await watchesOf(`device ${key}`)).toBeGreaterThanOrEqual(until ?? 0);
    vi.restoreAllMocks();
    await consumeRecords([report(key, 2)]);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it("is delivered while the hub and the objects sleep between any two steps", async () => {
    const keys = await devicesWith(2);
    const { socket, hub } = await connected();
    const sleep = async () => {
      await evictDurableObject(hub);
      for (const key of keys) await evictDurableObject(objectOf(key));
    };
    await sleep();
    socket.subscribe(MANY, { keys });
    await socket.items(2);
    for (let second = 2; second < 6; second++) {
      await sleep();
      await consumeRecords(keys.map((key) => report(key, second)));
      await socket.items(2 * second);
    }
    for (const key of keys)
      expect(byDevice(await socket.items(10), key)).toEqual(["SNAPSHOT 1", "EVENT 2", "EVENT 3", "EVENT 4", "EVENT 5"]);
    await sleep();
    socket.send({ type: "complete", id: "1" });
    await vi.waitFor(async () => expect(await followersOf(objectOf(keys[0] as DeviceKey))).toEqual([]));
  });
});
