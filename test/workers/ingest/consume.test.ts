import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import type { DeadLetterMessage, Letter, Settlement } from "#letters/letter.ts";
import type { DeviceSink } from "#objects/requests.ts";
import { backoffSeconds } from "#queue/backoff.ts";
import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import { type ConsumeDeps, consume, MAX_ATTEMPTS, MAX_DEVICES_A_ROUND } from "../../../workers/ingest/consume.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { NOW_MS, recordOf } from "../../support/records.ts";

const { DB, DEVICES } = env as unknown as { DB: D1Database; DEVICES: DurableObjectNamespace<DeviceObject> };

let events: FakeQueue<Parcel>;
let backfill: FakeQueue<Parcel>;
let deadLetters: FakeQueue<DeadLetterMessage>;
let deps: ConsumeDeps;
let devices = 0;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  events = new FakeQueue();
  backfill = new FakeQueue();
  deadLetters = new FakeQueue();
  deps = {
    fleet: new FleetRepository(DB),
    objectWrites: "always",
    mergeIntoObject: (key, list, token, receivedAtMs) =>
      (DEVICES.getByName(key) as unknown as DeviceSink).merge([...list], token, false, receivedAtMs),
    announce: async () => undefined,
    deliver: async () => undefined,
    events,
    backfill,
    deadLetters,
    now: () => NOW_MS,
    random: () => 0.5,
    workerVersion: "test",
  };
});

const deliver = (to: ConsumeDeps, bodies: readonly unknown[], attempts = 1) =>
  consume(
    to,
    bodies.map((body) => ({ body, attempts })),
  );

const freshDevice = () => `consume-${++devices}`;
const status = (deviceId: string, minute = 0, online = true): QueuedRecord =>
  recordOf({
    topic: "device.elt.status.reported",
    deviceId,
    occurredAt: new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString(),
    data: { online, indoorTemperatureC: minute },
  });
const parcelOf = (records: QueuedRecord[], rest: Partial<Parcel> = {}): Parcel => ({
  kind: "parcel",
  records,
  ...rest,
});
const stored = (deviceId: string) =>
  DB.prepare("SELECT latest, aspects FROM devices WHERE key = ?").bind(`elt:${deviceId}`).first<{ aspects: string }>();
const object = (deviceId: string) =>
  (DEVICES.getByName(`elt:${deviceId}`) as unknown as DeviceSnapshotSource).snapshot();
const letters = (): Letter[] => deadLetters.bodies.flatMap((body) => (body.kind === "letters" ? body.letters : []));
const acked = (count: number) => Array.from({ length: count }, () => ({ kind: "ack" }));

/** Where hundreds of devices are needed and their objects are not the point: a new object costs a database file. */
const withoutObjects: Pick<ConsumeDeps, "mergeIntoObject"> = {
  mergeIntoObject: async (_, list) => ({ outcomes: list.map(() => "superseded"), rowsWritten: 0 }),
};

const outage = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
const bug = () => Promise.reject(new Error("cannot read properties of undefined"));

const nested = (levels: number): unknown => {
  let value: unknown = 0;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

describe("the consumer", () => {
  it("merges a batch into D1 and into each device's object, and counts every outcome", async () => {
    const [a, b] = [freshDevice(), freshDevice()];
    const repeated = status(a, 3);
    const batch = [parcelOf([status(a, 1), repeated, status(b, 5)]), parcelOf([repeated, status(b, 4), status(b, 5)])];
    const { dispositions, report } = await deliver(deps, batch);
    expect(dispositions).toEqual(acked(2));
    expect(report.outcomes).toEqual({
      "device.elt.status.reported applied": 3,
      "device.elt.status.reported duplicate": 1,
      "device.elt.status.reported superseded": 1,
      "device.elt.status.reported unchanged": 1,
    });
    expect(JSON.parse((await stored(a))?.aspects ?? "{}")).toEqual((await object(a))?.aspects);
    expect((await object(a))?.history).toHaveLength(2);
  });

  it("writes no row anywhere when the same batch comes again", async () => {
    const batch = [parcelOf(Array.from({ length: 30 }, (_, i) => status(`again-${i % 7}`, i)))];
    await deliver(deps, batch);
    const { report } = await deliver(deps, batch);
    expect(report).toMatchObject({ d1RowsWritten: 0, objectWrites: 0 });
    expect(report.outcomes).toEqual({ "device.elt.status.reported duplicate": 30 });
  });

  it("converges if it crashed between D1 and the object and the message is delivered again", async () => {
    const device = freshDevice();
    const batch = [parcelOf([status(device, 1), status(device, 2)])];
    const dies = { ...deps, mergeIntoObject: () => new Promise<never>(() => {}) };
    void deliver(dies, batch);
    await vi.waitFor(async () => expect(await stored(device)).not.toBeNull());
    expect(await object(device)).toBeNull();
    const { dispositions, report } = await deliver(deps, batch);
    expect(dispositions).toEqual(acked(1));
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 2 });
    expect((await object(device))?.aspects).toEqual(JSON.parse((await stored(device))?.aspects ?? "{}"));
  });

  it("writes nothing to an object that D1 has not stored", async () => {
    const device = freshDevice();
    await deliver({ ...deps, fleet: { merge: outage } }, [parcelOf([status(device, 1)])]);
    expect(await object(device)).toBeNull();
    const { report } = await deliver(deps, events.drain());
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect((await object(device))?.aspects).toEqual(JSON.parse((await stored(device))?.aspects ?? "{}"));
  });

  it("dead-letters a record that its current contract rejects, and merges the others of its message", async () => {
    const device = freshDevice();
    const bad = { ...status(device, 2), value: "{}" };
    const { dispositions, report } = await deliver(deps, [parcelOf([status(device, 1), bad, status(device, 3)])]);
    expect(dispositions).toEqual(acked(1));
    expect(report.deadLettered).toEqual({ "device.elt.status.reported schema_mismatch": 1 });
    expect(letters()).toMatchObject([{ stage: "consume", record: bad, failure: { reason: "schema_mismatch" } }]);
    expect((await object(device))?.history).toHaveLength(2);
  });

  it("forwards a message that is not a parcel to the dead letters, unchanged", async () => {
    const { dispositions } = await deliver(deps, [{ what: "is this" }, parcelOf([status(freshDevice())])]);
    expect(dispositions).toEqual(acked(2));
    expect(deadLetters.bodies).toEqual([{ what: "is this" }]);
  });

  it("bounds the number of devices in one round", async () => {
    const rounds: number[] = [];
    const fleet = {
      merge: (list: readonly ConcordEvent[]) => {
        rounds.push(new Set(list.map(({ deviceKey }) => deviceKey)).size);
        return deps.fleet.merge(list);
      },
    };
    const records = Array.from({ length: 250 }, (_, i) => status(`round-${i}`));
    await deliver({ ...deps, ...withoutObjects, fleet }, packParcels(records));
    expect(rounds).toEqual([MAX_DEVICES_A_ROUND.always, MAX_DEVICES_A_ROUND.always, 50]);
  });
});

describe("the consumer, when a store is out of reach", () => {
  it("defers the records together, with their receipts, counts no attempt and dead-letters nothing", async () => {
    const records = [status(freshDevice()), status(freshDevice())];
    const parcel = parcelOf(records, { id: "p", traceparent: "00-trace", deferrals: 3 });
    const { dispositions, report } = await deliver({ ...deps, ...withoutObjects, fleet: { merge: outage } }, [parcel]);
    expect(dispositions).toEqual(acked(1));
    const returned = records.map((record, i) => ({ ...record, receipt: `p.${i}` }));
    expect(events.bodies).toEqual([{ ...parcel, id: expect.any(String), records: returned, deferrals: 4 }]);
    expect(events.bodies[0]).not.toMatchObject({ id: "p" });
    expect(events.messages[0]?.delaySeconds).toBe(backoffSeconds(4, 0.5));
    expect(letters()).toEqual([]);
    expect(report.retried).toEqual({ "device.elt.status.reported": 2 });
  });

  it("keeps deferring through an outage of hours, and applies everything after it", async () => {
    const device = freshDevice();
    let batch: unknown[] = [parcelOf([status(device, 1)])];
    for (let hour = 0; hour < 30; hour++) {
      await deliver({ ...deps, fleet: { merge: outage } }, batch);
      batch = events.drain();
    }
    const { report } = await deliver(deps, batch);
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect(letters()).toEqual([]);
  });

  it("defers only the device whose object is unavailable", async () => {
    const [well, ill] = [freshDevice(), freshDevice()];
    const mergeIntoObject: ConsumeDeps["mergeIntoObject"] = (key, list, token, receivedAtMs) =>
      key.endsWith(ill)
        ? Promise.reject(Object.assign(new Error("reset"), { retryable: true }))
        : deps.mergeIntoObject(key, list, token, receivedAtMs);
    const { dispositions, report } = await deliver({ ...deps, mergeIntoObject }, [
      parcelOf([status(well), status(ill)]),
    ]);
    expect(dispositions).toEqual(acked(1));
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect(events.bodies.flatMap(({ records }) => records.map(({ key }) => key))).toEqual([ill]);
  });

  it("retries the whole message if the queue is unavailable too", async () => {
    events.callsLeft = 0;
    const { dispositions, report } = await deliver({ ...deps, fleet: { merge: outage } }, [
      parcelOf([status(freshDevice())]),
    ]);
    expect(dispositions).toEqual([{ kind: "retry", delaySeconds: expect.any(Number) }]);
    expect(report.retried).toEqual({});
  });

  it("retries only the messages whose letters were refused", async () => {
    deadLetters.callsLeft = 0;
    const batch = [parcelOf([{ ...status(freshDevice()), value: "{}" }]), parcelOf([status(freshDevice())])];
    const { dispositions } = await deliver(deps, batch);
    expect(dispositions.map(({ kind }) => kind)).toEqual(["retry", "ack"]);
  });
});

describe("the consumer, after a fault that it handled", () => {
  const raised = (deviceId: string) => recordOf({ topic: "device.elt.alert.raised", deviceId });

  it("reports the outcome of a record that one store merged at first and the other later", async () => {
    const device = freshDevice();
    const objectOut = { ...deps, mergeIntoObject: outage };
    await deliver(objectOut, [parcelOf([raised(device)])]);
    const { report } = await deliver(deps, events.drain());
    expect(report.outcomes).toEqual({ "device.elt.alert.raised applied": 1 });
  });

  it("defers only the devices that other consumers kept changing", async () => {
    const fleet = {
      merge: async (list: readonly ConcordEvent[]) => ({
        outcomes: list.map(({ deviceKey }) => (deviceKey.endsWith("hot") ? null : ("applied" as const))),
        events: list,
        announcements: [],
        watched: new Set<DeviceKey>(),
        consistencyToken: null,
        rowsRead: 0,
        rowsWritten: 0,
      }),
    };
    const { report } = await deliver({ ...deps, ...withoutObjects, fleet }, [
      parcelOf([status("hot"), status("cold")]),
    ]);
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect(events.bodies.flatMap(({ records }) => records.map(({ key }) => key))).toEqual(["hot"]);
  });

  it("duplicates no record if a whole message has to be delivered again", async () => {
    const records = [
      { ...status(freshDevice()), value: "{}" },
      ...Array.from({ length: 9 }, () => status(freshDevice())),
    ];
    for (let attempt = 1; attempt <= 5; attempt++) {
      deadLetters.callsLeft = 0;
      const { dispositions } = await deliver({ ...deps, fleet: { merge: outage } }, [parcelOf(records)], attempt);
      expect(dispositions).toEqual([{ kind: "retry", delaySeconds: backoffSeconds(attempt, 0.5) }]);
    }
    expect(events.bodies).toEqual([]);
  });

  it("isolates records that were deferred many times, because one of them may cause the outage", async () => {
    const parcel = parcelOf([status(freshDevice()), status(freshDevice())], { deferrals: 9 });
    await deliver({ ...deps, fleet: { merge: outage } }, [parcel]);
    expect(events.bodies.map(({ isolated, records }) => [isolated, records.length])).toEqual([
      [true, 1],
      [true, 1],
    ]);
  });

  it.each([
    ["holds a record that is none", { kind: "parcel", records: [null] }],
    ["is bytes", new Uint8Array([1, 2, 3]).buffer],
    ["is as many bytes as a message may have", new Uint8Array(127_000).fill(7).buffer],
    ["is text, and longer as JSON than a message may be", "\n".repeat(127_000)],
    ["is something that JSON cannot say", { n: 1n }],
    ["is nothing", undefined],
    ["nests beyond what can be written", nested(20_000)],
  ])("loses neither a record nor the others of its message when the message %s", async (_, stray) => {
    const { dispositions, report } = await deliver(deps, [stray, parcelOf([status(freshDevice())])]);
    expect(dispositions).toEqual(acked(2));
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect(deadLetters.bodies).toHaveLength(1);
    const [kept] = deadLetters.bodies as unknown[];
    if (stray instanceof ArrayBuffer || typeof stray === "string") expect(kept).toEqual(stray);
    else expect(JSON.stringify(kept)).not.toBe("{}");
  });
});

describe("the consumer, when a record breaks something", () => {
  it.each([0, 1, 49, 98, 99])("isolates the poison at place %i and loses none of its 99 neighbours", async (place) => {
    const name = `poison-${place}`;
    const records = Array.from({ length: 100 }, (_, i) => status(i === place ? name : `${name}-${i}`));
    const merge = (list: readonly ConcordEvent[]) =>
      list.some(({ deviceKey }) => deviceKey === `elt:${name}`) ? bug() : deps.fleet.merge(list);
    const poisoned = { ...deps, ...withoutObjects, fleet: { merge } };
    let batch: unknown[] = [parcelOf(records)];
    let applied = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { report } = await deliver(poisoned, batch);
      applied += report.outcomes?.["device.elt.status.reported applied"] ?? 0;
      batch = events.drain();
    }
    expect(applied).toBe(99);
    expect(batch).toEqual([]);
    expect(letters()).toMatchObject([
      { stage: "consume", record: { key: name }, failure: { reason: "fault", error: { name: "Error" } } },
    ]);
  });

  it("merges an isolated record in a round of its own", async () => {
    const sizes: number[] = [];
    const fleet = {
      merge: (list: readonly ConcordEvent[]) => {
        sizes.push(list.length);
        return deps.fleet.merge(list);
      },
    };
    const isolated = packParcels([status("alone-1"), status("alone-2")], { isolated: true });
    await deliver({ ...deps, fleet }, [...isolated, parcelOf([status("alone-3"), status("alone-4")])]);
    expect(sizes.sort()).toEqual([1, 1, 2]);
  });
});

describe("the consumer, on a replayed letter", () => {
  const settlements = (): Settlement[] =>
    deadLetters.bodies.flatMap((body) => (body.kind === "settlements" ? body.settlements : []));

  it("reports the outcome back to the letter", async () => {
    await deliver(deps, [parcelOf([{ ...status(freshDevice()), letterId: "letter-1" }])]);
    expect(settlements()).toEqual([{ letterId: "letter-1", outcome: "applied", settledAtMs: NOW_MS }]);
  });

  it("never lets an old letter overwrite newer state", async () => {
    const device = freshDevice();
    await deliver(deps, [parcelOf([status(device, 9)])]);
    await deliver(deps, [parcelOf([{ ...status(device, 1), letterId: "letter-2" }])]);
    expect(settlements()).toMatchObject([{ letterId: "letter-2", outcome: "superseded" }]);
    expect(JSON.parse((await stored(device))?.aspects ?? "{}").status.value.indoorTemperatureC).toBe(9);
  });

  it("writes to the same letter when the replay fails again", async () => {
    await deliver(deps, [parcelOf([{ ...status(freshDevice()), value: "{}", letterId: "letter-3" }])]);
    expect(letters()).toMatchObject([{ id: "letter-3" }]);
  });
});
