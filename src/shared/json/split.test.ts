import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ObjectSplitter } from "./split.ts";

const object = fc
  .tuple(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.constantFrom(undefined, 1, "\t"))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

function splitInChunks(text: string, cuts: readonly number[]) {
  const splitter = new ObjectSplitter(1_000_000);
  const edges = [0, ...[...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b), text.length];
  return edges.slice(1).flatMap((end, i) => splitter.push(text.slice(edges[i], end)).objects);
}

describe("splitting a stream of JSON objects", () => {
  it("returns each object byte for byte, wherever the chunks are split", () => {
    fc.assert(
      fc.property(
        fc.array(object),
        fc.constantFrom("", " ", "\r\n", "\n\n\t"),
        fc.array(fc.nat()),
        (objects, gap, cuts) => {
          expect(splitInChunks(objects.join(gap) + gap, cuts)).toEqual(objects);
        },
      ),
    );
  });

  it("returns an object as soon as its last byte has arrived", () => {
    const splitter = new ObjectSplitter(100);
    expect(splitter.push('{"a":"}').objects).toEqual([]);
    expect(splitter.isInside).toBe(true);
    expect(splitter.push('\\"}"}{').objects).toEqual(['{"a":"}\\"}"}']);
  });

  it.each(["[1]", "1", '"x"', "null", "}", ",{}"])(
    "stops at %s, which is no object, and keeps what came before",
    (text) => {
      expect(new ObjectSplitter(100).push(`{"a":1} ${text}`)).toEqual({
        objects: ['{"a":1}'],
        broken: "not_an_object",
      });
    },
  );

  it("stops at an object over the limit, complete or not", () => {
    expect(new ObjectSplitter(10).push('{"a":1}{"a":"12345678"}').broken).toBe("too_large");
    expect(new ObjectSplitter(10).push('{"a":1}{"a":"12345678')).toEqual({ objects: ['{"a":1}'], broken: "too_large" });
  });
});
