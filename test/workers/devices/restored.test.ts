import { afterEach, describe, expect, it, vi } from "vitest";
import {
  CHANGED,
  consumeRecords,
  consumerDeps,
  env,
  feedOf,
  freshDevice,
  objectOf,
  passHalfALease,
  redeploy,
  report,
  Socket,
  snapshotOf,
  watchedDealer,
  watchesOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** D1 as it was before the watch was registered. */
const loseWatch = (id: string) => env.DB.prepare("DELETE FROM watches WHERE id = ?1").bind(id).run();

describe("after D1 was restored to a time before somebody subscribed", () => {
  it("a dealer's feed registers its watch again, and its subscribers get a gap for what it missed", async () => {
    const { key, dealerId, feed } = await watchedDealer();
    await loseWatch(`dealer ${dealerId}`);
    await consumeRecords([report(key, 2)]);
    await passHalfALease(feedOf(dealerId));
    expect(await watchesOf(`dealer ${dealerId}`)).not.toBeNull();
    await consumeRecords([report(key, 3)]);
    expect(await feed.items(3)).toMatchObject([{ kind: "STARTED" }, { kind: "GAP" }, { kind: "DEVICE_CHANGED" }]);
  });

  it("a device that is written only while it is watched gives its subscribers what D1 has got since", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)], consumerDeps("live"));
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    const socket = await Socket.authenticated({ device: key });
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    await loseWatch(`device ${key}`);
    await consumeRecords([report(key, 20)], consumerDeps("live"));
    await passHalfALease(objectOf(key));
    const items = await socket.items(2);
    expect(items[1]).toMatchObject({ kind: "GAP", device: { report: { indoorTemperatureC: 5 } } });
  });

  it("a renewal without a restore is continuous: subscribers get nothing", async () => {
    const { key, dealerId, feed } = await watchedDealer();
    await passHalfALease(feedOf(dealerId));
    await consumeRecords([report(key, 2)]);
    expect(await feed.items(2)).toMatchObject([{ kind: "STARTED" }, { kind: "DEVICE_CHANGED" }]);
  });
});

describe("after D1 was restored to a time before some events", () => {
  it("the events pushed again bring D1 back, and neither take the object back nor reach subscribers twice", async () => {
    const key = freshDevice();
    const later = [report(key, 2), report(key, 3)];
    await consumeRecords([report(key, 1)]);
    const rowOf = () =>
      env.DB.prepare("SELECT * FROM devices WHERE key = ?1").bind(key).first<Record<string, string>>();
    const backup = await rowOf();
    const socket = await Socket.authenticated({ device: key });
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    for (const record of later) await consumeRecords([record]);
    await socket.items(3);
    const [newest, inObject] = [await rowOf(), await snapshotOf(key)];
    await env.DB.prepare("UPDATE devices SET aspects = ?2, latest = ?3, revision = ?4, updated_on = ?5 WHERE key = ?1")
      .bind(key, backup?.aspects, backup?.latest, backup?.revision, backup?.updated_on)
      .run();
    const again = await consumeRecords(later.toReversed());
    expect(again.endings.map((ending) => ending.kind)).toEqual(["merged", "merged"]);
    expect({ ...(await rowOf()), revision: 0 }).toEqual({ ...newest, revision: 0 });
    expect(await snapshotOf(key)).toEqual(inObject);
    await consumeRecords([report(key, 4)]);
    expect((await socket.items(4)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
  });
});
