import { describe, expect, it } from "vitest";
import { toCommandRecord } from "./command-record.ts";
import { type Parcel, packParcels, type QueuedRecord } from "./parcel.ts";
import { receiptOf, receive } from "./receipt.ts";

const record = (offset: number): QueuedRecord => ({
  topic: "device.elt.status.reported",
  key: "t-1",
  value: `{"n":${offset}}`,
  partition: 0,
  offset,
  receivedAtMs: 1_000,
});

describe("a receipt", () => {
  it("names the parcel that a record was packed into first, and its place there", async () => {
    const [parcel] = packParcels([record(0), record(1)]) as [Parcel];
    expect(await receiptOf(parcel, 1)).toBe(`${parcel.id}.1`);
    expect(parcel.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is another in each parcel, of the same records too", () => {
    const ids = [packParcels([record(0)]), packParcels([record(0)])].flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  it("stays with a record that goes back to the queue in another parcel, at another place", async () => {
    const [parcel] = packParcels([record(0), record(1)]) as [Parcel];
    const [, second] = await receive(parcel);
    const [back] = packParcels([second as QueuedRecord], { deferrals: 1 }) as [Parcel];
    expect(back.id).not.toBe(parcel.id);
    expect(await receiptOf(back, 0)).toBe(`${parcel.id}.1`);
  });

  it("of a parcel without an id is a hash of the record's content and times, not of what happened to it", async () => {
    const old = (one: QueuedRecord): Parcel => ({ kind: "parcel", records: [one] });
    const receipt = await receiptOf(old(record(0)), 0);
    expect(receipt).toMatch(/^[0-9a-f]{32}$/);
    const later: QueuedRecord = { ...record(0), attempts: 2, merged: "applied", suspect: true };
    expect(await receiptOf(old(later), 0)).toBe(receipt);
    const others = [record(1), { ...record(0), receivedAtMs: 2 }, { ...record(0), keyEncoding: "base64" as const }];
    for (const other of others) expect(await receiptOf(old(other), 0)).not.toBe(receipt);
  });

  it("of a command is known before it is in a parcel, so that all its copies have it", () => {
    const command = toCommandRecord({
      topic: "device.elt.desired-state.requested",
      data: {},
      deviceKey: "elt:t-1",
      eventId: "e-1",
      occurredAtMs: 1,
      nowMs: 1,
    });
    expect(command.receipt).toBe("e-1.0");
  });
});
