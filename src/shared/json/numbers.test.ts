import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findUnsafeNumber } from "./numbers.ts";

describe("a number that does not survive being parsed", () => {
  it.each([
    '{"id":9007199254740993}',
    "[1,-12345678901234567890]",
    "0.1234567890123456789",
    "1e400",
    "1e-400",
    '{"a":"\\"","b":12345678901234567890}',
  ])("is found in %s", (text) => {
    expect(findUnsafeNumber(text)).toMatch(/^[-\d.e]+$/);
  });

  it.each([
    "1.0",
    "1E3",
    "0.10e+1",
    "-0",
    "0.000",
    "100000000000000000000000",
    "1e-7",
    '"9007199254740993"',
    '["\\\\",1]',
  ])("is not one that is only written differently: %s", (text) => {
    expect(findUnsafeNumber(text)).toBeUndefined();
  });

  it("is in no text that JSON.stringify wrote", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(findUnsafeNumber(JSON.stringify(value))).toBeUndefined();
      }),
    );
  });

  it("is any integer that parses to another", () => {
    // Up to 10^21 JavaScript writes all digits.
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 21n) + 1n, max: 10n ** 21n - 1n }), (number) => {
        const survives = String(Number(number)) === String(number);
        expect(findUnsafeNumber(`[${number}]`)).toBe(survives ? undefined : String(number));
      }),
    );
  });
});
