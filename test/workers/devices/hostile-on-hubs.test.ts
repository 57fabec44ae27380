import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { HOUR_MS } from "#domain/time.ts";
import type { Followable, ScopeKey } from "#objects/hub.ts";
import { connected, devicesWith, FEEDS, followersOf, MANY, revisionsOf, withObjects } from "./hub-support.ts";
import {
  CHANGED,
  consumeRecords,
  dealerScope,
  FEED,
  feedOf,
  freshDealer,
  freshDevice,
  objectOf,
  redeploy,
  report,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type Hub = Awaited<ReturnType<typeof connected>>["hub"];

/** The largest attachment of a hub's sockets, in characters. */
const attachmentIn = (hub: Hub): Promise<number> =>
  runInDurableObject(hub as never, (_, ctx) =>
    Math.max(...ctx.getWebSockets().map((socket) => String(socket.deserializeAttachment()).length)),
  );

describe("a client of a hub", () => {
  it("is refused a subscription whose variables only use up space, and no other", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket } = await connected();
    socket.subscribe(FEED, { dealerId: freshDealer(), after: "x".repeat(50_000) }, "large");
    const { payload } = await socket.received(({ type, id }) => type === "error" && id === "large");
    expect(payload).toMatchObject([
      { extensions: { code: "COST_LIMIT" }, message: expect.stringMatching(/variables/) },
    ]);
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    await consumeRecords([report(key, 2)]);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it("may name a hundred devices with the longest keys, and resume them", async () => {
    const { socket } = await connected();
    const keys = Array.from({ length: 100 }, () => freshDevice().padEnd(120, "x"));
    socket.subscribe(MANY, { keys });
    expect(await socket.items(100)).toHaveLength(100);
  });

  it("is refused what its token leaves no room for when it subscribes, and not in the middle of it", async () => {
    const dealerIds = Array.from({ length: 20 }, freshDealer);
    for (const dealerId of dealerIds)
      await runInDurableObject(feedOf(dealerId) as never, (_, { storage }) =>
        storage.kv.put("feed", { sequence: 123_456_789_012, items: [], consistencyToken: null }),
      );
    const small = await connected(dealerScope(...dealerIds, "x"));
    const padding = 14_850 - (await attachmentIn(small.hub));
    const { socket, hub } = await connected(dealerScope(...dealerIds, "x".repeat(padding)));
    expect(await attachmentIn(hub)).toBeGreaterThan(14_800);
    socket.subscribe(FEEDS, { dealerIds }, "many");
    const { payload } = await socket.received(({ type, id }) => type === "error" && id === "many");
    expect(payload).toMatchObject([{ extensions: { code: "COST_LIMIT" } }]);
    socket.subscribe(FEED, { dealerId: dealerIds[0] });
    expect(await socket.items(1)).toMatchObject([{ kind: "STARTED" }]);
  });

  it.each(['a"b', "\u0000", "é€😀", "__proto__"])("ends the subscription with the id %j", async (id) => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket } = await connected();
    socket.subscribe(CHANGED, { key }, id);
    await socket.items(1, id);
    socket.send({ type: "complete", id });
    socket.subscribe(CHANGED, { key }, "other");
    await socket.items(1, "other");
    await consumeRecords([report(key, 2)]);
    await socket.items(2, "other");
    expect(socket.messages.filter(({ type }) => type === "next")).toHaveLength(3);
  });

  it("is closed for an id that is no text, and would come back as another", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket } = await connected();
    socket.subscribe(CHANGED, { key }, "\ud800");
    expect((await socket.closing()).code).toBe(4400);
  });

  it("causes no call of an object for a subscription that it ends at once", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket, hub } = await connected();
    const calls: string[] = [];
    const answers: (() => void)[] = [];
    await withObjects(hub, {
      follow: () => {
        calls.push("follow");
        return new Promise((resolve) => answers.push(() => resolve({ kind: "notFound" })));
      },
      unfollow: async () => void calls.push("unfollow"),
    });
    socket.subscribe(CHANGED, { key }, "first");
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    for (let n = 0; n < 20; n++) {
      socket.subscribe(CHANGED, { key }, "again");
      socket.send({ type: "complete", id: "again" });
    }
    socket.subscribe("subscription {", {}, "last");
    await socket.received(({ type, id }) => type === "error" && id === "last");
    await runInDurableObject(hub as never, () => answers[0]?.());
    await socket.received(({ type, id }) => type === "error" && id === "first");
    await scheduler.wait(50);
    expect(calls).toEqual(["follow"]);
  });
});

describe("a hub that was reset", () => {
  it("has room for the clients that come back before D1 has answered", async () => {
    const { socket, hub } = await connected();
    socket.close();
    const left = await runInDurableObject(hub as never, async (instance, { storage }) => {
      for (let n = 0; n < 250; n++) {
        storage.sql.exec("INSERT INTO sockets VALUES (?, 'screens', 'office', ?)", `gone-${n}`, Date.now() + HOUR_MS);
      }
      void (instance as unknown as { alarm(): Promise<void> }).alarm();
      return Number(storage.sql.exec("SELECT count(*) AS n FROM sockets WHERE name LIKE 'gone-%'").one().n);
    });
    expect(left).toBe(0);
  });
});

describe("an object whose question a hub answers late", () => {
  it("keeps the hub if it has begun to follow again meanwhile", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const object = objectOf(key);
    const follow = () =>
      (object as unknown as Followable).follow({
        hub: "late",
        followed: { kind: "device", deviceKey: key },
        scopeKey: "all",
        cursor: null,
      });
    await follow();
    let answer = () => {};
    const stillFollows = () =>
      new Promise<ScopeKey[]>((resolve) => {
        answer = () => resolve([]);
      });
    await redeploy(object, {
      HUBS: { getByName: () => ({ stillFollows, deliver: async () => {} }) } as unknown as DurableObjectNamespace,
    });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + HOUR_MS + 1);
    const alarm = runDurableObjectAlarm(object as never);
    await scheduler.wait(50);
    await follow();
    await runInDurableObject(object as never, () => answer());
    await alarm;
    expect(await followersOf(object)).toEqual(["late"]);
  });
});
