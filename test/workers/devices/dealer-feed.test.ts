import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connected, FEEDS } from "./hub-support.ts";
import {
  assign,
  consumeRecords,
  consumerDeps,
  dealerScope,
  endLease,
  eventOf,
  FEED,
  feedOf,
  freshDealer,
  freshDevice,
  raise,
  report,
  Socket,
  snapshotOf,
  socketsOf,
  watchedDealer,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a dealer's feed", () => {
  const listen = async (dealerId: string, after: string | null = null) => {
    const socket = await Socket.authenticated({ dealer: dealerId }, dealerScope(dealerId));
    socket.subscribe(FEED, { dealerId, after });
    if (after === null) await socket.items(1);
    return socket;
  };

  it("is called once for a batch, however many devices and rounds that has", async () => {
    const dealerId = freshDealer();
    const keys = Array.from({ length: 120 }, freshDevice);
    await consumeRecords(keys.map((key) => assign(key, 1, dealerId)));
    const socket = await listen(dealerId);
    const deps = consumerDeps();
    const announce = vi.fn(deps.announce);
    await consumeRecords(
      keys.flatMap((key) => [report(key, 2), raise(key, 3)]),
      { ...deps, announce },
    );
    expect(announce.mock.calls.map(([id, list]) => [id, list.length])).toEqual([[dealerId, 240]]);
    const kinds = (await socket.items(241)).map(({ kind }) => kind);
    expect(Map.groupBy(kinds, (kind) => kind).get("ALERT_RAISED")).toHaveLength(120);
  });

  it("is not called without subscribers, and sends a gap to one who resumes", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    const announce = vi.fn(consumerDeps().announce);
    await consumeRecords([assign(key, 1, dealerId)], { ...consumerDeps(), announce });
    expect(announce).not.toHaveBeenCalled();
    const first = await listen(dealerId);
    await consumeRecords([report(key, 2)]);
    const [, last] = await first.items(2);
    first.close();
    await consumeRecords([report(key, 3)]);
    const second = await listen(dealerId, last.cursor);
    expect((await second.items(1)).map(({ kind }) => kind)).toEqual(["DEVICE_CHANGED"]);
    second.close();
    await vi.waitFor(async () => expect(await socketsOf(feedOf(dealerId))).toBe(0));
    await endLease(feedOf(dealerId));
    await consumeRecords([report(key, 4)]);
    const third = await listen(dealerId, last.cursor);
    expect((await third.items(1)).map(({ kind }) => kind)).toEqual(["GAP"]);
  });

  it("drops announcements that a redelivered batch repeats", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    await consumeRecords([assign(key, 1, dealerId)]);
    const socket = await listen(dealerId);
    const records = [report(key, 2), raise(key, 3)];
    // The first consumer dies in front of the feed, the second behind it, and the third says it all again.
    void consumeRecords(records, { ...consumerDeps(), announce: () => new Promise(() => {}) });
    await vi.waitFor(async () => expect((await snapshotOf(key))?.history).toHaveLength(3));
    for (const attempts of [2, 3]) await consumeRecords(records, consumerDeps(), attempts);
    await consumeRecords([report(key, 4)]);
    const kinds = (await socket.items(4)).map(({ kind }) => kind);
    expect(kinds).toEqual(["STARTED", "DEVICE_CHANGED", "ALERT_RAISED", "DEVICE_CHANGED"]);
  });

  it("sends a record back to the queue while the feed cannot be called", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    await consumeRecords([assign(key, 1, dealerId)]);
    const socket = await listen(dealerId);
    const deps = { ...consumerDeps(), announce: () => Promise.reject(new Error("Network connection lost.")) };
    await consumeRecords([report(key, 2)], deps);
    const { report: counted } = await consumeRecords(
      deps.events.drain().flatMap(({ records }) => records),
      consumerDeps(),
      2,
    );
    expect(counted.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect((await socket.items(2)).map(({ kind }) => kind)).toEqual(["STARTED", "DEVICE_CHANGED"]);
  });

  it("keeps a limited number of announcements, and sends a gap to older cursors", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    const socket = await listen(dealerId);
    const [{ cursor }] = await socket.items(1);
    socket.close();
    const news = Array.from({ length: 600 }, (_, i) => eventOf(report(key, i)));
    await feedOf(dealerId).announce(
      news.map(({ deviceKey, version, topic }) => ({
        kind: "deviceChanged",
        deviceKey,
        version,
        topic,
        isOwn: true,
        alertId: null,
        severity: null,
      })),
      null,
    );
    await evictDurableObject(feedOf(dealerId));
    const late = await listen(dealerId, cursor);
    expect((await late.items(1)).map(({ kind }) => kind)).toEqual(["GAP"]);
    const lucky = await listen(dealerId, String(Number(cursor) + 100));
    expect(await lucky.items(500)).toHaveLength(500);
  });

  it("sends a gap after devices were changed otherwise than by an event, to sockets and hubs, and goes on", async () => {
    const { key, dealerId, feed } = await watchedDealer();
    const { socket } = await connected(dealerScope(dealerId));
    socket.subscribe(FEEDS, { dealerIds: [dealerId] });
    await socket.items(1);
    await consumeRecords([report(key, 2)]);
    const [, { cursor }] = await feed.items(2);
    await feedOf(dealerId).announceGap(null);
    await feed.items(3);
    await socket.items(3);
    await consumeRecords([report(key, 3)]);
    const kinds = ["STARTED", "DEVICE_CHANGED", "GAP", "DEVICE_CHANGED"];
    expect((await feed.items(4)).map(({ kind }) => kind)).toEqual(kinds);
    expect((await socket.items(4)).map(({ kind }) => kind)).toEqual(kinds);
    const resumed = await listen(dealerId, cursor);
    expect((await resumed.items(1)).map(({ kind }) => kind)).toEqual(["GAP"]);
  });
});
