import { describe, expect, it } from "vitest";
import { distanceBetween, nearest } from "./nearest.ts";

const COMMANDS = ["list", "show", "groups", "replay", "restore", "runs", "max-failure-percent"];

describe("the nearest candidate", () => {
  it.each([
    ["lits", "list"],
    ["shwo", "show"],
    ["group", "groups"],
    ["repaly", "replay"],
    ["run", "runs"],
    ["max-failure", "max-failure-percent"],
    ["max-failures-precent", "max-failure-percent"],
  ])("to %s is %s", (word, expected) => {
    expect(nearest(word, COMMANDS)).toBe(expected);
  });

  it.each(["nonsense", "x", "", "re"])("to %j is none", (word) => {
    expect(nearest(word, COMMANDS)).toBeUndefined();
  });
});

describe("the distance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["abc", "abd", 1],
    ["abc", "acb", 1],
    ["abc", "bc", 1],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3],
  ])("from %j to %j is %i", (a, b, expected) => {
    expect(distanceBetween(a, b)).toBe(expected);
    expect(distanceBetween(b, a)).toBe(expected);
  });
});
