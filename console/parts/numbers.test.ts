import { expect, it } from "vitest";
import { formatDuration, formatPercent, formatPercentInColumn, formatRate, pluralize } from "./numbers.ts";

it.each([
  [1, "100 %", "100.00 %"],
  [0.99, "99 %", "99.00 %"],
  [0.99996, "99.99 %", "99.99 %"],
  [0.5, "50 %", "50.00 %"],
  [0, "0 %", "0.00 %"],
])("%d of all is %s, and in a column %s", (share, text, inColumn) => {
  expect([formatPercent(share), formatPercentInColumn(share)]).toEqual([text, inColumn]);
});

it.each([
  [0, "0/s"],
  [0.016, "0.02/s"],
  [0.5, "0.5/s"],
  [9.96, "10/s"],
  [1234, "1,234/s"],
])("%d a second is %s", (perSecond, text) => {
  expect(formatRate(perSecond)).toBe(text);
});

it.each([
  [1, "1 entry"],
  [0, "0 entries"],
  [1_200, "1,200 entries"],
])("%d is counted as %s", (count, text) => {
  expect(pluralize(count, "entry", "entries")).toBe(text);
});

it("one is one of its kind, and others have an s", () => {
  expect([1, 2].map((count) => pluralize(count, "live socket"))).toEqual(["1 live socket", "2 live sockets"]);
});

it.each([
  [5, "5 ms"],
  [2_500, "2.5 s"],
  [60_000, "1 min"],
  [3_600_000, "1 h"],
  [86_400_000 * 3, "3 days"],
])("%d ms are %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
