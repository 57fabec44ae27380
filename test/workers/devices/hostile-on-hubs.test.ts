import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { connected, devicesWith, FEEDS, MANY, revisionsOf, withObjects } from "./hub-support.ts";
import { CHANGED, consumeRecords, dealerScope, FEED, feedOf, freshDealer, freshDevice, report } from "./support.ts";

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
