import { expect, it } from "vitest";
import { agoOf, stampOf, whenOf } from "./times.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");

it.each([
  [null, "–"],
  ["2026-11-23T12:00:00.000Z", "just now"],
  ["2026-11-23T11:59:30.000Z", "30 s ago"],
  ["2026-11-23T11:01:00.000Z", "59 min ago"],
  ["2026-11-23T00:00:00.000Z", "12 h ago"],
  ["2026-11-20T00:00:00.000Z", "3 d ago"],
  ["2026-11-23T12:00:09.000Z", "just now"],
])("%s is %s", (time, expected) => {
  expect(agoOf(time, NOW)).toBe(expected);
});

it("says a moment in UTC, wherever it is said", () => {
  expect(stampOf("2026-11-23T13:00:00.000+01:00")).toBe("2026-11-23 12:00:00Z");
  expect(whenOf("2026-11-23T11:59:30.000Z", NOW)).toBe("2026-11-23 11:59:30Z, 30 s ago");
  expect(whenOf(null, NOW)).toBe("–");
});
