import { expect, it } from "vitest";
import { formatAge, formatTime, formatTimeAndAge } from "./times.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");

it.each([
  [null, "–"],
  ["2026-11-23T12:00:00.000Z", "0 s"],
  ["2026-11-23T11:59:30.000Z", "30 s"],
  ["2026-11-23T11:01:00.000Z", "59 min"],
  ["2026-11-23T00:00:00.000Z", "12 h"],
  ["2026-11-20T00:00:00.000Z", "3 d"],
  ["2026-11-23T12:00:09.000Z", "0 s"],
])("the age of %s is %s", (time, expected) => {
  expect(formatAge(time, NOW)).toBe(expected);
});

it("a time is formatted in UTC, whatever its time zone", () => {
  expect(formatTime("2026-11-23T13:00:00.000+01:00")).toBe("2026-11-23 12:00:00Z");
  expect(formatTimeAndAge("2026-11-23T11:59:30.000Z", NOW)).toBe("2026-11-23 11:59:30Z, 30 s ago");
  expect(formatTimeAndAge(null, NOW)).toBe("–");
});
