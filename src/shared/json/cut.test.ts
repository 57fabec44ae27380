import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementsAt, memberAt } from "./cut.ts";

const spaced = fc
  .tuple(fc.json(), fc.constantFrom(undefined, 1, "\t", "\n "))
  .map(([json, indent]) => JSON.stringify(JSON.parse(json), null, indent));

describe("cutting JSON text", () => {
  it("finds every element of an array, byte for byte", () => {
    fc.assert(
      fc.property(fc.array(spaced), fc.constantFrom(",", " , ", ",\n"), (parts, comma) => {
        const text = ` [ ${parts.join(comma)} ]`;
        const cut = elementsAt(text, 1).map(({ start, end }) => text.slice(start, end));
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

  it("keeps what JSON.parse would change", () => {
    const text = '{"value": {"id": 9007199254740993, "x": 1.0, "e": "\\u00e9"}}';
    const span = memberAt(text, 0, "value");
    expect(span && text.slice(span.start, span.end)).toBe('{"id": 9007199254740993, "x": 1.0, "e": "\\u00e9"}');
  });

  it("reads a member name that is written with escapes", () => {
    const text = '{"\\u0076alue": 7}';
    expect(memberAt(text, 0, "value")).toEqual({ start: 15, end: 16 });
  });
});
