import { expect, it } from "vitest";
import type { LiveDevice } from "#archive/compare/device.ts";
import type { Device } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { Notes } from "../../../workers/archive/jobs/rebuild/notes.ts";
import type { DeviceFold } from "../../../workers/archive/jobs/verification/state.ts";
import { Shelf } from "../../../workers/archive/jobs/verification/store.ts";
import { inAJob } from "./dying.ts";

/** What the platform stores under one key; its local version takes more. */
const MOST = 2 * 1024 * 1024;

/** No character of the values here takes more than a byte in V8's format, which has less around them than JSON. */
const sizeOf = (value: unknown): number =>
  JSON.stringify(value, (_, inner) => (inner instanceof Map ? [...inner] : inner)).length;

function refuseLarge(value: unknown): void {
  if (sizeOf(value) > MOST) throw new Error("Values cannot be larger than 2 MB");
}

function limited(storage: DurableObjectStorage): DurableObjectStorage {
  const put = async (key: string | Record<string, unknown>, value?: unknown) => {
    if (typeof key === "string") {
      refuseLarge(value);
      return storage.put(key, value);
    }
    for (const each of Object.values(key)) refuseLarge(each);
    return storage.put(key);
  };
  const { kv } = storage;
  const kvPut = (key: string, value: unknown) => {
    refuseLarge(value);
    kv.put(key, value);
  };
  return {
    get: (keys: string[]) => storage.get(keys),
    list: (options: DurableObjectListOptions) => storage.list(options),
    delete: (keys: string[]) => storage.delete(keys),
    put,
    kv: { get: kv.get.bind(kv), list: kv.list.bind(kv), delete: kv.delete.bind(kv), put: kvPut },
  } as unknown as DurableObjectStorage;
}

const KEY = "elt:noisy-1" as DeviceKey;

/** A device that raised an alert every five minutes for so many times. */
const alertsOf = (count: number): Device["alerts"] =>
  new Map(
    Array.from({ length: count }, (_, i) => {
      const details = { version: `2026-11-01T00:00:00.000Z/${i}`, value: { code: "C", text: "x".repeat(500) } };
      return [`a-${i}`, { details } as never] as const;
    }),
  );
const foldOf = (count: number): DeviceFold => ({
  device: {
    key: KEY,
    latest: "2026-11-01T00:00:00.000Z/1" as never,
    aspects: {},
    alerts: alertsOf(count),
    assignments: new Map(),
    history: [],
  },
  uncertain: [],
});

it("The fold of a device is kept, however many alerts it has", () =>
  inAJob(async ({ storage }) => {
    const shelf = new Shelf<DeviceFold>(limited(storage), "verify:device:");
    const folds = new Map([
      ["elt:a", foldOf(1)],
      [KEY as string, foldOf(9_000)],
      ["elt:z", foldOf(2)],
    ]);
    await shelf.put(folds);
    expect(await shelf.get([KEY, "elt:z"])).toEqual(new Map([...folds].slice(1)));
    expect(await shelf.page(null, 10)).toEqual([...folds]);
    const larger = new Map([[KEY as string, foldOf(9_500)]]);
    await shelf.put(larger);
    expect(await shelf.get([KEY])).toEqual(larger);
    // The pieces of the value before are gone: 9,500 alerts are some 6 MB.
    expect((await storage.list({ prefix: "piece:" })).size).toBeLessThan(15);
    await shelf.put(new Map([[KEY as string, foldOf(3)]]));
    expect(await shelf.get([KEY])).toEqual(new Map([[KEY, foldOf(3)]]));
    while (!(await shelf.clear(2)));
    expect((await storage.list()).size).toBe(0);
  }, "verification"));

it("A device that differs is noted, however many alerts it has", () =>
  inAJob(async ({ storage }) => {
    const notes = new Notes(limited(storage));
    const alerts = [...alertsOf(9_000)].map(([alertId, alert]) => ({ alertId, alert, columns: {} as never }));
    const live: LiveDevice = { key: KEY, row: null, alerts, assignments: new Map([["v" as never, "D-1"]]) };
    const suspect = { kind: "device", key: KEY, live, certain: [] } as const;
    const small = { ...suspect, key: "elt:z" as DeviceKey, live: { ...live, alerts: [] } };
    for (const each of [suspect, small]) notes.put("suspect", each, each);
    expect(notes.list("suspect", null, 10).map(({ value }) => value)).toEqual([suspect, small]);
    const [first] = notes.list("suspect", null, 1);
    notes.removeThrough("suspect", first?.id);
    expect([...storage.kv.list()].map(([name]) => name)).toEqual(["rebuild:suspect:device elt:z"]);
    notes.put("suspect", suspect, suspect);
    notes.removeAll();
    expect([...storage.kv.list()]).toEqual([]);
  }));
