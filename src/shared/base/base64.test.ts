import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Bytes, fromBase64, fromBase64Url, isBase64, toBase64, toBase64Url } from "./base64.ts";

describe("base64", () => {
  it("equals Node's for the same bytes, in both alphabets, and decodes to them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
        expect(isBase64(toBase64(bytes))).toBe(true);
        expect(base64Bytes(toBase64(bytes))).toBe(bytes.byteLength);
      }),
    );
  });

  it("encodes more bytes than a call may have arguments", () => {
    const bytes = new Uint8Array(300_000).fill(7);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });

  it.each(["Zg", "Zg=", "Z g=", "Zg==\n", "@@@@", "Zg==Zg==", "_-8=", null, 7])("%j is not base64", (text) => {
    expect(isBase64(text)).toBe(false);
  });
});
