import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { KafkaRecord } from "../kafka-record.ts";
import { encode, encodeIdentity, sizeOf } from "./encode.ts";

const record = (members: Partial<KafkaRecord>): KafkaRecord => ({
  ...{ topic: "t", partition: 3, offset: 9, timestampMs: 5, key: null, value: null, headers: [] },
  ...members,
});
const written = (members: Partial<KafkaRecord>) => JSON.parse(encode(record(members)).text);
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64");

describe("a record in a request", () => {
  it("has its place, its time, its headers in their order, and all bytes as they are", () => {
    const bytes = Buffer.from([0, 0xff, 0x7b, 0xc3]);
    const headers = [
      ["a", bytes],
      ["a", Buffer.alloc(0)],
      ["ü", Buffer.from("v")],
    ] as const;
    expect(written({ key: bytes, value: bytes, headers })).toEqual({
      partition: 3,
      offset: 9,
      timestamp: 5,
      key: base64(bytes),
      value: base64(bytes),
      headers: [
        { key: "a", value: base64(bytes) },
        { key: "a", value: "" },
        { key: "ü", value: base64("v") },
      ],
    });
  });

  it.each([
    ["a tombstone", { value: null }, { value: null, key: null }],
    ["an empty value and key", { value: Buffer.alloc(0), key: Buffer.alloc(0) }, { value: "", key: "" }],
  ])("keeps %s apart from the other", (_, members, expected) => {
    expect(written(members)).toMatchObject(expected);
  });

  it.each([[null], [-1]])("has no time if that is %s", (timestampMs) => {
    expect(written({ timestampMs })).not.toHaveProperty("timestamp");
  });

  it("counts its bytes, not its characters", () => {
    const { text, bytes } = encode(record({ headers: [["ü".repeat(10), Buffer.from("v")]] }));
    expect(bytes).toBe(Buffer.byteLength(text));
  });

  it("is whole up to 512 KiB", () => {
    const value = Buffer.alloc(512 * 1024, "x");
    expect(written({ value })).toMatchObject({ value: base64(value) });
    expect(written({ value })).not.toHaveProperty("cut");
  });

  it("over 512 KiB has the beginning of its value, its key and its headers, with size and hash of all", () => {
    const value = Buffer.alloc(20_000_000, "xyz");
    const headers = [
      ["small", Buffer.from("v")],
      ["large", Buffer.alloc(100_000)],
    ] as const;
    const large = record({ key: Buffer.alloc(5_000, "k"), value, headers });
    const { text, bytes } = encode(large);
    expect(bytes).toBeLessThan(100_000);
    expect(JSON.parse(text)).toEqual({
      partition: 3,
      offset: 9,
      timestamp: 5,
      key: base64("k".repeat(1_024)),
      value: base64(value.subarray(0, 65_536)),
      headers: [{ key: "small", value: base64("v") }],
      cut: { bytes: sizeOf(large), sha256: createHash("sha256").update(value).digest("hex") },
    });
  });
});

it.each([
  ["half a million empty headers", Array.from({ length: 500_000 }, () => ["", Buffer.alloc(0)] as const)],
  ["a name that has to be escaped", [["\u0001".repeat(500_000), Buffer.alloc(0)] as const]],
])("a record with %s is small enough for a request, and so is what identifies it", (_, headers) => {
  const small = encode(record({ value: Buffer.from("v"), headers }));
  expect(small.bytes).toBeLessThan(1024 * 1024);
  expect(JSON.parse(small.text).cut).toMatchObject({ bytes: expect.any(Number) });
  expect(encodeIdentity(small).bytes).toBeLessThan(1_000);
});

describe("what identifies a record", () => {
  it("is its place, its key, and size and hash of its value", () => {
    const value = Buffer.from("refused");
    const identity = encodeIdentity(encode(record({ key: Buffer.from("k"), value, headers: [["h", value]] })));
    expect(JSON.parse(identity.text)).toEqual({
      partition: 3,
      offset: 9,
      timestamp: 5,
      key: base64("k"),
      value: "",
      cut: { bytes: 16, sha256: createHash("sha256").update(value).digest("hex") },
    });
    expect(identity.at).toEqual({ topic: "t", partition: 3, offset: 9 });
  });

  it("has no place if the record has none", () => {
    const value = Buffer.from("v");
    const { text } = encode(record({ value }), false);
    expect(JSON.parse(text)).toEqual({ timestamp: 5, key: null, value: base64(value) });
    const identity = encodeIdentity({ at: { topic: "t", partition: 3, offset: 9 }, text, bytes: text.length });
    expect(Object.keys(JSON.parse(identity.text))).toEqual(["timestamp", "key", "value", "cut"]);
  });

  it("keeps the size and hash that were taken before its end was cut off", () => {
    const whole = encode(record({ value: Buffer.alloc(600_000, "x") }));
    expect(JSON.parse(encodeIdentity(whole).text).cut).toEqual(JSON.parse(whole.text).cut);
  });

  it("is the same of itself, so that it is known when there is nothing less to send", () => {
    const identity = encodeIdentity(encode(record({ value: Buffer.from("v") })));
    expect(encodeIdentity(identity).text).toBe(identity.text);
  });
});
