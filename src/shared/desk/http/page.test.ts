import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCursor } from "../../cursor-text.ts";
import { Cursor, pageOf } from "./page.ts";

describe("a desk's cursor", () => {
  it("leads back to the row that it was made of, whatever its id", () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ minLength: 1, unit: "grapheme" }), (at, id) => {
        const { nextCursor } = pageOf(
          [
            { at, id },
            { at, id },
          ],
          1,
          (row) => [row.at, row.id],
        );
        expect(nextCursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(Cursor.parse(nextCursor)).toEqual([at, id]);
      }),
    );
  });

  it.each(["", "x", "[1,2]", encodeCursor(["1", "a"]), encodeCursor([1, ""]), encodeCursor([1, "a", "b"])])(
    "is refused as a whole where it is %j",
    (text) => {
      expect(Cursor.safeParse(text).success).toBe(false);
    },
  );
});
