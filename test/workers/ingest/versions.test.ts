import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toBase64 } from "#base/base64.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import type { DeviceSink } from "#objects/requests.ts";
import { stampOf } from "#queue/contract-version.ts";
import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventValue, NOW_MS, recordOf } from "../../support/records.ts";
import { EVOLVED, evolve, statusData } from "../../support/three-versions.ts";
import { Boundary, ELT } from "./harness.ts";

const { DB, DEVICES } = env as unknown as { DB: D1Database; DEVICES: DurableObjectNamespace<DeviceObject> };

let undo: () => void;
beforeEach(() => {
  undo = evolve();
});
afterEach(() => {
  undo();
  vi.restoreAllMocks();
});

describe("the boundary", () => {
  let boundary: Boundary;
  beforeEach(() => {
    boundary = new Boundary();
  });

  const versionOne = (more: object = {}) => ({
    ...eventValue({ topic: EVOLVED, data: statusData[1](true, 20) }),
    ...more,
  });
  const binary = (value: unknown) =>
    toBase64(new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)));
  const header = {
    v2: { key: "concord-contract-version", value: binary("1") },
    v3: { name: "concord-contract-version", value: binary("1") },
  };
  const declared = versionOne({ contractVersion: 1 });
  const v3 = (entry: object) => ({
    path: `/v3/clusters/c/topics/${EVOLVED}/records:batch`,
    type: "application/json",
    body: JSON.stringify({ entries: [{ id: "0", ...entry }] }),
  });

  it.each([
    [
      "v2, in the value",
      () => ({ path: `/topics/${EVOLVED}`, body: JSON.stringify({ records: [{ value: declared }] }) }),
    ],
    [
      "v2, in a header",
      () => ({
        path: `/topics/${EVOLVED}`,
        body: JSON.stringify({ records: [{ value: versionOne(), headers: [header.v2] }] }),
      }),
    ],
    [
      "binary v2, in the value",
      () => ({
        path: `/topics/${EVOLVED}`,
        type: "application/vnd.kafka.binary.v2+json",
        body: JSON.stringify({ records: [{ value: binary(declared) }] }),
      }),
    ],
    ["v3, in the value", () => v3({ value: { type: "JSON", data: declared } })],
    ["v3, in a header", () => v3({ value: { type: "JSON", data: versionOne() }, headers: [header.v3] })],
    [
      "a sink, in the value",
      () => ({ path: `/ingest/${EVOLVED}`, type: "application/x-ndjson", body: JSON.stringify(declared) }),
    ],
    [
      "a CloudEvent, in its data",
      () => ({
        path: `/ingest/${EVOLVED}`,
        type: "application/cloudevents+json",
        body: JSON.stringify({ specversion: "1.0", id: "e", source: "/", type: "t", data: declared }),
      }),
    ],
  ])("reads a record by the version that is declared by %s", async (_, post) => {
    expect((await boundary.post(post())).ok).toBe(true);
    expect(boundary.letters).toEqual([]);
    expect(boundary.records).toHaveLength(1);
    // Version 1 is what a record without a stamp is of.
    expect(boundary.records[0]).not.toHaveProperty("contractVersion");
  });

  it("stamps what declares nothing with the current version, and the dead letter of what does not fit it too", async () => {
    const records = [{ value: eventValue({ topic: EVOLVED, data: statusData[3](true, 20) }) }, { value: versionOne() }];
    await boundary.post({ path: `/topics/${EVOLVED}`, body: JSON.stringify({ records }) });
    expect(boundary.records.map(({ contractVersion }) => contractVersion)).toEqual([3]);
    expect(boundary.letters).toMatchObject([{ contractVersion: 3, record: { contractVersion: 3 } }]);
  });

  it("takes what declares a version that nobody has yet for the current one", async () => {
    const value = { ...eventValue({ topic: EVOLVED, data: statusData[3](true, 20) }), contractVersion: 9 };
    await boundary.post({ path: `/topics/${EVOLVED}`, body: JSON.stringify({ records: [{ value }] }) });
    expect(boundary.records).toMatchObject([{ contractVersion: 3 }]);
  });

  it("adds no byte to a record of a topic at version 1", async () => {
    await boundary.produce({ topic: ELT });
    expect(boundary.records[0]).not.toHaveProperty("contractVersion");
  });
});

describe("the consumer", () => {
  let events: FakeQueue<Parcel>;
  let deadLetters: FakeQueue<DeadLetterMessage>;
  let deps: ConsumeDeps;
  beforeEach(() => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    events = new FakeQueue();
    deadLetters = new FakeQueue();
    deps = {
      fleet: new FleetRepository(DB),
      objectWrites: "always",
      mergeIntoObject: (key, list, token) => (DEVICES.getByName(key) as unknown as DeviceSink).merge([...list], token),
      announce: async () => undefined,
      deliver: async () => undefined,
      events,
      backfill: new FakeQueue(),
      deadLetters,
      now: () => NOW_MS,
      random: () => 0.5,
      workerVersion: "test",
    };
  });

  type Version = 1 | 2 | 3;
  const status = (deviceId: string, version: Version, minute: number): QueuedRecord => {
    const data = statusData[version](minute % 2 === 0, minute * 5);
    const occurredAt = new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
    const spec = { topic: EVOLVED, deviceId, eventId: `e-${minute}`, occurredAt, data };
    return { ...recordOf(spec), ...stampOf(version) };
  };
  const deliver = (parcels: readonly Parcel[]) =>
    consume(
      deps,
      parcels.map((body) => ({ body, attempts: 1 })),
    );
  const stored = async (deviceId: string) => ({
    inD1: await DB.prepare("SELECT latest, aspects FROM devices WHERE key = ?").bind(`elt:${deviceId}`).first(),
    inObject: await (DEVICES.getByName(`elt:${deviceId}`) as unknown as DeviceSnapshotSource).snapshot(),
  });

  it("ends a parcel of mixed versions in the state of records that were of the current one from the start", async () => {
    const minutes = [4, 1, 3, 0, 2, 5];
    const versions: Version[] = [1, 2, 3, 1, 3, 2];
    await deliver(packParcels(minutes.map((minute, i) => status("mixed", versions[i] as Version, minute))));
    await deliver(packParcels(minutes.map((minute) => status("current", 3, minute))));
    expect(deadLetters.bodies).toEqual([]);
    const [mixed, current] = [await stored("mixed"), await stored("current")];
    expect(mixed.inD1).toEqual(current.inD1);
    // The history too has the data as the current version has it.
    expect(JSON.parse(JSON.stringify(mixed.inObject).replaceAll("mixed", "current"))).toEqual(current.inObject);
    expect(current.inObject?.history).toHaveLength(6);
  });

  it("calls a record that it had merged before its contract had a new version a duplicate", async () => {
    const record = status("repeated", 1, 4);
    await deliver(packParcels([record]));
    const { report } = await deliver(packParcels([record, status("repeated", 3, 4)]));
    expect(report.outcomes).toEqual({ [`${EVOLVED} duplicate`]: 2 });
  });

  it("sends a record of a version that it does not have back to the queue, and merges its neighbours", async () => {
    const parcels = packParcels([status("ahead", 3, 2), recordOf({ topic: ELT, deviceId: "ahead" })]);
    undo();
    const { dispositions, report } = await deliver(parcels);
    expect(dispositions).toEqual([{ kind: "ack" }]);
    expect(report.outcomes).toEqual({ [`${ELT} applied`]: 1 });
    expect(deadLetters.bodies).toEqual([]);
    expect(events.bodies).toMatchObject([{ deferrals: 1, records: [{ topic: EVOLVED, contractVersion: 3 }] }]);
    expect(events.bodies[0]?.records[0]).not.toHaveProperty("attempts");
    undo = evolve();
    expect((await deliver(events.drain())).report.outcomes).toEqual({ [`${EVOLVED} applied`]: 1 });
  });

  it("keeps the stamp of a record that becomes a dead letter", async () => {
    const record = { ...status("bad", 2, 1), value: JSON.stringify(eventValue({ topic: EVOLVED, data: {} })) };
    await deliver(packParcels([record]));
    expect(deadLetters.bodies).toMatchObject([{ letters: [{ contractVersion: 3, record: { contractVersion: 2 } }] }]);
  });
});
