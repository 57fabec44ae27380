import { expect, it } from "vitest";
import { diffPayloads } from "./payload-diff.ts";

const marks = (before: unknown, after: unknown) =>
  diffPayloads(JSON.stringify(before), JSON.stringify(after))?.map((lines) =>
    lines.filter(({ differs }) => differs).map(({ path, text }) => `${path} ${text}`),
  );

it("marks a value that changed on both sides", () => {
  expect(marks({ data: { mode: "warm", on: true } }, { data: { mode: "heat", on: true } })).toEqual([
    ['data.mode "warm",'],
    ['data.mode "heat",'],
  ]);
});

it("marks what was added or removed, and not the comma that its neighbour gained", () => {
  expect(marks({ a: 1 }, { a: 1, b: { c: [2] } })).toEqual([[], ["b {", "b.c [", "b.c.0 2", "b.c ]", "b }"]]);
  expect(marks({ a: 1, b: 2 }, { a: 1 })).toEqual([["b 2"], []]);
});

it("tells a value from the text of it", () => {
  expect(marks({ a: 7 }, { a: "7" })).toEqual([["a 7"], ['a "7"']]);
});

it("has nothing to mark in what is not JSON", () => {
  expect(diffPayloads("<x/>", "{}")).toBeUndefined();
});
