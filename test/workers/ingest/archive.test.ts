import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { decodeLines } from "#archive/lines.ts";
import { parseRawKey } from "#archive/names.ts";
import { type ArchivedRecord, contentOf } from "#archive/record.ts";
import type { SetDesired } from "#domain/command.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { ArchiveBucket } from "../../../workers/ingest/archive.ts";
import { setDesired } from "../../../workers/ingest/commands.ts";
import { type ConsumeDeps, consume, MAX_ATTEMPTS } from "../../../workers/ingest/consume.ts";
import { commandDeps, consumeDeps, type Env } from "../../../workers/ingest/env.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { NOW_MS, recordOf } from "../../support/records.ts";

const { ARCHIVE, DB, ...bindings } = env as unknown as Env & { readonly ARCHIVE: R2Bucket };

const STATUS = "device.elt.status.reported";
/** What happened, in order. */
let happened: string[];
let events: FakeQueue<Parcel>;
let backfill: FakeQueue<Parcel>;
let deadLetters: FakeQueue<DeadLetterMessage>;
let deps: ConsumeDeps;
let devices = 0;

const noting = <T>(name: string, queue: FakeQueue<T>): FakeQueue<T> =>
  Object.assign(queue, {
    sendBatch: (batch: Iterable<{ body: unknown }>) => {
      happened.push(name);
      return FakeQueue.prototype.sendBatch.call(queue, batch);
    },
  });

const bucketThat = (put: ArchiveBucket["put"]): ArchiveBucket => ({
  put: (...call) => {
    happened.push("put");
    return put(...call);
  },
});

const intoR2: ArchiveBucket["put"] = (...call) => ARCHIVE.put(...call);
const refuse = () => Promise.reject(new Error("put: We encountered an internal error. Please try again. (10001)"));

beforeEach(async () => {
  for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  for (const { key } of (await ARCHIVE.list()).objects) await ARCHIVE.delete(key);
  happened = [];
  events = noting("events", new FakeQueue());
  backfill = noting("backfill", new FakeQueue());
  deadLetters = noting("dead letters", new FakeQueue());
  deps = {
    fleet: new FleetRepository(DB),
    objectWrites: "always",
    mergeIntoObject: async (_, list) => {
      happened.push("object");
      return { outcomes: list.map(() => "superseded"), rowsWritten: 0 };
    },
    announce: async () => undefined,
    deliver: async () => undefined,
    archive: { bucket: bucketThat(intoR2), deadlineMs: 1_000 },
    events,
    backfill,
    deadLetters,
    now: () => NOW_MS,
    random: () => 0.5,
    workerVersion: "test",
  };
});

const freshDevice = () => `archived-${++devices}`;
const status = (deviceId = freshDevice(), more: Partial<QueuedRecord> = {}): QueuedRecord => ({
  ...recordOf({ topic: STATUS, deviceId, data: { online: true, indoorTemperatureC: devices } }),
  ...more,
});
const parcelOf = (records: readonly QueuedRecord[], rest: Partial<Parcel> = {}) =>
  ({ kind: "parcel", id: `p-${devices}`, records, ...rest }) satisfies Parcel;
const deliver = (bodies: readonly unknown[], to = deps, attempts = 1) =>
  consume(
    to,
    bodies.map((body) => ({ body, attempts })),
  );
const archived = async (): Promise<{ key: string; records: ArchivedRecord[] }[]> => {
  const { objects } = await ARCHIVE.list();
  return Promise.all(
    objects.map(async ({ key }) => {
      const records: ArchivedRecord[] = [];
      const object = (await ARCHIVE.get(key)) as R2ObjectBody;
      for await (const record of decodeLines(object.body as ReadableStream<Uint8Array>)) records.push(record);
      return { key, records };
    }),
  );
};
const outcomes = async () => (await archived()).flatMap(({ records }) => records.map(({ outcome }) => outcome));
const acked = { kind: "ack" };

describe("what the consumer has settled", () => {
  it("is in the archive as it came, with its outcome, in one object a batch", async () => {
    const odd: QueuedRecord[] = [
      status(undefined, {
        key: "\u0000\ud83d\ude00\n",
        headers: [["a\n", "Yg=="]],
        partition: 3,
        offset: 2 ** 50,
        timestampMs: 7,
      }),
      status(undefined, { key: "/w==", keyEncoding: "base64" }),
      { topic: STATUS, key: null, value: "AP+A", encoding: "base64", receivedAtMs: NOW_MS },
      { topic: STATUS, key: "x", value: null, receivedAtMs: NOW_MS },
      { topic: "no topic/at=all", key: "x", value: '{"a":1.0 , "b":"\\u0041"}', receivedAtMs: NOW_MS },
      status(undefined, { letterId: "l-1" }),
    ];
    const parcels = [parcelOf(odd), parcelOf([status()], { id: "q" })];
    const { dispositions, report } = await deliver(parcels);
    expect(dispositions).toEqual([acked, acked]);
    const [object, ...others] = await archived();
    expect(others).toEqual([]);
    expect(parseRawKey(object?.key ?? "")).toMatchObject({ day: "2026-11-23", hour: "13" });
    const byReceipt = new Map(object?.records.map((record) => [record.receipt, record]));
    expect(byReceipt.size).toBe(7);
    for (const [i, record] of odd.entries()) {
      const stored = byReceipt.get(`${parcels[0]?.id}.${i}`) as ArchivedRecord;
      expect(contentOf(stored)).toEqual(contentOf(record));
      const parsed = parseStamped(record, NOW_MS);
      expect([stored.deviceKey, stored.version]).toEqual(
        parsed.ok ? [parsed.event.deviceKey, parsed.event.version] : [null, null],
      );
      expect(stored).toMatchObject({ contractVersion: 1, settledAtMs: NOW_MS });
      expect(stored.outcome).toBe(parsed.ok ? "applied" : "deadLettered");
      expect(Object.keys(stored)).not.toContain("lane");
    }
    expect(report).toMatchObject({ archiveObjects: { written: 1 }, archivedRecords: 7 });
    expect(report.archivedBytes).toBe((await ARCHIVE.list()).objects[0]?.size);
  });

  it("of a batch that spans an hour is in two objects, each in its own hour", async () => {
    const before = NOW_MS - 1;
    await deliver([parcelOf([status(), status(undefined, { receivedAtMs: before })])]);
    expect((await archived()).map(({ key }) => key.slice(0, 20))).toEqual([
      "events/2026-11-23/12",
      "events/2026-11-23/13",
    ]);
  });

  it("of a backfill says so", async () => {
    await deliver([parcelOf([status()], { lane: "backfill" })]);
    expect((await archived()).flatMap(({ records }) => records.map(({ lane }) => lane))).toEqual(["backfill"]);
  });

  it("is there before anything of the batch is sent on or acknowledged, and after the stores have it", async () => {
    const dead: QueuedRecord = { topic: STATUS, key: null, value: "{", receivedAtMs: NOW_MS };
    const fleet: ConsumeDeps["fleet"] = {
      merge: (list) => {
        happened.push("D1");
        return deps.fleet.merge(list);
      },
    };
    await deliver([parcelOf([dead, status(undefined, { letterId: "l-1" })])], { ...deps, fleet });
    expect(happened).toEqual(["D1", "object", "put", "dead letters"]);
  });

  it("is not there while a store has still to take it", async () => {
    const mergeIntoObject = () => Promise.reject(new Error("Network connection lost."));
    const { dispositions } = await deliver([parcelOf([status()])], { ...deps, mergeIntoObject });
    expect(dispositions).toEqual([acked]);
    expect([await archived(), happened]).toEqual([[], ["events"]]);
    await deliver(events.drain());
    expect(await outcomes()).toEqual(["applied"]);
  });

  it("is written once however often the same batch is delivered, with its first outcome", async () => {
    const batch = [parcelOf([status(), status()]), parcelOf([status()], { id: "q" })];
    await deliver(batch);
    const { report } = await deliver(batch.toReversed(), deps, 2);
    expect(report.archiveObjects).toEqual({ known: 1 });
    expect(await outcomes()).toEqual(["applied", "applied", "applied"]);
  });

  it("is not lost behind its own failure, if it is merged when the same batch is delivered again", async () => {
    const batch = [parcelOf([status(undefined, { attempts: MAX_ATTEMPTS - 1 })])];
    deadLetters.callsLeft = 0;
    await deliver(batch, { ...deps, fleet: { merge: () => Promise.reject(new TypeError("a bug")) } });
    expect(await outcomes()).toEqual(["deadLettered"]);
    deadLetters.callsLeft = Number.POSITIVE_INFINITY;
    await deliver(batch, deps, 2);
    expect((await outcomes()).toSorted()).toEqual(["applied", "deadLettered"]);
  });

  it("is one record if its message is twice in a batch, as the one that changed something", async () => {
    const parcel = parcelOf([status()]);
    await deliver([parcel, parcel]);
    expect(await outcomes()).toEqual(["applied"]);
  });

  it("keeps its receipt on every way back, so that no detour makes it another record", async () => {
    const device = freshDevice();
    const bug = () => Promise.reject(new TypeError("a bug"));
    let bodies: unknown[] = [parcelOf([status(device)], { id: "first" })];
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
      await deliver(bodies, { ...deps, mergeIntoObject: bug });
      bodies = events.drain();
    }
    expect(await archived()).toEqual([]);
    await deliver(bodies, { ...deps, mergeIntoObject: bug });
    expect((await archived()).flatMap(({ records }) => records)).toMatchObject([
      { receipt: "first.0", outcome: "deadLettered", merged: "applied", deviceKey: `elt:${device}` },
    ]);
  });
});

describe("a command", () => {
  it("is archived as any record, under one receipt in whichever way it comes to the consumer", async () => {
    const key: DeviceKey = `elt:${freshDevice()}`;
    const order: SetDesired = { deviceKey: key, desired: { mode: "heat", heatSetpointC: 21 } };
    const commands = { ...commandDeps({ ...bindings, DB, ARCHIVE } as unknown as Env, { waitUntil: () => {} }) };
    let claimed: QueuedRecord | undefined;
    const result = await setDesired(
      {
        ...commands,
        ...deps,
        claimDesired: async (order) => {
          const claim = await commands.claimDesired(order);
          if (claim.kind === "claimed") claimed = claim.record;
          return claim;
        },
      },
      order,
    );
    expect(result).toMatchObject({ kind: "set" });
    // The object sends it to the queue itself if nothing has acknowledged it.
    await deliver(packParcels([claimed as QueuedRecord]));
    const records = (await archived()).flatMap(({ records }) => records);
    expect(new Set(records.map(({ receipt }) => receipt)).size).toBe(1);
    expect(records[0]).toMatchObject({ deviceKey: key, topic: claimed?.topic, value: claimed?.value });
  });
});

describe("while R2 is out", () => {
  it("records wait in the queue: no attempt is counted, nothing is a letter, nothing is settled", async () => {
    const down = { ...deps, archive: { bucket: bucketThat(refuse), deadlineMs: 1_000 } };
    const dead: QueuedRecord = { topic: STATUS, key: null, value: "{", receivedAtMs: NOW_MS };
    let bodies: unknown[] = [parcelOf([status(), dead, status(undefined, { letterId: "l-1" })])];
    for (let outage = 1; outage <= MAX_ATTEMPTS + 7; outage++) {
      const { dispositions, report } = await deliver(bodies, down);
      expect(dispositions.every(({ kind }) => kind === "ack")).toBe(true);
      expect(report).toMatchObject({ outcomes: {}, deadLettered: {}, retried: { [STATUS]: 3 } });
      expect(report).toMatchObject({ archiveObjects: { failed: 1 }, archivedRecords: 0, archivedBytes: 0 });
      bodies = events.drain();
      expect((bodies as Parcel[]).flatMap(({ records }) => records)).toHaveLength(3);
    }
    expect([deadLetters.bodies, await archived()]).toEqual([[], []]);

    const { report } = await deliver(bodies);
    expect(report.outcomes, "what a store did is not forgotten").toEqual({ [`${STATUS} applied`]: 2 });
    expect(report.deadLettered).toEqual({ [`${STATUS} not_json`]: 1 });
    expect((await outcomes()).toSorted()).toEqual(["applied", "applied", "deadLettered"]);
    expect(deadLetters.bodies.map(({ kind }) => kind)).toEqual(["letters", "settlements"]);
  });

  it("a backfill waits in its own lane", async () => {
    const down = { ...deps, archive: { bucket: bucketThat(refuse), deadlineMs: 1_000 } };
    await deliver([parcelOf([status()], { lane: "backfill" })], down);
    expect([events.bodies.length, backfill.bodies.length]).toEqual([0, 1]);
  });

  it("only the hour that could not be written waits", async () => {
    const bucket = bucketThat((key, ...rest) => (key.includes("/12/") ? refuse() : intoR2(key, ...rest)));
    const late = status(undefined, { receivedAtMs: NOW_MS - 1 });
    await deliver([parcelOf([status(), late])], { ...deps, archive: { bucket, deadlineMs: 1_000 } });
    expect(await outcomes()).toEqual(["applied"]);
    expect(events.bodies.flatMap(({ records }) => records)).toMatchObject([{ key: late.key, merged: "applied" }]);
  });
});

describe("a write of the archive", () => {
  it("is tried twice, and one that was taken unheard makes no second object", async () => {
    let calls = 0;
    const bucket = bucketThat(async (...call) => {
      const put = await intoR2(...call);
      if (++calls === 1) throw new Error("Network connection lost.");
      return put;
    });
    const { report } = await deliver([parcelOf([status()])], { ...deps, archive: { bucket, deadlineMs: 1_000 } });
    expect(report.archiveObjects).toEqual({ known: 1 });
    expect([await outcomes(), events.bodies]).toEqual([["applied"], []]);
  });

  it("that takes too long is an outage", async () => {
    const never = () => new Promise<never>(() => {});
    await deliver([parcelOf([status()])], { ...deps, archive: { bucket: bucketThat(never), deadlineMs: 5 } });
    expect(events.bodies.flatMap(({ records }) => records)).toMatchObject([{ merged: "applied" }]);
  });
});

describe("without the bucket", () => {
  it("nothing is archived, and nothing else is different", async () => {
    const { archive: _, ...without } = deps;
    const batch = [parcelOf([status(), { topic: STATUS, key: null, value: "{", receivedAtMs: NOW_MS }])];
    const { dispositions, report } = await deliver(batch, without);
    expect(dispositions).toEqual([acked]);
    expect(report.outcomes).toEqual({ [`${STATUS} applied`]: 1 });
    expect(Object.keys(report).filter((name) => name.startsWith("archive"))).toEqual([]);
    expect(happened).toEqual(["object", "dead letters"]);
  });

  it("is what an environment without the binding is", () => {
    const all = { ...bindings, DB } as unknown as Env;
    const ctx = { waitUntil: () => {} };
    expect([consumeDeps(all, ctx).archive, commandDeps(all, ctx).archive]).toEqual([undefined, undefined]);
    const bound = { ...all, ARCHIVE };
    expect(consumeDeps(bound, ctx).archive?.bucket).toBe(ARCHIVE);
    // A command's caller waits for it.
    expect(commandDeps(bound, ctx).archive?.deadlineMs).toBeLessThan(consumeDeps(bound, ctx).archive?.deadlineMs ?? 0);
  });
});

it("a full batch of the largest parcels is one object", async () => {
  const value = `{"n":"${"x".repeat(600)}"}`;
  const records = Array.from({ length: 1_000 }, (_, i) => ({
    topic: "none",
    key: `${i}`,
    value,
    receivedAtMs: NOW_MS,
  }));
  await deliver(packParcels(records));
  const [object, ...others] = await archived();
  expect([object?.records.length, others]).toEqual([1_000, []]);
});
