import { describe, expect, it } from "vitest";
import { agoOf, type Column, columnsOf } from "./columns.ts";

const COLUMNS: Column<readonly [string, number, string]>[] = [
  { title: "ID", of: ([id]) => id, most: 6 },
  { title: "N", of: ([, n]) => n, align: "right" },
  { title: "WHY", of: ([, , why]) => why },
];

describe("a table", () => {
  it("aligns its columns, cuts what is too long, and fits the width", () => {
    expect(
      columnsOf(
        [
          ["a", 1, "short"],
          ["abcdefgh", 100, "a reason that goes on for long"],
        ],
        COLUMNS,
        30,
      ),
    ).toEqual(["ID        N  WHY", "a         1  short", "abcde…  100  a reason that go…"]);
  });

  it("lets nothing through that could move the cursor", () => {
    const [, line] = columnsOf([["a\u001b[2J\n", 1, "\u0007b\u009b"]], COLUMNS, 80);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it("of nothing is its titles", () => {
    expect(columnsOf([], COLUMNS, 80)).toEqual(["ID  N  WHY"]);
  });
});

it.each([
  [null, "–"],
  ["2026-11-23T12:00:00.000Z", "just now"],
  ["2026-11-23T11:59:30.000Z", "30 s ago"],
  ["2026-11-23T11:01:00.000Z", "59 min ago"],
  ["2026-11-23T00:00:00.000Z", "12 h ago"],
  ["2026-11-20T00:00:00.000Z", "3 d ago"],
  ["2026-11-23T12:00:09.000Z", "just now"],
])("%s is %s", (time, expected) => {
  expect(agoOf(time, Date.parse("2026-11-23T12:00:00.000Z"))).toBe(expected);
});
