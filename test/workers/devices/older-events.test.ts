import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { HISTORY_LIMIT } from "#domain/history.ts";
import type { DeviceEventSource } from "#objects/requests.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { consumeRecords, env, eventOf, freshDevice, objectOf, report } from "./support.ts";

const received = (record: QueuedRecord, receivedAtMs: number): QueuedRecord => ({ ...record, receivedAtMs });

const sourceOf = (key: string) => env.DEVICES.getByName(key) as unknown as DeviceEventSource;

const valuesOf = async (key: string): Promise<number> =>
  (await runInDurableObject(
    objectOf(key as never) as never,
    (_, { storage }) => [...storage.kv.list()].length,
  )) as number;

it("An object gives every event that it got, also those that have left its history, with the time of each record", async () => {
  const key = freshDevice();
  const count = HISTORY_LIMIT + 150;
  const records = Array.from({ length: count }, (_, n) => received(report(key, n), 1_000 + n));
  for (let i = 0; i < count; i += 50) await consumeRecords(records.slice(i, i + 50));
  const { events, isWhole } = await sourceOf(key).eventsSince(0);
  expect(isWhole).toBe(true);
  expect(new Set(events.map(({ version }) => version))).toEqual(
    new Set(records.map((record) => eventOf(record).version)),
  );
  expect(events.map(({ receivedAtMs }) => receivedAtMs as number).sort((a, b) => a - b)).toEqual(
    records.map(({ receivedAtMs }) => receivedAtMs),
  );
  // The value itself, and one full page.
  expect(await valuesOf(key)).toBe(2);
  expect((await sourceOf(key).eventsSince(1_200)).events).toHaveLength(50);

  const again = await Promise.all(records.map((record) => consumeRecords([record])));
  expect(again.reduce((sum, { report: { objectWrites } }) => sum + (objectWrites ?? 0), 0)).toBe(0);
  expect((await sourceOf(key).eventsSince(0)).events).toHaveLength(count);
});

it("A late event is kept, although it is too old for the history, and written once", async () => {
  const key = freshDevice();
  await consumeRecords(Array.from({ length: HISTORY_LIMIT }, (_, n) => report(key, n + 10)));
  const late = received(report(key, 1), 77);
  expect((await consumeRecords([late])).report.objectWrites).toBe(1);
  expect((await consumeRecords([late])).report.objectWrites).toBe(0);
  const { events } = await sourceOf(key).eventsSince(0);
  expect(events.find(({ version }) => version === eventOf(late).version)?.receivedAtMs).toBe(77);
});

it("An object that got events only while it was watched does not say that it has all", async () => {
  const key = freshDevice();
  await consumeRecords([report(key, 1)]);
  const isWhole = await runInDurableObject(objectOf(key) as never, async (instance) => {
    const object = instance as unknown as DeviceEventSource & { readonly env: { DEVICE_OBJECT_WRITES: string } };
    const { DEVICE_OBJECT_WRITES } = object.env;
    object.env.DEVICE_OBJECT_WRITES = "live";
    try {
      return (await object.eventsSince(0)).isWhole;
    } finally {
      object.env.DEVICE_OBJECT_WRITES = DEVICE_OBJECT_WRITES;
    }
  });
  expect(isWhole).toBe(false);
});
