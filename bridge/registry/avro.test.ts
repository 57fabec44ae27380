import avro from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileAvro } from "./avro.ts";

/** Written by avsc's own types, read by ours. */
function roundTrip(schema: unknown, value: unknown, options = {}): string {
  const payload = avro.Type.forSchema(schema as never, options).toBuffer(value);
  return JSON.stringify(compileAvro(JSON.stringify(schema), [])(payload));
}

/** What avsc's long cannot hold: bytes by hand. */
const read = (schema: unknown, hex: string): string =>
  JSON.stringify(compileAvro(JSON.stringify(schema), [])(Buffer.from(hex.replaceAll(" ", ""), "hex")));

describe("a value in Avro", () => {
  it("is an object of its record's fields, with the values of unions and no names of their branches", () => {
    const schema = {
      type: "record",
      name: "Event",
      namespace: "hvac",
      fields: [
        { name: "id", type: "string" },
        { name: "count", type: "int" },
        { name: "online", type: "boolean" },
        { name: "model", type: ["null", "string"], default: null },
        { name: "serial", type: ["null", "string"], default: null },
        { name: "reading", type: ["int", "double", "string"] },
        { name: "mode", type: { type: "enum", name: "Mode", symbols: ["HEAT", "COOL"] } },
        { name: "tags", type: { type: "array", items: "string" } },
        { name: "labels", type: { type: "map", values: ["null", "int"] } },
        { name: "previous", type: ["null", "Event"], default: null },
      ],
    };
    const event = {
      id: "e-1",
      count: -3,
      online: true,
      model: { string: "X" },
      serial: null,
      reading: { double: 21.5 },
      mode: "COOL",
      tags: ["a", "ü"],
      labels: { room: { int: 4 }, none: null },
      previous: null,
    };
    const previous = { "hvac.Event": { ...event, id: "e-0", reading: { string: "none" } } };
    expect(JSON.parse(roundTrip(schema, { ...event, previous }, { wrapUnions: true }))).toEqual({
      id: "e-1",
      count: -3,
      online: true,
      model: "X",
      serial: null,
      reading: 21.5,
      mode: "COOL",
      tags: ["a", "ü"],
      labels: { room: 4, none: null },
      previous: {
        id: "e-0",
        count: -3,
        online: true,
        model: "X",
        serial: null,
        reading: "none",
        mode: "COOL",
        tags: ["a", "ü"],
        labels: { room: 4, none: null },
        previous: null,
      },
    });
  });

  it.each([
    ["9007199254740991", "fe ff ff ff ff ff ff 1f"],
    ["9007199254740993", "82 80 80 80 80 80 80 20"],
    ["9223372036854775807", "fe ff ff ff ff ff ff ff ff 01"],
    ["-9223372036854775808", "ff ff ff ff ff ff ff ff ff 01"],
  ])("keeps every digit of the long %s, as a number", (digits, hex) => {
    expect(read("long", hex)).toBe(digits);
  });

  it("has no more digits in JSON than its float had", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = roundTrip("float", value);
        expect(Math.fround(Number(text))).toBe(Object.is(value, -0) ? 0 : value);
        expect(text.replace(/e.*|[-.]/g, "").replace(/^0+|0+$/g, "").length).toBeLessThanOrEqual(9);
      }),
    );
    expect(roundTrip("float", Math.fround(21.3))).toBe("21.3");
  });

  it.each([
    ["double", Number.NaN, '"NaN"'],
    ["double", Number.NEGATIVE_INFINITY, '"-Infinity"'],
    ["float", Number.POSITIVE_INFINITY, '"Infinity"'],
    ["bytes", Buffer.from([0, 255]), '"AP8="'],
    [{ type: "fixed", name: "F", size: 2 }, Buffer.from([1, 2]), '"AQI="'],
    ["null", null, "null"],
    ["string", 'a"b', '"a\\"b"'],
  ])("of type %j: %s is %s", (schema, value, json) => {
    expect(roundTrip(schema, value)).toBe(json);
  });

  it.each([
    [{ type: "bytes", logicalType: "decimal", precision: 10, scale: 2 }, Buffer.from([0x04, 0xd2]), "12.34"],
    [{ type: "bytes", logicalType: "decimal", precision: 10, scale: 2 }, Buffer.from([0xff]), "-0.01"],
    [{ type: "bytes", logicalType: "decimal", precision: 10 }, Buffer.from([0x80]), "-128"],
    [
      { type: "fixed", name: "D", size: 16, logicalType: "decimal", precision: 38, scale: 4 },
      Buffer.from("000000000000000123456789abcdef01", "hex"),
      "2098829547942064.5121",
    ],
    [{ type: "bytes", logicalType: "decimal", precision: 4, scale: -1 }, Buffer.from([1]), '"AQ=="'],
    [
      { type: "string", logicalType: "uuid" },
      "c0ffee00-0000-4000-8000-000000000000",
      '"c0ffee00-0000-4000-8000-000000000000"',
    ],
    [
      { type: "fixed", name: "U", size: 16, logicalType: "uuid" },
      Buffer.from("c0ffee00000040008000000000000001", "hex"),
      '"c0ffee00-0000-4000-8000-000000000001"',
    ],
    [{ type: "int", logicalType: "date" }, 20_786, '"2026-11-29"'],
    [{ type: "int", logicalType: "date" }, -1, '"1969-12-31"'],
    [{ type: "int", logicalType: "date" }, 2_147_483_647, "2147483647"],
    [{ type: "int", logicalType: "time-millis" }, 46_800_007, '"13:00:00.007"'],
    [{ type: "int", logicalType: "time-millis" }, 86_400_000, "86400000"],
    [{ type: "long", logicalType: "time-micros" }, 46_800_000_007, '"13:00:00.000007"'],
    [{ type: "long", logicalType: "timestamp-millis" }, 1_795_996_800_123, '"2026-11-30T00:00:00.123Z"'],
    [{ type: "long", logicalType: "timestamp-millis" }, -1, '"1969-12-31T23:59:59.999Z"'],
    [{ type: "long", logicalType: "timestamp-millis" }, 1e15, "1000000000000000"],
    [{ type: "long", logicalType: "timestamp-micros" }, 1_795_996_800_123_456, '"2026-11-30T00:00:00.123456Z"'],
    [{ type: "long", logicalType: "local-timestamp-millis" }, 1_795_996_800_123, '"2026-11-30T00:00:00.123"'],
    [{ type: "long", logicalType: "unheard-of" }, 5, "5"],
    [
      { type: "fixed", name: "P", size: 12, logicalType: "duration" },
      Buffer.from("010000000200000004000000", "hex"),
      '"P1M2DT0.004S"',
    ],
  ])("of logical type %j: %s is %s", (schema, value, json) => {
    expect(roundTrip(schema, value)).toBe(json);
  });

  it("may be a logical type inside a union, an array and a map", () => {
    const moment = { type: "long", logicalType: "timestamp-millis" };
    const schema = { type: "map", values: ["null", { type: "array", items: moment }] };
    expect(roundTrip(schema, { a: { array: [0] } }, { wrapUnions: true })).toBe('{"a":["1970-01-01T00:00:00.000Z"]}');
  });

  it("may have a union that avsc by itself cannot tell apart without names", () => {
    const record = (name: string) => ({ type: "record", name, fields: [{ name: "x", type: "int" }] });
    expect(roundTrip([record("A"), record("B")], { B: { x: 1 } }, { wrapUnions: true })).toBe('{"x":1}');
  });

  it("is read by a schema with defaults that avsc cannot represent", () => {
    const field = { name: "x", type: "long", default: 9_223_372_036_854_775_000 };
    const moment = { name: "t", type: { type: "long", logicalType: "timestamp-millis" }, default: 0 };
    expect(read({ type: "record", name: "R", fields: [field, moment] }, "02 00")).toBe(
      '{"x":1,"t":"1970-01-01T00:00:00.000Z"}',
    );
  });

  it("may have types of schemas that its own refers to", () => {
    const unit = JSON.stringify({ type: "enum", name: "Unit", namespace: "hvac", symbols: ["C", "F"] });
    const reading = JSON.stringify({
      type: "record",
      name: "Reading",
      namespace: "hvac",
      fields: [{ name: "unit", type: "Unit" }],
    });
    const event = JSON.stringify({ type: "record", name: "E", fields: [{ name: "r", type: "hvac.Reading" }] });
    const references = [
      { name: "hvac.Unit", schema: unit },
      { name: "hvac.Reading", schema: reading },
    ];
    expect(JSON.stringify(compileAvro(event, references)(Buffer.from([2])))).toBe('{"r":{"unit":"F"}}');
  });

  it("is refused if bytes are left, or if there are too few", () => {
    expect(() => read("int", "02 02")).toThrow();
    expect(() => read("string", "0a 41")).toThrow();
    expect(() => read({ type: "enum", name: "E", symbols: ["A"] }, "02")).toThrow();
    expect(() => read(["null", "int"], "04")).toThrow();
  });

  it.each(["array", "map"])("is refused at once if a damaged %s says that it has 2^60 items", (type) => {
    const members = type === "array" ? { items: "null" } : { values: "null" };
    expect(() => read({ type, ...members }, "80 80 80 80 80 80 80 80 20")).toThrow(/more items than bytes/);
    expect(() => read({ type, ...members }, "ff ff ff ff ff ff ff ff 1f 00")).toThrow(/more items than bytes/);
  });

  it("is read from blocks that say how many bytes they have", () => {
    expect(read({ type: "array", items: "int" }, "03 04 02 04 02 06 00")).toBe("[1,2,3]");
  });
});
