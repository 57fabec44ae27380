import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Of, base64UrlOf, bytesOfBase64, bytesOfBase64Url, isBase64 } from "./base64.ts";

describe("base64", () => {
  it("is what Node makes of the same bytes, in both alphabets, and comes back as them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(base64UrlOf(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
        expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes);
        expect(bytesOfBase64Url(base64UrlOf(bytes))).toEqual(bytes);
        expect(isBase64(base64Of(bytes))).toBe(true);
      }),
    );
  });

  it("takes more bytes than a call takes arguments", () => {
    const bytes = new Uint8Array(300_000).fill(7);
    expect(bytesOfBase64(base64Of(bytes))).toEqual(bytes);
  });

  it.each(["Zg", "Zg=", "Z g=", "Zg==\n", "@@@@", "Zg==Zg==", "_-8=", null, 7])("%j is not base64", (text) => {
    expect(isBase64(text)).toBe(false);
  });
});
