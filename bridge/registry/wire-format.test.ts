import { describe, expect, it } from "vitest";
import { readFrame, readMessageIndexes } from "./wire-format.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

describe("the registry's wire format", () => {
  it.each([
    ["00 00 00 00 07 41", 7, "41"],
    ["00 00 01 86 a1", 100_001, ""],
    ["00 ff ff ff ff 00", 4_294_967_295, "00"],
  ])("%s has schema %d and payload '%s'", (framed, schemaId, payload) => {
    expect(readFrame(bytes(framed))).toEqual({ schemaId, payload: bytes(payload) });
  });

  it.each(["", "00", "00 00 00 01", "7b 22 61 22 3a 31 7d", "01 00 00 00 07 41"])("'%s' is something else", (other) => {
    expect(readFrame(bytes(other))).toBeUndefined();
  });

  it("is read from the middle of a larger buffer", () => {
    const slice = bytes("ff ff 00 00 00 00 07 41 ff").subarray(2, 8);
    expect(readFrame(slice)).toEqual({ schemaId: 7, payload: bytes("41") });
  });
});

describe("a Protobuf payload's message indexes", () => {
  it.each([
    ["00 08 01", [0], "08 01"],
    ["02 00 08 01", [0], "08 01"],
    ["02 02 08 01", [1], "08 01"],
    ["04 02 00", [1, 0], ""],
    ["06 00 02 04 ff", [0, 1, 2], "ff"],
    ["02 80 02 0a", [128], "0a"],
  ])("%s are %j, before '%s'", (payload, indexes, message) => {
    expect(readMessageIndexes(bytes(payload))).toEqual({ indexes, message: bytes(message) });
  });

  it.each(["", "02", "04 00", "80", "ff ff ff ff ff ff ff ff 01", "01", "7e 00"])(
    "are refused where they are cut off, negative or too many: '%s'",
    (payload) => {
      expect(() => readMessageIndexes(bytes(payload))).toThrow(/message indexes/);
    },
  );
});
