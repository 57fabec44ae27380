import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { HOUR_MS } from "#domain/time.ts";
import type { Followable, Offer } from "#objects/hub.ts";
import type { DeviceSink, FeedSink } from "#objects/requests.ts";
import type { ConsumeDeps } from "../../../workers/ingest/consume.ts";
import {
  connected,
  deliverTo,
  devicesWith,
  FEEDS,
  followersOf,
  followsIn,
  holdingDeps,
  MANY,
  nameOf,
  revisionsOf,
  withObjects,
} from "./hub-support.ts";
import {
  assign,
  CHANGED,
  consumeRecords,
  consumerDeps,
  endLease,
  env,
  FEED,
  feedOf,
  freshDealer,
  freshDevice,
  hubOf,
  objectOf,
  redeploy,
  report,
  watchesOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A device with a subscriber on a hub, and a consumer whose offers wait for the test to deliver them. */
async function followed() {
  const [key] = (await devicesWith(1)) as [DeviceKey];
  const { socket, hub, address } = await connected();
  socket.subscribe(CHANGED, { key });
  await socket.items(1);
  const deps = holdingDeps();
  const publish = async (second: number): Promise<readonly Offer[]> => {
    const before = deps.held.length;
    await consumeRecords([report(key, second)], deps);
    return deps.held.slice(before).flatMap(({ offers }) => offers);
  };
  return { key, socket, hub, address, deps, publish };
}

const outage = () => Promise.reject(new Error("Network connection lost."));

const FIVE = ["SNAPSHOT 1", "EVENT 2", "EVENT 3", "EVENT 4", "EVENT 5"];

describe("offers to a hub", () => {
  it("are repeated, and each item is delivered once", async () => {
    const { socket, hub, publish } = await followed();
    const all: Offer[] = [];
    for (let second = 2; second < 6; second++) {
      all.push(...(await publish(second)));
      await deliverTo(hub, all);
      await deliverTo(hub, all);
    }
    await socket.items(5);
    await deliverTo(hub, [...all].reverse());
    expect(revisionsOf(await socket.items(5))).toEqual(FIVE);
  });

  it("are reordered, and items are delivered in order", async () => {
    const { socket, hub, publish } = await followed();
    const all: Offer[] = [];
    for (let second = 2; second < 6; second++) all.push(...(await publish(second)));
    for (const offer of [all[2], all[0], all[3], all[1]]) if (offer) await deliverTo(hub, [offer]);
    expect(revisionsOf(await socket.items(5))).toEqual(FIVE);
  });

  it("are lost, and the next one brings what is missing", async () => {
    const { socket, hub, publish } = await followed();
    for (let second = 2; second < 5; second++) await publish(second);
    await deliverTo(hub, await publish(5));
    expect(revisionsOf(await socket.items(5))).toEqual(FIVE);
  });

  it("are of an object whose storage was set back, and subscribers get a gap with the device as it is", async () => {
    const { key, socket, hub, publish } = await followed();
    const before = await runInDurableObject(objectOf(key) as never, (_, { storage }) => storage.kv.get("memory"));
    for (let second = 2; second < 5; second++) await deliverTo(hub, await publish(second));
    await socket.items(4);
    await runInDurableObject(objectOf(key) as never, (_, { storage }) => storage.kv.put("memory", before));
    await evictDurableObject(objectOf(key));
    await deliverTo(hub, await publish(9));
    expect(revisionsOf((await socket.items(5)).slice(4))).toEqual(["GAP 2"]);
    await deliverTo(hub, await publish(10));
    expect(revisionsOf((await socket.items(6)).slice(5))).toEqual(["EVENT 3"]);
  });

  it("are lost with the consumer, and the redelivered record brings what is missing", async () => {
    const { key, socket, deps } = await followed();
    const record = report(key, 2);
    await consumeRecords([record], deps);
    await consumeRecords([record], deps);
    expect(deps.held.map(({ offers }) => offers.length)).toEqual([1]);
    await consumeRecords([record], consumerDeps(), 2);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it("arrive while the object has not answered yet, and wait", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket, hub } = await connected();
    const deps = holdingDeps();
    await withObjects(hub, {
      follow: async (request) => {
        const answer = await (objectOf(key) as unknown as Followable).follow(request);
        await consumeRecords([report(key, 2)], deps);
        for (const { hub: name, offers } of deps.held) await deliverTo(env.HUBS.getByName(name), offers);
        return answer;
      },
    });
    socket.subscribe(CHANGED, { key });
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
    expect(deps.held).toHaveLength(1);
    await evictDurableObject(hub);
  });

  it("of which the object answers for what is missing fail, and the sockets are closed to resume", async () => {
    const { key, socket, hub, publish } = await followed();
    await publish(2);
    await withObjects(hub, { pullSince: outage });
    await deliverTo(hub, await publish(3));
    expect((await socket.closing()).code).toBe(1013);
    expect(revisionsOf(await socket.items(1))).toEqual(["SNAPSHOT 1"]);
    await evictDurableObject(hub);
    const again = await connected();
    again.socket.subscribe(CHANGED, { key, afterRevision: 1 });
    expect(revisionsOf(await again.socket.items(2))).toEqual(["EVENT 2", "EVENT 3"]);
  });

  it("that nobody wants make the hub unfollow", async () => {
    const { key, socket, hub, address, publish } = await followed();
    const offers = await publish(2);
    // The hub could not call the object when the subscription ended.
    await withObjects(hub, { unfollow: outage });
    socket.close();
    await vi.waitFor(async () => expect(await followsIn(hub, [`device ${key}`])).toBe(0));
    expect(await followersOf(objectOf(key))).toEqual([nameOf(address)]);
    await evictDurableObject(hub);
    await deliverTo(hub, offers);
    await vi.waitFor(async () => expect(await followersOf(objectOf(key))).toEqual([]));
  });
});

it("The cursor of a list that was resumed has an object's place before that object has answered", async () => {
  const keys = await devicesWith(2);
  const first = await connected();
  first.socket.subscribe(MANY, { keys });
  const after = (await first.socket.items(2))[1].cursor;
  const { socket, hub } = await connected();
  let isSlow = true;
  await withObjects(hub, {
    follow: async (request) => {
      const [first] = keys as [DeviceKey];
      const isFirst = request.followed.kind === "device" && request.followed.deviceKey === first;
      while (isFirst && isSlow) await scheduler.wait(5);
      return (objectOf(isFirst ? first : (keys[1] as DeviceKey)) as unknown as Followable).follow(request);
    },
  });
  await consumeRecords([report(keys[1] as DeviceKey, 2)], holdingDeps());
  socket.subscribe(MANY, { keys, after });
  const [{ cursor }] = await socket.items(1);
  const last = await connected();
  last.socket.subscribe(MANY, { keys, after: cursor });
  await consumeRecords([report(keys[0] as DeviceKey, 3)]);
  expect(await last.socket.items(1)).toMatchObject([{ kind: "EVENT", revision: 2, deviceKey: keys[0] }]);
  isSlow = false;
  await redeploy(hub, {});
});

describe("an object that hubs follow", () => {
  it("writes no row for what it offers", async () => {
    const { key, deps } = await followed();
    const { report: metrics } = await consumeRecords([report(key, 2)], deps);
    expect(deps.held.flatMap(({ offers }) => offers)).toHaveLength(1);
    expect(metrics.objectWrites).toBe(1);
  });

  it("calls hubs itself for a consumer of the release before, which does not carry offers", async () => {
    const { key, socket } = await followed();
    const dealerId = freshDealer();
    socket.subscribe(FEED, { dealerId }, "feed");
    await socket.items(1, "feed");
    const former: ConsumeDeps = {
      ...consumerDeps(),
      mergeIntoObject: async (deviceKey, events, token) => {
        const { outcomes, rowsWritten } = await (objectOf(deviceKey) as unknown as DeviceSink).merge(
          [...events],
          token,
        );
        return { outcomes, rowsWritten };
      },
      announce: async (id, announcements, token) => {
        await (feedOf(id) as unknown as FeedSink).announce([...announcements], token);
        return undefined;
      },
      deliver: () => Promise.reject(new Error("it knows of no hubs")),
    };
    await consumeRecords([report(key, 2), assign(key, 3, dealerId)], former);
    expect(revisionsOf(await socket.items(3))).toEqual(["SNAPSHOT 1", "EVENT 2", "EVENT 3"]);
    const feed = await socket.items(3, "feed");
    expect(feed.map(({ kind }) => kind)).toEqual(["STARTED", "DEVICE_CHANGED", "DEVICE_GAINED"]);
  });

  it("offers what it missed without a watch itself", async () => {
    const key = freshDevice();
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    await consumeRecords([report(key, 1)], consumerDeps("live"));
    const { socket } = await connected();
    socket.subscribe(CHANGED, { key });
    const [first] = await socket.items(1);
    // D1 is restored to a time before the watch, so that an event does not reach the object.
    await env.DB.prepare("DELETE FROM watches WHERE id = ?1").bind(`device ${key}`).run();
    await consumeRecords([report(key, 2)], consumerDeps("live"));
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 10 * 60_000);
    await runDurableObjectAlarm(objectOf(key) as never);
    const items = await socket.items(2);
    expect(revisionsOf(items.slice(1))).toEqual([`GAP ${first.revision + 1}`]);
  });

  it("offers again at its alarm what a hub could not be told", async () => {
    const { key, socket } = await followed();
    await redeploy(objectOf(key), {
      DEVICE_OBJECT_WRITES: "live",
      HUBS: { getByName: () => ({ deliver: outage }) } as unknown as DurableObjectNamespace,
    });
    await env.DB.prepare("DELETE FROM watches WHERE id = ?1").bind(`device ${key}`).run();
    await consumeRecords([report(key, 2)], consumerDeps("live"));
    let now = Date.now() + 10 * 60_000;
    vi.spyOn(Date, "now").mockImplementation(() => now);
    await runDurableObjectAlarm(objectOf(key) as never);
    expect(await socket.items(1)).toHaveLength(1);
    await redeploy(objectOf(key), {});
    now += 31_000;
    await runDurableObjectAlarm(objectOf(key) as never);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "GAP 2"]);
  });

  it("drops a hub that does not follow it any more, an hour later", async () => {
    const { key, hub, address } = await followed();
    await runInDurableObject(hub as never, (_, { storage }) => {
      storage.sql.exec("DELETE FROM follows WHERE object = ?", `device ${key}`);
    });
    const start = Date.now();
    let now = start;
    vi.spyOn(Date, "now").mockImplementation(() => now);
    now = start + 10 * 60_000;
    await runDurableObjectAlarm(objectOf(key) as never);
    expect(await followersOf(objectOf(key))).toEqual([nameOf(address)]);
    now = start + HOUR_MS + 1;
    await runDurableObjectAlarm(objectOf(key) as never);
    expect(await followersOf(objectOf(key))).toEqual([]);
  });

  it("keeps a hub that still follows it", async () => {
    const { key, address, socket } = await followed();
    const now = Date.now() + HOUR_MS + 1;
    vi.spyOn(Date, "now").mockReturnValue(now);
    await runDurableObjectAlarm(objectOf(key) as never);
    expect(await followersOf(objectOf(key))).toEqual([nameOf(address)]);
    vi.restoreAllMocks();
    await consumeRecords([report(key, 2)]);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it("has no watch left when a hub was reset and lost its sockets", async () => {
    const keys = await devicesWith(2);
    const dealerId = freshDealer();
    const { socket, hub, address } = await connected();
    socket.subscribe(MANY, { keys });
    socket.subscribe(FEED, { dealerId }, "feed");
    await Promise.all([socket.items(2), socket.items(1, "feed")]);
    await runInDurableObject(hub as never, (_, ctx) => {
      // What a deployment leaves: rows, and no sockets.
      vi.spyOn(ctx, "getWebSockets").mockReturnValue([]);
    });
    await runDurableObjectAlarm(hub as never);
    for (const object of [...keys.map(objectOf), feedOf(dealerId)]) {
      await vi.waitFor(async () => expect(await followersOf(object)).toEqual([]));
      await endLease(object);
    }
    expect(await watchesOf(`dealer ${dealerId}`)).toBeNull();
    expect(hubOf(address).name).toBe(hub.name);
    await evictDurableObject(hub);
  });
});

describe("a dealer's feed that hubs follow", () => {
  it("is announced to once more by a redelivered record, and brings what is missing", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    await consumeRecords([assign(key, 1, dealerId)]);
    const { socket } = await connected();
    socket.subscribe(FEEDS, { dealerIds: [dealerId] });
    await socket.items(1);
    const record = report(key, 2);
    await consumeRecords([record], holdingDeps());
    await consumeRecords([record], consumerDeps(), 2);
    expect((await socket.items(2)).map(({ kind }) => kind)).toEqual(["STARTED", "DEVICE_CHANGED"]);
  });
});
