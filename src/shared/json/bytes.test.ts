import * as fc from "fast-check";
import { expect, it } from "vitest";
import { utf8Bytes } from "./bytes.ts";

it("utf8Bytes is the length of the encoded text, with surrogates too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).byteLength);
    }),
  );
  for (const text of ["", "a", "\u007f", "\u0080", "é", "\u{1F600}", "\ud800"]) {
    expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).byteLength);
  }
});
