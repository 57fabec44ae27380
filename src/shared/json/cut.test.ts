import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../../../test/support/property-budget.ts";
import { elementsOf, hasMoreValuesThan, memberAt, membersOf, NotJson, soleValue } from "./cut.ts";

const spaced = fc
  .tuple(fc.json(), fc.constantFrom(undefined, 1, "\t", "\n "))
  .map(([json, indent]) => JSON.stringify(JSON.parse(json), null, indent));

describe("cutting JSON text", () => {
  it("finds every element of an array, byte for byte", () => {
    fc.assert(
      fc.property(fc.array(spaced), fc.constantFrom(",", " , ", ",\n"), (parts, comma) => {
        const text = ` [ ${parts.join(comma)} ]`;
        const cut = [...elementsOf(text, 1)].map(({ start, end }) => text.slice(start, end));
        expect(cut).toEqual(parts);
      }),
    );
  });

  it("finds the member that JSON.parse keeps, byte for byte", () => {
    const name = fc.constantFrom("value", "val", 'va"lue', "va\\lue", "", "__proto__", "é");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, spaced)), name, (members, wanted) => {
        const text = `{${members.map(([key, part]) => `${JSON.stringify(key)} : ${part}`).join(" ,\n")}}`;
        const span = memberAt(text, 0, wanted);
        expect(span && text.slice(span.start, span.end)).toEqual(members.findLast(([key]) => key === wanted)?.[1]);
      }),
    );
  });

  it("keeps text that JSON.parse would change", () => {
    const text = '{"value": {"id": 9007199254740993, "x": 1.0, "e": "\\u00e9"}}';
    const span = memberAt(text, 0, "value");
    expect(span && text.slice(span.start, span.end)).toBe('{"id": 9007199254740993, "x": 1.0, "e": "\\u00e9"}');
  });

  it("reads a member name that is written with escapes", () => {
    const text = '{"\\u0076alue": 7}';
    expect(memberAt(text, 0, "value")).toEqual({ start: 15, end: 16 });
  });

  it("finds every member of an object, by name, byte for byte", () => {
    const name = fc.string({ unit: "binary", maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, spaced), { maxLength: 5 }), (members) => {
        const text = `{${members.map(([key, part]) => `${JSON.stringify(key)} : ${part}`).join(" ,\n")} }`;
        const cut = [...membersOf(text, 0)].map(({ name, start, end }) => [name, text.slice(start, end)]);
        expect(cut).toEqual(members.map(([key, part]) => [JSON.parse(JSON.stringify(key)), part]));
      }),
    );
  });

  const cutWhole = (text: string): string => {
    try {
      const { start } = soleValue(text);
      const parts =
        text[start] === "[" ? [...elementsOf(text, start)] : text[start] === "{" ? [...membersOf(text, start)] : [];
      for (const part of parts) JSON.parse(text.slice(part.start, part.end));
      return parts.length > 0 || /^[[{]/.test(text.trim()) ? "cut" : String(JSON.parse(text) && "cut");
    } catch (thrown) {
      if (thrown instanceof NotJson || thrown instanceof SyntaxError) return "not JSON";
      throw thrown;
    }
  };
  const isJson = (text: string) => {
    try {
      return typeof JSON.parse(text) === "object" && JSON.parse(text) !== null;
    } catch {
      return false;
    }
  };

  it("accepts an array or an object exactly if JSON.parse does, if each part is JSON", () => {
    const broken = fc
      .tuple(spaced, fc.nat(), fc.constantFrom("", ",", "]", "}", "[", "{", '"', ":", " ", "0", "\\"))
      .map(
        ([text, at, put]) =>
          text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + (at % 2)),
      );
    fc.assert(
      fc.property(fc.oneof(spaced, broken), (text) => {
        if (/^\s*[[{]/.test(text)) expect(cutWhole(text)).toBe(isJson(text) ? "cut" : "not JSON");
      }),
      cases(3000),
    );
  });

  it.each([
    "",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    '["a]',
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '{"a" 1}',
    "{a:1}",
    '{"a":}',
    "[1]]",
    "[1] 2",
    '["a""b"]',
    '[1"a"]',
    "[[1}]x",
  ])("refuses %j", (text) => {
    expect(cutWhole(text)).toBe("not JSON");
  });
});

describe("counting values before they are parsed", () => {
  /** Values of arrays, members of objects, and the brackets around them. */
  const countOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Object.values(value).reduce((sum: number, each) => sum + countOf(each), 0)
      : 1;

  it("counts at least half of the values that JSON.parse creates, and less than twice as many", () => {
    fc.assert(
      fc.property(spaced, (text) => {
        const values = countOf(JSON.parse(text));
        expect(hasMoreValuesThan(text, values * 2)).toBe(false);
        if (values > 1) expect(hasMoreValuesThan(text, Math.floor((values - 1) / 2))).toBe(true);
      }),
    );
  });

  it("counts nothing inside a string, however it is escaped", () => {
    expect(hasMoreValuesThan(JSON.stringify('[{},"\\",[],'.repeat(50)), 1)).toBe(false);
    expect(hasMoreValuesThan("[{},{}]", 3)).toBe(true);
  });
});
