import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText, eventId, finer, moment } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { type Moment, parseTime } from "./time.ts";
import {
  compareText,
  compareVersions,
  formatOccurredAt,
  laterVersion,
  toVersion,
  type Version,
  versionEventId,
  versionMoment,
} from "./version.ts";

const inUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
/** The first and last code points of each length in UTF-8 and UTF-16: where the two could disagree. */
const corner = fc
  .array(fc.constantFrom("a", "\u007f", "\u0800", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"), {
    maxLength: 4,
  })
  .map((parts) => parts.join(""));
const text = fc.oneof(anyText, corner, eventId);

describe("the order of text", () => {
  it("is the order of its bytes in UTF-8, as in SQLite", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(inUtf8(a, b));
      }),
      cases(2000),
    );
  });

  it("is total: antisymmetric, transitive, and zero only for equal text", () => {
    fc.assert(
      fc.property(corner, corner, corner, (a, b, c) => {
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(compareText(b, a)) * -1 || 0);
        expect(compareText(a, b) === 0).toBe(a === b);
        if (compareText(a, b) <= 0 && compareText(b, c) <= 0) expect(compareText(a, c)).toBeLessThanOrEqual(0);
      }),
      cases(1000),
    );
  });

  it("puts U+1F600 after U+FB01, unlike JavaScript's own order", () => {
    expect("\u{1F600}" < "\uFB01").toBe(true);
    expect(compareText("\u{1F600}", "\uFB01")).toBeGreaterThan(0);
  });
});

describe("a version", () => {
  /** Independent of the code: the moment as a whole number of attoseconds. */
  const attoseconds = (moment: string) => {
    const [, digits = ""] = /Z(\d*)$/.exec(moment) ?? [];
    return BigInt(Date.parse(moment.slice(0, 24))) * 10n ** 15n + BigInt(digits.padEnd(15, "0"));
  };
  const anyMoment = fc.oneof(
    moment,
    fc
      .tuple(fc.integer({ min: 0, max: Date.UTC(10000, 0) - 1 }), finer)
      .map(([ms, digits]) => `${new Date(ms).toISOString()}${digits}` as Moment),
  );

  it("sorts as (time to its last digit, event id) does", () => {
    fc.assert(
      fc.property(anyMoment, text, anyMoment, text, (a, idA, b, idB) => {
        const order = compareVersions(toVersion(a, idA), toVersion(b, idB));
        const times = attoseconds(a) - attoseconds(b);
        expect(Math.sign(order)).toBe(times === 0n ? inUtf8(idA, idB) : times < 0n ? -1 : 1);
      }),
      cases(2000),
    );
  });

  it("is time, slash and event id, and gives both back", () => {
    const version = toVersion(Date.UTC(2026, 10, 23, 13, 0, 0, 123), "evt/1");
    expect(version).toBe("2026-11-23T13:00:00.123Z/evt/1");
    expect([versionMoment(version), versionEventId(version)]).toEqual(["2026-11-23T13:00:00.123Z", "evt/1"]);
    const finerVersion = toVersion("2026-11-23T13:00:00.123Z456" as Moment, "evt/1");
    expect(finerVersion).toBe("2026-11-23T13:00:00.123Z456/evt/1");
    expect(formatOccurredAt(finerVersion)).toBe("2026-11-23T13:00:00.123456Z");
  });

  it("of whole milliseconds is the text that was stored before there were finer ones, and sorts among these", () => {
    const stored = "2026-11-23T13:00:00.123Z/zz" as Version;
    const [same, later, next] = ["123Z", "123001Z", "124Z"].map((digits) =>
      toVersion(parseTime(`2026-11-23T13:00:00.${digits}`) as Moment, "a"),
    ) as [Version, Version, Version];
    expect([next, later, stored, same].sort(compareVersions)).toEqual([same, stored, later, next]);
  });

  it("has a later of two, whichever comes first", () => {
    const [early, late] = [toVersion(1, "b"), toVersion(2, "a")];
    expect([laterVersion(early, late), laterVersion(late, early)]).toEqual([late, late]);
  });
});
