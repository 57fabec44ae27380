import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { compileProtobuf } from "./protobuf.ts";

const SCHEMA = `
syntax = "proto3";
package hvac.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Mode { MODE_UNKNOWN = 0; MODE_HEAT = 1; }
message First { string name = 1; message Inner { int32 x = 1; } message Other { int32 y = 1; } }
message Event {
  string event_id = 1;
  int64 sequence_number = 2;
  Mode mode = 3;
  bytes raw = 4;
  google.protobuf.Timestamp occurred_at = 5;
  google.protobuf.StringValue note = 6;
  bool is_online = 7;
  repeated int32 readings = 8;
  map<string, First> parts = 9;
  float temperature = 10;
  optional int32 fan = 11;
  oneof who { string dealer = 12; string owner = 13; }
  uint64 total = 14;
}`;

const root = new protobuf.Root();
for (const name of ["timestamp", "wrappers"])
  root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)?.nested ?? {});
const Event = protobuf.parse(SCHEMA, root).root.lookupType("hvac.v1.Event");

const read = (schema: string, payload: Buffer, references: Parameters<typeof compileProtobuf>[1] = []): unknown =>
  JSON.parse(JSON.stringify(compileProtobuf(schema, references)(payload)));

/** Written by protobufjs, behind the indexes of the file's second message. */
const encoded = (event: object): Buffer =>
  Buffer.concat([Buffer.from([2, 2]), Event.encode(Event.fromObject(event)).finish()]);

describe("a value in Protobuf", () => {
  it("is ProtoJSON: names in camel case, enums by name, 64 bits as text, bytes in base64, times as text", () => {
    const event = {
      eventId: "e-1",
      sequenceNumber: "9223372036854775807",
      mode: 1,
      raw: Buffer.from([0, 255]),
      occurredAt: { seconds: 1_795_996_800, nanos: 123_456_789 },
      note: { value: "noted" },
      isOnline: true,
      readings: [1, -2],
      parts: { a: { name: "A" } },
      temperature: 21.3,
      fan: 0,
      dealer: "D-7",
      total: "18446744073709551615",
    };
    expect(read(SCHEMA, encoded(event))).toEqual({
      ...event,
      mode: "MODE_HEAT",
      raw: "AP8=",
      occurredAt: "2026-11-30T00:00:00.123456789Z",
      note: "noted",
    });
  });

  it("has what its producer left out because it is the default, and not what is optional", () => {
    expect(read(SCHEMA, Buffer.from([2, 2]))).toEqual({
      eventId: "",
      sequenceNumber: "0",
      mode: "MODE_UNKNOWN",
      raw: "",
      isOnline: false,
      readings: [],
      parts: {},
      temperature: 0,
      total: "0",
    });
    expect(read(SCHEMA, Buffer.from([2, 2, 0x4a, 5, 0x0a, 1, 0x61, 0x12, 0]))).toMatchObject({
      parts: { a: { name: "" } },
    });
  });

  it.each([
    ["00 0a 01 41", { name: "A" }],
    ["02 00 0a 01 41", { name: "A" }],
    ["04 00 00 08 05", { x: 5 }],
    ["04 00 02 08 05", { y: 5 }],
  ])("%s is the message that its indexes name", (hex, json) => {
    expect(read(SCHEMA, Buffer.from(hex.replaceAll(" ", ""), "hex"))).toEqual(json);
  });

  it.each(["02 04", "04 00 04", "06 00 00 00", "02"])("is refused if its schema has no such message: %s", (hex) => {
    expect(() => read(SCHEMA, Buffer.from(hex.replaceAll(" ", ""), "hex"))).toThrow(/message/);
  });

  it("counts the messages of its own file only, and may have messages of files that it imports", () => {
    const unit = { name: "unit.proto", schema: 'syntax = "proto3"; package hvac; message Unit { string name = 1; }' };
    const schema = `syntax = "proto3"; package hvac; import "unit.proto";
      message Reading { Unit unit = 1; } message Last { int32 n = 1; }`;
    expect(read(schema, Buffer.from([0, 0x0a, 3, 0x0a, 1, 0x43]), [unit])).toEqual({ unit: { name: "C" } });
    expect(read(schema, Buffer.from([2, 2, 8, 7]), [unit])).toEqual({ n: 7 });
  });

  it("may have no package, and fields of proto2", () => {
    const schema = 'syntax = "proto2"; message M { required string a = 1; optional int32 b = 2 [default = 5]; }';
    expect(read(schema, Buffer.from([0, 0x0a, 1, 0x41]))).toEqual({ a: "A" });
  });

  it("is the same as protobufjs wrote, whatever that was", () => {
    const value = fc.record({
      eventId: fc.string(),
      sequenceNumber: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      readings: fc.array(fc.integer()),
      isOnline: fc.boolean(),
      raw: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(value, (event) => {
        expect(read(SCHEMA, encoded(event))).toMatchObject({ ...event, raw: event.raw.toString("base64") });
      }),
    );
  });
});
