import { expect, it } from "vitest";
import { breakingBump, bumpBetween, nextVersion } from "./version.ts";

it.each([
  ["patch", "1.2.4"],
  ["minor", "1.3.0"],
  ["major", "2.0.0"],
  ["1.10.0", "1.10.0"],
])("after 1.2.3, %s is %s", (wanted, next) => {
  expect(nextVersion("1.2.3", wanted)).toBe(next);
});

it.each(["", "v1.2.3", "1.2", "1.2.3-rc.1", "01.2.3", "next"])("%j is no version", (wanted) => {
  expect(() => nextVersion("1.2.3", wanted)).toThrow("is no version: write minor, patch, major or x.y.z");
});

it.each([
  ["1.2.3", "1.2.4", "patch"],
  ["1.2.3", "1.3.0", "minor"],
  ["1.9.0", "1.10.0", "minor"],
  ["1.2.3", "2.0.0", "major"],
  ["1.2.3", "1.2.3", undefined],
  ["1.2.3", "1.2.2", undefined],
  ["2.0.0", "1.9.9", undefined],
])("from %s to %s is %s", (previous, next, bump) => {
  expect(bumpBetween(previous, next)).toBe(bump);
});

it("a break is a major step, and a minor one before 1.0.0", () => {
  expect([breakingBump("1.0.0"), breakingBump("0.9.0")]).toEqual(["major", "minor"]);
});
