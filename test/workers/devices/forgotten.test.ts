import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { PAGE_EVENTS } from "../../../workers/devices/older-events.ts";
import { env, eventOf, eventRecord, freshDevice } from "./support.ts";

const START_MS = Date.UTC(2026, 10, 23, 9);
const secretOf = (key: DeviceKey, second: number) =>
  eventOf(
    eventRecord(key, "profile.updated", second, {
      name: `Secret ${second}`,
      model: `M-${second}`,
      location: { country: "CA", city: "Secretville" },
    }),
  );

/** Everything that the object stores, as text. */
const contentsOf = (key: DeviceKey): Promise<string> =>
  runInDurableObject(env.DEVICES.getByName(key), (_, { storage }) => JSON.stringify([...storage.kv.list<unknown>({})]));

it("an object redacts its registers, its history, its older events and a value that is rebuilt, and keeps the rest", async () => {
  const key = freshDevice();
  const object = env.DEVICES.getByName(key);
  const count = HISTORY_LIMIT + PAGE_EVENTS + 5;
  const events = Array.from({ length: count }, (_, second) => secretOf(key, second));
  await object.merge(events, null);
  await object.replay(events);
  expect((await contentsOf(key)).match(/Secret \d+/g)?.length).toBeGreaterThan(count);

  const until = START_MS + (count - 3) * 1_000;
  expect(await object.forget(until)).toMatchObject({ isChanged: true });
  const left = await contentsOf(key);
  const names = new Set(left.match(/Secret \d+/g));
  expect([...names].sort()).toEqual([`Secret ${count - 2}`, `Secret ${count - 1}`]);
  expect(left).toContain(`M-${count - 10}`);
  expect(await object.forget(until)).toEqual({ events: 0, isChanged: false });
});

it("an object that has forgotten takes no such event unredacted, also after it was evicted", async () => {
  const key = freshDevice();
  const object = env.DEVICES.getByName(key);
  await object.forget(START_MS + 10_000);
  await evictDurableObject(object);
  await object.merge([secretOf(key, 5), secretOf(key, 11)], null);
  await object.replay([secretOf(key, 6)]);
  expect(new Set((await contentsOf(key)).match(/Secret \d+/g))).toEqual(new Set(["Secret 11"]));
});

it("subscribers with an older cursor get a gap after an object has forgotten", async () => {
  const key = freshDevice();
  const object = env.DEVICES.getByName(key);
  await object.merge([secretOf(key, 1)], null);
  await object.forget(START_MS + 10_000);
  const revision = await runInDurableObject(object, (_, { storage }) => {
    const { journal } = storage.kv.get("memory") as { journal: { revision: number; steps: unknown[] } };
    return journal;
  });
  expect(revision).toMatchObject({ revision: 2, steps: [] });
});

it("a command that waits for its event loses who gave it, and is merged once all the same", async () => {
  const key = freshDevice();
  const object = env.DEVICES.getByName(key);
  const desired = { heatSetpointC: 20 };
  const order = (nowMs: number) => ({
    ...{ deviceKey: key, desired, by: { role: "dealer", subject: "Secret Smith" }, eventId: `c-${nowMs}`, nowMs },
  });
  const first = await object.claimDesired(order(START_MS) as never);
  await object.claimDesired(order(START_MS + 20_000) as never);
  expect((await contentsOf(key)).match(/Secret Smith/g)?.length).toBeGreaterThan(3);
  expect(await object.forget(START_MS + 10_000)).toEqual({ events: 1, isChanged: false });
  const left = await contentsOf(key);
  expect(left.match(/\bc-\d+/g)).toContain(`c-${START_MS}`);
  const claims = await runInDurableObject(object, (_, { storage }) => storage.kv.get("claims") as { claims: object[] });
  expect(claims.claims.map((claim) => JSON.stringify(claim).includes("Secret Smith"))).toEqual([false, true]);
  expect(await object.forget(START_MS + 10_000)).toEqual({ events: 0, isChanged: false });
  if (first.kind !== "claimed") throw new Error("the order was refused");
  await object.merge([eventOf(first.record as QueuedRecord)], null);
  const after = await runInDurableObject(object, (_, { storage }) => storage.kv.get("claims") as { claims: object[] });
  expect(after.claims).toHaveLength(1);
  expect((await contentsOf(key)).split("Secret Smith").length).toBe(left.split("Secret Smith").length);
});
