import { describe, expect, it } from "vitest";
import { positionOf } from "#objects/position.ts";
import { byDevice, connected, FEEDS } from "./hub-support.ts";
import { assign, consumeRecords, dealerScope, freshDealer, freshDevice, raise, report } from "./support.ts";

/** All that an item can show. */
const ALL = `subscription ($keys: [String!]!, $after: String) {
  devicesChanged(keys: $keys, after: $after) {
    kind deviceKey revision cursor consistencyToken
    event { id eventId topic occurredAt data }
    device { key status dealer { dealerId name } report { indoorTemperatureC } alerts { nodes { alertId } } }
  }
}`;

describe("on a socket of many devices and dealers, a dealer does not receive", () => {
  it("whether a device exists that is not its own, was once, or never was", async () => {
    const [own, others, once, never] = Array.from({ length: 4 }, freshDevice) as [never, never, never, never];
    const [dealerId, other] = [freshDealer(), freshDealer()];
    await consumeRecords([assign(own, 1, dealerId), assign(others, 1, other), assign(once, 1, dealerId)]);
    await consumeRecords([report(others, 2), assign(once, 3, other), report(once, 4)]);
    const keys = [own, others, once, never];
    const { socket } = await connected(dealerScope(dealerId));
    // From the beginning, as one would have who knew them all before.
    for (const [id, after] of [
      ["new", undefined],
      ["resumed", positionOf(keys, ["0", "0", "0", "0"])],
    ] as const) {
      socket.subscribe(ALL, { keys, after }, id);
      await consumeRecords([report(others, 5), report(once, 5)]);
      const items = (await socket.items(4, id)).filter(({ deviceKey }) => deviceKey !== own);
      const blank = { kind: "LOST", revision: 0, consistencyToken: null, event: null, device: null };
      expect(items.map(({ cursor: _, deviceKey: __, ...item }) => item)).toEqual([blank, blank, blank]);
    }
    await consumeRecords([report(others, 6), report(once, 6), report(own, 6)]);
    const later = await socket.items(5, "new");
    expect(byDevice(later, own)).toEqual(["SNAPSHOT 1", "EVENT 2"]);
    expect(later).toHaveLength(5);
  });

  it("what happened to a device between its loss and the next connection", async () => {
    const key = freshDevice();
    const [former, next] = [freshDealer(), freshDealer()];
    await consumeRecords([assign(key, 1, former)]);
    const first = await connected(dealerScope(former));
    first.socket.subscribe(ALL, { keys: [key] });
    const [began] = await first.socket.items(1);
    first.socket.close();
    await consumeRecords([report(key, 2)]);
    await consumeRecords([assign(key, 3, next)]);
    await consumeRecords([report(key, 4), raise(key, 5)]);
    const { socket } = await connected(dealerScope(former));
    socket.subscribe(ALL, { keys: [key], after: began?.cursor });
    await socket.received(({ type }) => type === "complete");
    expect(await socket.items(1)).toMatchObject([{ kind: "LOST", revision: 3, event: null, device: null }]);
  });

  it("events and alerts from before it had the device", async () => {
    const key = freshDevice();
    const dealerId = freshDealer();
    await consumeRecords([assign(key, 1, freshDealer()), raise(key, 2)]);
    await consumeRecords([assign(key, 10, dealerId)]);
    const { socket } = await connected(dealerScope(dealerId));
    socket.subscribe(ALL, { keys: [key] }, "devices");
    const query = FEEDS.replace("deviceKey }", "deviceKey topic occurredAt alert { alertId } }");
    socket.subscribe(query, { dealerIds: [dealerId] }, "news");
    await Promise.all([socket.items(1, "devices"), socket.items(1, "news")]);
    // Late: from the other's time.
    await consumeRecords([report(key, 3)]);
    await consumeRecords([report(key, 11)]);
    expect(await socket.items(3, "devices")).toMatchObject([
      { kind: "SNAPSHOT", device: { alerts: { nodes: [] } } },
      { kind: "EVENT", event: null },
      { kind: "EVENT", event: { topic: "device.elt.status.reported" } },
    ]);
    expect(await socket.items(3, "news")).toMatchObject([
      { kind: "STARTED" },
      { kind: "DEVICE_CHANGED", topic: null, occurredAt: null, alert: null },
      { kind: "DEVICE_CHANGED", topic: "device.elt.status.reported" },
    ]);
  });

  it("the news of a dealer that shares its hub", async () => {
    const [own, others] = [freshDevice(), freshDevice()];
    const [dealerId, other] = [freshDealer(), freshDealer()];
    await consumeRecords([assign(own, 1, dealerId), assign(others, 1, other)]);
    const mine = await connected(dealerScope(dealerId));
    const theirs = await connected(dealerScope(other), { address: mine.address });
    mine.socket.subscribe(FEEDS, { dealerIds: [dealerId] });
    mine.socket.subscribe(FEEDS, { dealerIds: [dealerId, other] }, "both");
    theirs.socket.subscribe(FEEDS, { dealerIds: [other] });
    await Promise.all([mine.socket.items(1), theirs.socket.items(1)]);
    await consumeRecords([report(others, 2)]);
    await consumeRecords([report(own, 3)]);
    expect((await theirs.socket.items(2)).map(({ deviceKey }) => deviceKey)).toEqual([null, others]);
    expect((await mine.socket.items(2)).map(({ deviceKey }) => deviceKey)).toEqual([null, own]);
    expect(mine.socket.messages.filter(({ type, id }) => id === "both" && type !== "error")).toEqual([]);
  });
});
