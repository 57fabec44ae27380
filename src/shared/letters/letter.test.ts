import { describe, expect, it } from "vitest";
import type { QueuedRecord } from "#queue/parcel.ts";
import { letterIdOf } from "./letter.ts";

const record = (more: Partial<QueuedRecord> = {}): QueuedRecord => ({
  topic: "device.elt.status.reported",
  key: "d",
  value: '{"eventId":"undefined","deviceId":"d-1"}',
  receivedAtMs: 1,
  ...more,
});

describe("a letter's identity", () => {
  it("is the same when the same record fails again, wherever and whenever", async () => {
    const again = record({ receivedAtMs: 9, attempts: 3, partition: 4, offset: 17, suspect: true });
    expect(await letterIdOf(again)).toBe(await letterIdOf(record()));
  });

  it("is kept by a replay, whatever became of the record", async () => {
    expect(await letterIdOf(record({ letterId: "l-1", value: "{}" }))).toBe("l-1");
  });

  it.each([
    ["another record under the same event id", { value: '{"eventId":"undefined","deviceId":"d-2"}' }],
    ["another topic", { topic: "device.elt.alert.raised" }],
    ["another key", { key: "e" }],
  ])("tells %s apart", async (_, more) => {
    expect(await letterIdOf(record(more))).not.toBe(await letterIdOf(record()));
  });

  it.each([
    ["key", { key: "devA" }, { key: "devA", keyEncoding: "base64" }],
    ["value", { value: "devA" }, { value: "devA", encoding: "base64" }],
  ] as const)("tells a %s of bytes apart from the text that is its base64", async (_, text, bytes) => {
    expect(await letterIdOf(record(text))).not.toBe(await letterIdOf(record(bytes)));
  });

  it("tells two places of Kafka apart where no event id can be read", async () => {
    const at = (offset: number) => letterIdOf(record({ value: "{oops", partition: 0, offset }));
    expect(await at(1)).not.toBe(await at(2));
    expect(await at(1)).toBe(await at(1));
  });
});
