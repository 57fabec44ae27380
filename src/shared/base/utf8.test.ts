import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfText, incompleteTail, textOfBytes } from "./utf8.ts";

/** Bytes that are mostly UTF-8, with some that are not. */
const anyBytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 3 }),
    ),
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

describe("UTF-8 without loss", () => {
  it("gives any bytes back", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(bytesOfText(textOfBytes(bytes))).toEqual(bytes);
      }),
    );
  });

  it("reads what is UTF-8 as a decoder does, and says what is not", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = textOfBytes(bytes);
        let strict: string | undefined;
        try {
          strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        } catch {}
        expect(text.isWellFormed()).toBe(strict !== undefined);
        if (strict !== undefined) expect(text).toBe(strict);
      }),
    );
  });

  it.each([
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point past the last", [0xf4, 0x90, 0x80, 0x80]],
    ["a character that breaks off", [0xe2, 0x82]],
    ["a lone byte between letters", [0x61, 0xff, 0x62]],
  ])("escapes each byte of %s", (_, bytes) => {
    const text = textOfBytes(Uint8Array.from(bytes));
    expect([...text].map((unit) => unit.charCodeAt(0) & 0xff)).toEqual(bytes);
  });

  it("reads a text in chunks as it reads it whole", () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(40)), (bytes, cuts) => {
        let text = "";
        let rest = new Uint8Array();
        let at = 0;
        for (const cut of cuts) {
          const chunk = new Uint8Array([...rest, ...bytes.subarray(at, at + cut)]);
          at = Math.min(bytes.length, at + cut);
          const end = chunk.length - incompleteTail(chunk);
          text += textOfBytes(chunk.subarray(0, end));
          rest = chunk.slice(end);
        }
        text += textOfBytes(new Uint8Array([...rest, ...bytes.subarray(at)]));
        expect(text).toBe(textOfBytes(bytes));
      }),
    );
  });
});
