import { afterEach, describe, expect, it, vi } from "vitest";
import { WatchRepository } from "#repositories/watch.ts";
import { LEASE_MS } from "../../../workers/devices/live/lease.ts";
import {
  alarmOf,
  CHANGED,
  consumeRecords,
  consumerDeps,
  env,
  freshDealer,
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

describe("during an outage of D1", () => {
  it("the renewal of a watch is retried, but not at once", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const socket = await Socket.authenticated({ device: key });
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    const outage = vi.fn(() => Promise.reject(new Error("D1_ERROR: Network connection lost.")));
    const prepare = env.DB.prepare.bind(env.DB);
    await redeploy(objectOf(key), {
      DB: { withSession: () => ({ prepare, batch: outage, getBookmark: () => null }) } as never,
    });
    const now = await passHalfALease(objectOf(key));
    expect(outage).toHaveBeenCalledOnce();
    expect(await alarmOf(objectOf(key))).toBe(now + 30_000);
  });
});

describe("a watch", () => {
  it("is not removed if somebody subscribed again meanwhile", async () => {
    const watches = new WatchRepository(env.DB);
    const watched = { kind: "dealer", dealerId: freshDealer() } as const;
    await watches.register(watched, LEASE_MS);
    await watches.forget(watched, LEASE_MS);
    expect(await watchesOf(`dealer ${watched.dealerId}`)).not.toBeNull();
    await watches.register(watched, LEASE_MS / 4);
    await watches.forget(watched, LEASE_MS);
    expect(await watchesOf(`dealer ${watched.dealerId}`)).toBeNull();
  });

  it("removes nothing from the history of an object that is behind D1", async () => {
    const key = freshDevice();
    await consumeRecords(Array.from({ length: 20 }, (_, i) => report(key, i)));
    // The consumer is between D1 and the object.
    void consumeRecords([report(key, 30)], { ...consumerDeps(), mergeIntoObject: () => new Promise(() => {}) });
    await vi.waitFor(async () => {
      const aspects = await env.DB.prepare("SELECT aspects FROM devices WHERE key = ?1")
        .bind(key)
        .first<string>("aspects");
      expect(JSON.parse(aspects ?? "{}").status.value.indoorTemperatureC).toBe(7.5);
    });
    const socket = await Socket.authenticated({ device: key });
    socket.subscribe(CHANGED, { key, afterRevision: 20 });
    expect(await socket.items(1)).toMatchObject([
      { kind: "GAP", revision: 21, device: { report: { indoorTemperatureC: 7.5 } } },
    ]);
    await consumeRecords([report(key, 31)]);
    expect((await socket.items(2)).map(({ kind }) => kind)).toEqual(["GAP", "EVENT"]);
    expect((await snapshotOf(key))?.history).toHaveLength(21);
  });
});

it.each([
  ["a record that took its consumer down", { suspect: true } as const],
  ["a letter that is replayed", { letterId: "letter-1" }],
])("Dealers receive %s, if it was not announced before", async (_, marks) => {
  const { key, feed } = await watchedDealer();
  const record = report(key, 2);
  await consumeRecords([record], { ...consumerDeps(), announce: async () => undefined });
  await consumeRecords([{ ...record, ...marks }]);
  expect(await feed.items(2)).toMatchObject([{ kind: "STARTED" }, { kind: "DEVICE_CHANGED" }]);
});
