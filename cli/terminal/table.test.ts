import { describe, expect, it } from "vitest";
import { COLOURS } from "./paint.ts";
import { widthOf } from "./printable.ts";
import { type Column, tableLines } from "./table.ts";

const COLUMNS: Column<readonly [string, number, string]>[] = [
  { title: "ID", value: ([id]) => id, maxWidth: 6 },
  { title: "N", value: ([, n]) => n, align: "right" },
  { title: "WHY", value: ([, , why]) => why },
];

describe("a table", () => {
  it("aligns its columns, cuts long values, and fits the width", () => {
    expect(
      tableLines(
        [
          ["a", 1, "short"],
          ["abcdefgh", 100, "a reason that goes on for long"],
        ],
        COLUMNS,
        { width: 30 },
      ),
    ).toEqual(["ID        N  WHY", "a         1  short", "abcde…  100  a reason that go…"]);
  });

  it("contains nothing that could move the cursor or reverse the line", () => {
    const [, line] = tableLines([["a\u001b[2J\n", 1, "\u0007b\u009b\u2028c\u202ed"]], COLUMNS, { width: 80 });
    expect(line).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  });

  it("without items consists of its titles", () => {
    expect(tableLines([], COLUMNS, { width: 80 })).toEqual(["ID  N  WHY"]);
  });

  it("counts the columns that each character takes, and cuts no character in half", () => {
    const lines = tableLines([["温度温度温度", 1, "👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧"]], COLUMNS, {
      width: 30,
    });
    expect(lines[1]).toBe("温度…   1  👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧👩‍🔧…");
    expect(widthOf(lines[1] ?? "")).toBeLessThanOrEqual(30);
  });

  const SHRINKING: Column<string>[] = [
    { title: "ID", value: () => "0123456789" },
    { title: "WHERE", value: () => "w".repeat(20), minWidth: 10, dropOrder: 2 },
    { title: "AT", value: () => "2026-11-23", dropOrder: 1 },
    { title: "WHY", value: (why) => why },
  ];
  it.each([
    [80, ["ID", "WHERE", "AT", "WHY"]],
    [50, ["ID", "WHERE", "WHY"]],
    [30, ["ID", "WHY"]],
    [10, ["ID", "WHY"]],
  ])("that is %i columns wide shows %j", (width, titles) => {
    const [head = "", line = ""] = tableLines(["why ".repeat(20)], SHRINKING, { width });
    expect(head.split(/ +/)).toEqual(titles);
    // The id is never cut, even where the table does not fit.
    expect(line).toMatch(/^0123456789 /);
    expect(line.length).toBeLessThanOrEqual(Math.max(width, 28));
  });

  it("has the same layout with and without colours", () => {
    const toned = COLUMNS.map((column, i) => (i === 0 ? { ...column, tone: () => "bad" as const } : column));
    const plain = tableLines([["a", 1, "b"]], toned, { width: 80 });
    const coloured = tableLines([["a", 1, "b"]], toned, { width: 80, paint: COLOURS });
    expect(coloured[1]).toContain("\u001b[31ma \u001b[39m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ""))).toEqual(plain);
  });
});
