import { describe, expect, it } from "vitest";
import { COLOURS, PLAIN } from "./paint.ts";
import { printable, printableJson, printableLine, widthOf } from "./printable.ts";

const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

const ALL = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code));
const [bad, good] = [ALL.filter((each) => FORBIDDEN.test(each)), ALL.filter((each) => !FORBIDDEN.test(each))];

describe("printed text", () => {
  it("contains none of the code points that control, format or end a line", () => {
    expect(ALL.filter((each) => FORBIDDEN.test(printable(`a${each}b`)))).toEqual([]);
    expect(FORBIDDEN.test(printable(ALL.join("")))).toBe(false);
    expect(bad.filter((each) => printable(`a${each}${each}b`) !== "a b")).toEqual([]);
  });

  it("keeps every other code point, and with it its width", () => {
    expect(good.filter((each) => printable(each) !== each)).toEqual([]);
    expect(bad.filter((each) => widthOf(printable(each)) !== 1)).toEqual([]);
  });

  it.each(["👩‍🔧", "👨‍👩‍👧‍👦", "🏳️‍🌈", "❤️‍🔥", "👩🏽‍🚀"])("keeps the joiners of %s", (emoji) => {
    expect(printable(`\u200b${emoji}${emoji}\u200d`)).toBe(` ${emoji}${emoji} `);
  });

  it.each([
    "👩\u200d👩\u200d",
    "a\u200db",
    "👩\u200da",
    "\u0915\u094d\u200d\u0937",
    "می\u200cخواهم",
    "🏴\u{e0067}\u{e007f}",
  ])("keeps no joiner or tag of %j, which is not an emoji", (text) => {
    expect(printable(text)).not.toMatch(FORBIDDEN);
  });
});

describe("a coloured line", () => {
  it("keeps our colours, and no other escape sequence", () => {
    for (const tone of ["good", "bad", "active", "faint", "title"] as const) {
      const line = COLOURS(tone, "a\u001b[2J\u001b[8m\u200bb");
      expect(printableLine(line, COLOURS)).toBe(COLOURS(tone, "a [2J [8m b"));
    }
  });

  it("loses its colours where output is plain", () => {
    expect(printableLine(COLOURS("bad", "a"), PLAIN)).toBe(" [31ma [39m");
  });
});

describe("printed JSON", () => {
  const print = (value: unknown) => printableJson(JSON.stringify(value));

  it("parses to the same value for all code points, and contains none that controls, formats or ends a line", () => {
    for (const value of [ALL, ALL.join(""), { [ALL.join("")]: ALL.join(",") }]) {
      const json = print(value);
      expect(FORBIDDEN.test(json)).toBe(false);
      expect(JSON.parse(json)).toEqual(value);
    }
  });

  it("keeps every other code point unchanged", () => {
    expect(print(good.join(""))).toBe(JSON.stringify(good.join("")));
  });

  it("keeps blanks between its tokens as spaces", () => {
    expect(printableJson('{\t"a" :\r\n"\u202e👩‍🔧\u{e0041}"}')).toBe('{ "a" :  "\\u202e👩\\u200d🔧\\udb40\\udc41"}');
  });
});
