import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText, eventId, occurredAtMs } from "../../../test/support/arbitraries.ts";
import { compareText, compareVersions, laterVersion, occurredAtOf, versionOf } from "./version.ts";

const inUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
/** The first and last code points of each length in UTF-8 and UTF-16: where the two could disagree. */
const corner = fc
  .array(fc.constantFrom("a", "\u007f", "\u0800", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"), {
    maxLength: 4,
  })
  .map((parts) => parts.join(""));
const text = fc.oneof(anyText, corner, eventId);

describe("the order of text", () => {
  it("is the order of its bytes in UTF-8, as SQLite has it", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(inUtf8(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it("is total: antisymmetric, transitive, and zero only for equal text", () => {
    fc.assert(
      fc.property(corner, corner, corner, (a, b, c) => {
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(compareText(b, a)) * -1 || 0);
        expect(compareText(a, b) === 0).toBe(a === b);
        if (compareText(a, b) <= 0 && compareText(b, c) <= 0) expect(compareText(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });

  it("puts U+1F600 behind U+FB01, where JavaScript's own order does not", () => {
    expect("\u{1F600}" < "\uFB01").toBe(true);
    expect(compareText("\u{1F600}", "\uFB01")).toBeGreaterThan(0);
  });
});

describe("a version", () => {
  const anyMs = fc.oneof(occurredAtMs, fc.integer({ min: 0, max: Date.UTC(10000, 0) - 1 }));

  it("sorts as (time, event id) does", () => {
    fc.assert(
      fc.property(anyMs, text, anyMs, text, (msA, idA, msB, idB) => {
        const order = compareVersions(versionOf(msA, idA), versionOf(msB, idB));
        expect(Math.sign(order)).toBe(Math.sign(msA - msB) || inUtf8(idA, idB));
      }),
      { numRuns: 1000 },
    );
  });

  it("reads as time, slash, event id, and gives its time back", () => {
    const version = versionOf(Date.UTC(2026, 10, 23, 13, 0, 0, 123), "evt/1");
    expect(version).toBe("2026-11-23T13:00:00.123Z/evt/1");
    expect(occurredAtOf(version)).toBe("2026-11-23T13:00:00.123Z");
  });

  it("has a later of two, whichever comes first", () => {
    const [early, late] = [versionOf(1, "b"), versionOf(2, "a")];
    expect([laterVersion(early, late), laterVersion(late, early)]).toEqual([late, late]);
  });
});
