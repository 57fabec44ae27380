import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json } from "../json.ts";
import { likeness } from "./likeness.ts";

it.each<[Json, Json, string | undefined]>([
  ["", null, "both are empty, in different ways"],
  [[], null, "both are empty, in different ways"],
  ["21.5", 21.5, "the same, but the old side has text and the new side a number"],
  [true, "true", "the same, but the old side has a boolean and the new side text"],
  ["2026-11-23T06:00:05.250Z", "2026-11-23T06:00:05.000Z", "the new side's time is cut off to seconds"],
  ["2026-11-23T00:00:00Z", "2026-11-23T06:00:05.250Z", "the old side's time is cut off to days"],
  ["2026-11-23T06:00:05Z", "2026-11-23T12:00:05Z", "exactly 6 h apart, as of another time zone"],
  ["2026-11-23T06:00:05Z", "2026-11-23 06:00:05.000", "the same time, written in another way"],
  ["2026-11-23T06:00:05.000Z", "2026-11-23T06:00:05.0000001Z", "the same time, to another digit"],
  ["2026-11-23T06:00:05.1Z", "2026-11-25T07:13:05.3Z", "the new side is later"],
  [72.5, 22.5, "the old side is in °F, the new one in °C"],
  [22.5, 72.5, "the old side is in °C, the new one in °F"],
  [225, 22.5, "the old side has 10 times the other"],
  [22.47, 22.5, "the same, rounded"],
  [-5, 5, "the same with another sign"],
  ["Alto 2 ", "Alto 2", "the same, apart from blanks around it"],
  ["ALTO 2", "Alto 2", "the same, apart from upper and lower case"],
  ["Alto\u200b 2", "Alto 2", "the same, apart from characters that are not seen"],
  ["Müller", "Muller", "the same, apart from accents"],
  ["Mu\u0308ller", "M\u00fcller", "the same, in another form of Unicode"],
  ["MÃ¼ller", "Müller", "an encoding is read as another one"],
  ["Northern Air Condit", "Northern Air Conditioning", "the old side's text is cut off"],
  ["555-0100", "5550100", "the same letters and digits, other signs between"],
  [["a", "b"], ["b", "a"], "the same items in another order"],
  [["a", "b"], ["b"], "the old side has more items"],
  ["D-2", "D-9", undefined],
  [1, null, undefined],
])("%j and %j: %s", (old, newer, expected) => {
  expect(likeness(old, newer)).toBe(expected);
});

it("says something, or nothing, of any two values", () => {
  const values = fc.jsonValue() as fc.Arbitrary<Json>;
  fc.assert(fc.property(values, values, (old, newer) => ["string", "undefined"].includes(typeof likeness(old, newer))));
});
