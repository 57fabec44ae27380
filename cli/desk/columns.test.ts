import { describe, expect, it } from "vitest";
import { type Column, columnsOf } from "./columns.ts";
import { COLOURS } from "./paint.ts";
import { widthOf } from "./printable.ts";

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

  it("lets nothing through that could move the cursor or turn the line around", () => {
    const [, line] = columnsOf([["a\u001b[2J\n", 1, "\u0007b\u009b\u2028c\u202ed"]], COLUMNS, 80);
    expect(line).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  });

  it("of nothing is its titles", () => {
    expect(columnsOf([], COLUMNS, 80)).toEqual(["ID  N  WHY"]);
  });

  it("counts the columns that a character takes, and cuts none in half", () => {
    const lines = columnsOf([["温度温度温度", 1, "👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧"]], COLUMNS, 30);
    expect(lines[1]).toBe("温度…   1  👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧…");
    expect(widthOf(lines[1] ?? "")).toBeLessThanOrEqual(30);
  });

  const WITH_ROOM: Column<string>[] = [
    { title: "ID", of: () => "0123456789" },
    { title: "WHERE", of: () => "w".repeat(20), least: 10, goes: 2 },
    { title: "AT", of: () => "2026-11-23", goes: 1 },
    { title: "WHY", of: (why) => why },
  ];
  it.each([
    [80, ["ID", "WHERE", "AT", "WHY"]],
    [50, ["ID", "WHERE", "WHY"]],
    [30, ["ID", "WHY"]],
    [10, ["ID", "WHY"]],
  ])("of %i columns has %j", (width, titles) => {
    const [head = "", line = ""] = columnsOf(["why ".repeat(20)], WITH_ROOM, width);
    expect(head.split(/ +/)).toEqual(titles);
    // What names the thing is never cut, even where nothing fits.
    expect(line).toMatch(/^0123456789 /);
    expect(line.length).toBeLessThanOrEqual(Math.max(width, 28));
  });

  it("is coloured without a change to where things stand", () => {
    const toned = COLUMNS.map((column, i) => (i === 0 ? { ...column, tone: () => "bad" as const } : column));
    const plain = columnsOf([["a", 1, "b"]], toned, 80);
    const coloured = columnsOf([["a", 1, "b"]], toned, 80, COLOURS);
    expect(coloured[1]).toContain("\u001b[31ma \u001b[39m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ""))).toEqual(plain);
  });
});
