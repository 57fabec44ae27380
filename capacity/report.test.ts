import { expect, it } from "vitest";
import { MEASURED } from "./measured.ts";
import { planWith } from "./plan.ts";
import { reportOn, shortOf, textOf } from "./report.ts";

it.each([
  [0, "0"],
  [0.04, "0.04"],
  [7, "7"],
  [1.5, "1.5"],
  [109.4, "109"],
  [999.6, "1 k"],
  [3_333, "3.3 k"],
  [6_100_000, "6.1 M"],
  [12_000_000_000, "12 G"],
])("%d is written as %s", (value, text) => {
  expect(shortOf(value)).toBe(text);
});

it("says in one line that a small fleet fits, and what a large one needs", () => {
  const small = reportOn(planWith({ devices: 10_000, archiveDays: 30 }), MEASURED);
  expect(small.verdict).toMatch(/this fleet needs one\. Nothing else is over 70 % of its limit\.$/);
  const large = reportOn(planWith({ devices: 10_000_000 }), MEASURED);
  const needed = Math.max(
    ...large.checks.filter(({ id }) => /^d1\.(size|writes)$/.test(id)).map((each) => each.needed),
  );
  expect(large.verdict).toContain(`this fleet needs ${needed}.`);
  expect(large.verdict).toContain("consumers of one queue");
});

it("puts the verdict second, and the fullest part and the dearest line at the top of their tables", () => {
  const report = reportOn(planWith({ devices: 10_000_000 }), MEASURED);
  const lines = textOf(report).split("\n");
  expect(lines[1]).toBe(report.verdict);
  expect(lines[4]).toMatch(new RegExp(`^${report.checks[0]?.name}`));
  expect(lines[4]).toContain(report.checks[0]?.wayPast);
  const bill = lines.findIndex((line) => line.startsWith("the bill of a month"));
  expect(lines[bill + 1]).toMatch(new RegExp(`^${report.bill.lines[0]?.name}`));
});

it("says how many of each part a fleet needs, of which there can be several", () => {
  const { checks } = reportOn(planWith({ devices: 10_000_000 }), MEASURED);
  const needsOf = (id: string) => checks.find((check) => check.id === id)?.needs;
  expect(needsOf("d1.size")).toMatch(/^\d+ databases$/);
  expect(needsOf("consumers")).toMatch(/^\d+ at once$/);
  expect(needsOf("queue.backlog")).toBe("");
  expect(needsOf("queue.messages")).toBe("");
});

it("names the way past only where there is need", () => {
  const text = textOf(reportOn(planWith({ devices: 1_000 }), MEASURED));
  expect(text).not.toContain("shards");
});
