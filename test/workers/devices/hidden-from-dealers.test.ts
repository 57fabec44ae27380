import { afterEach, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { followersOf } from "./hub-support.ts";
import {
  assign,
  CHANGED,
  consumeRecords,
  consumerDeps,
  dealerScope,
  endLease,
  eventRecord,
  FEED,
  freshDealer,
  freshDevice,
  objectOf,
  type Place,
  raise,
  redeploy,
  report,
  Socket,
  socketsOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A socket of the device's or the dealer's own object, or of a hub. */
const WAYS = [
  ["on a socket of one object", (place: Place, scope: Scope) => Socket.authenticated(place, scope)],
  ["on a hub's socket", (_: Place, scope: Scope) => Socket.authenticated({}, scope)],
] as const;

describe.each(WAYS)("%s a dealer does not receive", (_, open) => {
  it("the state of a device after it lost it", async () => {
    const key = freshDevice();
    await consumeRecords([assign(key, 1, "D-x")]);
    await consumeRecords([report(key, 2)]);
    await consumeRecords([assign(key, 3, "D-y")]);
    await consumeRecords([report(key, 4)]);
    const socket = await open({ device: key }, dealerScope("D-x"));
    socket.subscribe(CHANGED, { key, afterRevision: 1 });
    await socket.received(({ type }) => type === "complete");
    expect(await socket.items(1)).toEqual([{ kind: "LOST", revision: 3, event: null, device: null }]);
  });

  it("anything of a device that it had once, when it resumes from the beginning", async () => {
    const key = freshDevice();
    await consumeRecords([assign(key, 1, "D-x"), report(key, 2), assign(key, 3, "D-y")]);
    const socket = await open({ device: key }, dealerScope("D-x"));
    socket.subscribe(CHANGED, { key, afterRevision: 0 });
    const { payload } = await socket.received(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });

  it("who of us or of another dealer gave a command, beside the event or in the device", async () => {
    const key = freshDevice();
    const dealerId = freshDealer();
    await consumeRecords([assign(key, 1, dealerId)]);
    const query = `subscription ($key: String!) { deviceChanged(by: { key: $key }) {
      event { data } device { twin { desiredBy } } } }`;
    const own = await Socket.authenticated({ device: key }, dealerScope(dealerId));
    const ours = await Socket.authenticated({ device: key }, { role: "ops" });
    for (const socket of [own, ours]) {
      socket.subscribe(query, { key });
      await socket.items(1);
    }
    const actors = [
      { role: "ops", subject: "staff@concord.example" },
      { role: "dealer", subject: "rival@best.example", dealerId: "D-rival" },
      { role: "dealer", subject: "alice@arctic.example", dealerId },
    ];
    for (const [i, by] of actors.entries()) {
      await consumeRecords([eventRecord(key, "twin.desired", 10 + i, { mode: "heat", by })]);
    }
    const itemsOf = async (socket: Socket) =>
      ((await socket.items(4)) as unknown as { event: { data: { by?: object } }; device: { twin: object } }[])
        .slice(1)
        .map(({ event, device }) => [event.data.by, device.twin]);
    expect(await itemsOf(own)).toEqual([
      [{ role: "ops" }, { desiredBy: "operator" }],
      [undefined, { desiredBy: null }],
      [actors[2], { desiredBy: "alice@arctic.example" }],
    ]);
    expect(await itemsOf(ours)).toEqual(actors.map((by) => [by, { desiredBy: by.subject }]));
  });

  it("the stale state of an object that has had no watch since the dealer lost the device", async () => {
    const key = freshDevice();
    const [former, dealerId] = [freshDealer(), freshDealer()];
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    const live = consumerDeps("live");
    await consumeRecords([assign(key, 1, former)], live);
    const first = await open({ device: key }, dealerScope(former));
    first.subscribe(CHANGED, { key });
    await first.items(1);
    first.close();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    await vi.waitFor(async () => expect(await followersOf(objectOf(key))).toEqual([]));
    await endLease(objectOf(key));
    await consumeRecords([assign(key, 2, dealerId)], live);
    for (const afterRevision of [null, 1]) {
      const again = await open({ device: key }, dealerScope(former));
      again.subscribe(CHANGED, { key, afterRevision });
      const { payload } = await again.received(({ type }) => type === "error");
      expect(payload).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
    }
  });

  it("events and alerts from before it had the device", async () => {
    const key = freshDevice();
    const dealerId = freshDealer();
    await consumeRecords([assign(key, 1, "D-before"), raise(key, 2)]);
    await consumeRecords([assign(key, 10, dealerId)]);
    const device = await open({ device: key }, dealerScope(dealerId));
    device.subscribe(CHANGED, { key });
    const feed = await open({ dealer: dealerId }, dealerScope(dealerId));
    feed.subscribe(FEED, { dealerId });
    await Promise.all([device.items(1), feed.items(1)]);
    // Late: all of these are from the other's time, and one changes what the device is by now.
    await consumeRecords([report(key, 3)]);
    await consumeRecords([
      { ...raise(key, 2), value: raise(key, 2).value?.replace("It is wrong.", "It was wrong.") ?? "" },
    ]);
    await consumeRecords([report(key, 11)]);
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

  it("the severity of another dealer's alert, by way of a filter either", async () => {
    const key = freshDevice();
    const dealerId = freshDealer();
    const former = freshDealer();
    await consumeRecords([assign(key, 1, former), raise(key, 2, "critical")]);
    await consumeRecords([assign(key, 10, dealerId)]);
    const [own, others] = await Promise.all(
      [former, dealerId].map(async (id) => {
        const socket = await open({ dealer: id }, dealerScope(id));
        socket.subscribe(FEED, { dealerId: id, minSeverity: "CRITICAL" });
        await socket.items(1);
        return socket;
      }),
    );
    const cleared = { ...raise(key, 12), topic: "device.elt.alert.cleared" };
    const value = JSON.parse(cleared.value ?? "{}");
    await consumeRecords([
      { ...cleared, value: JSON.stringify({ ...value, data: { alertId: "a-2" } }) },
      report(key, 13),
    ]);
    // The one may not see the device any more, and the other never saw the alert.
    await consumeRecords([report(key, 14)]);
    expect(await others?.items(3)).toMatchObject([
      { kind: "STARTED" },
      { kind: "DEVICE_CHANGED" },
      { kind: "DEVICE_CHANGED" },
    ]);
    expect(own?.messages).toHaveLength(2);
  });

  it("the loss of a device late, if the device passes several dealers at once", async () => {
    const key = freshDevice();
    const [old, young] = [freshDealer(), freshDealer()];
    await consumeRecords([assign(key, 1, old)]);
    const sockets = await Promise.all(
      [old, young].map(async (dealerId) => {
        const socket = await open({ dealer: dealerId }, dealerScope(dealerId));
        socket.subscribe(FEED, { dealerId });
        await socket.items(1);
        return socket;
      }),
    );
    await consumeRecords([assign(key, 2, "D-between"), assign(key, 3, young)]);
    expect(await sockets[0]?.items(2)).toMatchObject([{ kind: "STARTED" }, { kind: "DEVICE_LOST", topic: null }]);
    expect(await sockets[1]?.items(2)).toMatchObject([{ kind: "STARTED" }, { kind: "DEVICE_GAINED" }]);
  });
});
