import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../../../test/support/property-budget.ts";
import { formatRfc3339, MAX_TIME_LENGTH, type Moment, parseTime, toMilliseconds } from "./time.ts";

describe("parseTime", () => {
  it.each([
    ["2026-11-23T13:00:00Z", "2026-11-23T13:00:00.000Z"],
    ["2026-11-23T13:00:00.1Z", "2026-11-23T13:00:00.100Z"],
    ["2026-11-23T13:00:00.123001Z", "2026-11-23T13:00:00.123Z001"],
    ["2026-11-23T13:00:00.123456789Z", "2026-11-23T13:00:00.123Z456789"],
    ["2026-11-23T13:00:00.123400000+00:00", "2026-11-23T13:00:00.123Z4"],
    ["2026-11-23t07:00:00.5-06:00", "2026-11-23T13:00:00.500Z"],
    ["2026-11-23T13:00:00.000000000000000001z", "2026-11-23T13:00:00.000Z000000000000001"],
    ["2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000Z"],
    ["2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00.000Z"],
    ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999Z999"],
    // Leap seconds, from RFC 3339, section 5.8.
    ["1990-12-31T23:59:60Z", "1990-12-31T23:59:60.000Z"],
    ["1990-12-31T15:59:60.25-08:00", "1990-12-31T23:59:60.250Z"],
  ])("reads %s as %s", (text, moment) => {
    expect(parseTime(text)).toBe(moment);
  });

  it.each([
    "",
    "1",
    "foo 7",
    "2026-11-23",
    "10/01/2026",
    "2026-11-23T13:00Z",
    "2026-11-23T13:00:00",
    "2026-11-23 13:00:00Z",
    "2026-11-23T13:00:00.Z",
    "2026-11-23T13:00:00,5Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T13:60:00Z",
    "2026-11-23T13:00:61Z",
    "2026-02-30T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-10T00:00:00Z",
    "2026-11-00T00:00:00Z",
    "2026-11-23T13:00:00+24:00",
    "2026-11-23T13:00:00+01:60",
    "2026-11-23T13:00:00+0100",
    "+002026-11-23T13:00:00Z",
    "2026-11-23T13:00:00Z ",
    "2026-11-23T13:00:00Z\n",
    // Not where leap seconds are put.
    "2026-11-23T12:00:60Z",
    "2026-11-23T23:59:60Z",
    "1990-12-31T23:59:60-08:00",
    // Outside the years 0 to 9999 in UTC.
    "0000-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    `2026-11-23T13:00:00.${"0".repeat(19)}Z`,
    `2026-11-23T13:00:00.${"1".repeat(62_000)}Z`,
  ])("rejects %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it("agrees with JavaScript on text that both accept", () => {
    const two = (max: number, min = 0) => fc.integer({ min, max }).map((n) => String(n).padStart(2, "0"));
    const parts = fc.tuple(
      fc.integer({ min: 1, max: 9998 }).map((year) => String(year).padStart(4, "0")),
      two(12, 1),
      two(31, 1),
      two(23),
      two(59),
      two(59),
      fc.integer({ min: 0, max: 999 }),
      fc.oneof(
        fc.constant("Z"),
        fc.tuple(fc.constantFrom("+", "-"), two(23), two(59)).map(([sign, h, m]) => `${sign}${h}:${m}`),
      ),
    );
    fc.assert(
      fc.property(parts, ([year, month, day, h, m, s, ms, offset]) => {
        const text = `${year}-${month}-${day}T${h}:${m}:${s}.${String(ms).padStart(3, "0")}${offset}`;
        const isInCalendar =
          Number(day) <= new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
        expect(parseTime(text)).toBe(isInCalendar ? new Date(text).toISOString() : undefined);
      }),
      cases(1000),
    );
  });

  it("accepts a text of MAX_TIME_LENGTH characters", () => {
    const longest = `2026-11-23T13:00:00.${"1".repeat(18)}+01:00`;
    expect(longest).toHaveLength(MAX_TIME_LENGTH);
    expect(parseTime(longest)).toBeDefined();
  });
});

describe("a moment", () => {
  const digits = fc.stringMatching(/^\d{0,18}$/);
  const offset = fc.constantFrom("Z", "z", "+00:00", "-05:30", "+14:00");
  const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
  const write = (second: number, fraction: string, zone: string) => {
    const [, sign, h, m] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [null, "+", "0", "0"];
    const shiftMs = (sign === "-" ? -1 : 1) * (Number(h) * 60 + Number(m)) * 60_000;
    return `${new Date(second * 1000 + shiftMs).toISOString().slice(0, 19)}${fraction && `.${fraction}`}${zone}`;
  };

  it("sorts as text in the order of time, to the last digit, in whatever form it was written", () => {
    const time = fc.tuple(fc.oneof(seconds, fc.constant(1_795_438_800)), digits, offset);
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [x, y] = [a, b].map(
          ([second, fraction]) => BigInt(second) * 10n ** 18n + BigInt(fraction.padEnd(18, "0")),
        ) as [bigint, bigint];
        const [p, q] = [a, b].map((each) => parseTime(write(...each)) as Moment) as [Moment, Moment];
        expect(p < q ? -1 : p > q ? 1 : 0).toBe(x < y ? -1 : x > y ? 1 : 0);
      }),
      cases(2000),
    );
  });

  it("is formatted as RFC 3339 that parses to the same time, to the nanosecond", () => {
    fc.assert(
      fc.property(seconds, digits, offset, (second, fraction, zone) => {
        const moment = parseTime(write(second, fraction, zone)) as Moment;
        expect(parseTime(formatRfc3339(moment))).toBe(parseTime(write(second, fraction.slice(0, 9), zone)));
        expect(Date.parse(formatRfc3339(moment))).toBe(toMilliseconds(moment));
      }),
    );
  });

  it("of a leap second sorts after every other second of its month, and is formatted so that every client can parse it", () => {
    const [before, leap, after] = ["1990-12-31T23:59:59.999999Z", "1990-12-31T23:59:60.5Z", "1991-01-01T00:00:00Z"].map(
      (text) => parseTime(text) as Moment,
    ) as [Moment, Moment, Moment];
    expect(before < leap && leap < after).toBe(true);
    expect(formatRfc3339(leap)).toBe("1990-12-31T23:59:59.999999999Z");
    expect(new Date(formatRfc3339(leap)).getTime()).toBe(toMilliseconds(leap));
  });
});
