import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import type { RebuildSink, RebuiltObject } from "#objects/rebuild.ts";
import type { DeviceEventSource } from "#objects/requests.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import {
  assign,
  CHANGED,
  consumeRecords,
  consumerDeps,
  dealerScope,
  env,
  eventOf,
  eventRecord,
  freshDealer,
  freshDevice,
  report as freshReport,
  objectOf,
  redeploy,
  Socket,
  snapshotOf,
} from "./support.ts";

const records = new Map<string, QueuedRecord>();

/** The same record each time. */
function report(key: DeviceKey, second: number): QueuedRecord {
  const known = records.get(`${key} ${second}`) ?? freshReport(key, second);
  records.set(`${key} ${second}`, known);
  return known;
}

const sinkOf = (key: DeviceKey) => env.DEVICES.getByName(key) as unknown as RebuildSink;
const replay = (key: DeviceKey, ...some: QueuedRecord[]) => sinkOf(key).replay(some.map(eventOf));

const kept = async (key: DeviceKey) => {
  const read = await sinkOf(key).readRebuilt();
  if (!read.isKept) throw new Error("the object keeps nothing");
  return read as Extract<RebuiltObject, { isKept: true }>;
};

/** Changes the live value as a fault of a projection would. */
const plant = (key: DeviceKey, change: (memory: never) => unknown) =>
  runInDurableObject(objectOf(key), async (_, { storage }) => {
    storage.kv.put("memory", change(storage.kv.get("memory") as never));
  });

describe("the second value of a device's object, while the state is rebuilt", () => {
  it("is folded from replayed events, beside the live one, and changes nothing for readers", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1), report(key, 2)]);
    const before = await snapshotOf(key);
    expect(await replay(key, report(key, 2), report(key, 1))).toEqual({ isKept: true, rowsWritten: 1 });
    const { live, rebuilt } = await kept(key);
    expect(rebuilt).toEqual(live);
    expect(await snapshotOf(key)).toEqual(before);
  });

  it("takes live events too while it is there, and a repeated replay writes nothing", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    await replay(key, report(key, 1));
    await consumeRecords([report(key, 2)]);
    const { live, rebuilt } = await kept(key);
    expect(rebuilt).toEqual(live);
    expect(await replay(key, report(key, 1), report(key, 2))).toEqual({ isKept: true, rowsWritten: 0 });
  });

  it("costs a live event nothing once it was dropped", async () => {
    const key = freshDevice();
    await replay(key, report(key, 1));
    await sinkOf(key).dropRebuilt();
    await sinkOf(key).dropRebuilt();
    const { report: figures } = await consumeRecords([report(key, 2)]);
    expect(figures.objectWrites).toBe(1);
    expect((await kept(key)).rebuilt).toBeNull();
  });

  it("is not made where objects are written only while somebody watches", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)], consumerDeps("live"));
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    expect(await replay(key, report(key, 1))).toEqual({ isKept: false, rowsWritten: 0 });
    expect(await sinkOf(key).readRebuilt()).toEqual({ isKept: false });
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "always" });
    expect((await kept(key)).rebuilt).toBeNull();
  });
});

describe("a switch of a device's object", () => {
  it("gives it the older events too, with the times at which they were received, and keeps them when the second value goes", async () => {
    const key = freshDevice();
    const count = HISTORY_LIMIT + 250;
    const events = Array.from({ length: count }, (_, second) => eventOf(report(key, second)));
    const times = events.map((_, second) => 1_000 + second);
    await sinkOf(key).replay(events, times);
    expect(await sinkOf(key).replay(events, times)).toEqual({ isKept: true, rowsWritten: 0 });
    expect(await sinkOf(key).adoptRebuilt()).toMatchObject({ isChanged: true });
    expect(await sinkOf(key).adoptRebuilt()).toMatchObject({ isChanged: false });
    const { events: kept, isWhole } = await (objectOf(key) as unknown as DeviceEventSource).eventsSince(0);
    expect(isWhole).toBe(true);
    expect(kept.map(({ receivedAtMs }) => receivedAtMs).sort()).toEqual([...times].sort());
    await sinkOf(key).dropRebuilt();
    const names = await runInDurableObject(objectOf(key), (_, { storage }) =>
      [...storage.kv.list()].map(([name]) => name),
    );
    expect(names.sort()).toEqual(["memory", "older/0", "older/1"]);
  });

  it("changes nothing, and no revision, where both values are the same", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    await replay(key, report(key, 1));
    const { revision } = await kept(key);
    expect(await sinkOf(key).adoptRebuilt()).toEqual({ isChanged: false, revision });
  });

  it("replaces what a fault wrote, and subscribers get a gap of the next revision, once", async () => {
    const key = freshDevice();
    const profile = eventRecord(key, "profile.updated", 1, { name: "Hall" });
    await consumeRecords([profile, report(key, 2)]);
    await plant(key, (memory: { snapshot: { aspects: { profile: { value: object } } } }) => {
      memory.snapshot.aspects.profile.value = { ...memory.snapshot.aspects.profile.value, name: "Zzz" };
      return memory;
    });
    await evictDurableObject(objectOf(key));
    const socket = await Socket.authenticated({ device: key });
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    await replay(key, profile, report(key, 2));
    const { revision } = await kept(key);
    expect(await sinkOf(key).adoptRebuilt()).toEqual({ isChanged: true, revision: revision + 1 });
    expect(await sinkOf(key).adoptRebuilt()).toEqual({ isChanged: false, revision: revision + 1 });
    await consumeRecords([report(key, 3)]);
    expect(await socket.items(3)).toMatchObject([
      { kind: "SNAPSHOT", revision },
      { kind: "GAP", revision: revision + 1 },
      { kind: "EVENT", revision: revision + 2 },
    ]);
    const { live, rebuilt } = await kept(key);
    expect(live?.aspects.profile?.value).toMatchObject({ name: "Hall" });
    expect(live).toEqual(rebuilt);
  });

  it("tells a dealer's subscriber that it has lost the device, and the right dealer may subscribe", async () => {
    const key = freshDevice();
    const [right, wrong] = [freshDealer(), freshDealer()];
    const assigned = assign(key, 1, right);
    await consumeRecords([assigned, report(key, 2)]);
    await plant(key, (memory: { snapshot: { aspects: { dealer: { value: object } } }; journal: object }) => {
      memory.snapshot.aspects.dealer.value = { dealerId: wrong, name: wrong };
      const holder = { dealerId: wrong, since: eventOf(assigned).version };
      return { ...memory, journal: { ...memory.journal, steps: [], base: holder, holder } };
    });
    const give = (dealerId: string) =>
      env.DB.prepare(
        `UPDATE devices SET dealer_id = ?2, aspects = json_set(aspects, '$.dealer.value', json_object('dealerId', ?2, 'name', ?2))
         WHERE key = ?1`,
      )
        .bind(key, dealerId)
        .run();
    await give(wrong);
    await evictDurableObject(objectOf(key));
    const socket = await Socket.authenticated({ device: key }, dealerScope(wrong));
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    await replay(key, assigned, report(key, 2));
    await give(right);
    await sinkOf(key).adoptRebuilt();
    expect(await socket.items(2)).toMatchObject([{ kind: "SNAPSHOT" }, { kind: "LOST", device: null }]);
    const theirs = await Socket.authenticated({ device: key }, dealerScope(right));
    theirs.subscribe(CHANGED, { key });
    expect(await theirs.items(1)).toMatchObject([{ kind: "SNAPSHOT", device: { key } }]);
  });

  it("takes what its row has where objects are written only while watched, and subscribers get a gap", async () => {
    const key = freshDevice();
    const profile = eventRecord(key, "profile.updated", 1, { name: "Hall" });
    await consumeRecords([profile], consumerDeps("live"));
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    const nameInRow = (name: string) =>
      env.DB.prepare("UPDATE devices SET aspects = json_set(aspects, '$.profile.value.name', ?2) WHERE key = ?1")
        .bind(key, name)
        .run();
    await nameInRow("Zzz");
    const socket = await Socket.authenticated({ device: key });
    socket.subscribe("subscription ($key: String!) { deviceChanged(key: $key) { kind device { name } } }", { key });
    await socket.items(1);
    const { version, data } = eventOf(profile);
    const registers = {
      latest: version,
      aspects: { profile: { version, value: { name: (data as { name: string }).name } } },
    };
    await nameInRow("Hall");
    const right = { ...registers, history: [] };
    expect(await sinkOf(key).adoptRebuilt(right)).toMatchObject({ isChanged: true });
    expect(await sinkOf(key).adoptRebuilt(right)).toMatchObject({ isChanged: false });
    expect(await socket.items(2)).toMatchObject([
      { kind: "SNAPSHOT", device: { name: "Zzz" } },
      { kind: "GAP", device: { name: "Hall" } },
    ]);
  });

  it("brings back a lost batch, and keeps what came after the last replay", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1), report(key, 3)]);
    await replay(key, report(key, 1), report(key, 2));
    await consumeRecords([report(key, 4)]);
    await sinkOf(key).adoptRebuilt();
    const { live } = await kept(key);
    expect(live?.history).toHaveLength(4);
    expect(live?.aspects.status?.value).toMatchObject({ indoorTemperatureC: 1 });
  });

  it("gives an object that lost everything the archive's value", async () => {
    const key = freshDevice();
    await replay(key, report(key, 1), report(key, 2));
    expect(await sinkOf(key).adoptRebuilt()).toEqual({ isChanged: true, revision: 1 });
    expect((await kept(key)).live?.history).toHaveLength(2);
  });
});
