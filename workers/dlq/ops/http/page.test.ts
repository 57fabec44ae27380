import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { encodeCursor } from "#base/cursor-text.ts";
import { CURSOR_ORDER_ERROR, cursorFitsOrder, sortedBy, toPage } from "./page.ts";

const Query = z.strictObject(sortedBy(["size", "age"])).refine(cursorFitsOrder, CURSOR_ORDER_ERROR);

const problemsOf = (query: object) => Query.safeParse(query).error?.issues.map(({ message }) => message);

describe("a sorted list of the operations API", () => {
  it("continues where its cursor says, whatever the order and the id of the row", () => {
    const order = { by: fc.constantFrom("size", "age"), isDescending: fc.boolean() };
    fc.assert(
      fc.property(fc.record(order), fc.nat(), fc.string({ minLength: 1, unit: "grapheme" }), (sort, size, id) => {
        const row = { size, id };
        const { page, nextCursor } = toPage([row, row], { first: 1, sort }, (each) => [each.size, each.id]);
        expect(page).toEqual([row]);
        expect(nextCursor).toMatch(/^[A-Za-z0-9_-]+$/);
        const asked = `${sort.isDescending ? "-" : ""}${sort.by}`;
        expect(Query.parse({ sort: asked, after: nextCursor })).toMatchObject({ sort, after: { value: size, id } });
      }),
    );
  });

  it("is sorted by the first of its columns, largest first, unless the query names another", () => {
    expect(Query.parse({})).toEqual({ first: 25, sort: { by: "size", isDescending: true } });
    expect(Query.parse({ sort: "age" }).sort).toEqual({ by: "age", isDescending: false });
    expect(problemsOf({ sort: "name" })).toEqual(["must be one of size, age, with - in front for the largest first"]);
    expect(problemsOf({ sort: "--age" })).toHaveLength(1);
  });

  it("refuses a cursor that was made in another order", () => {
    const { nextCursor } = toPage([1, 2], { first: 1, sort: { by: "age", isDescending: true } }, (id) => [id, `${id}`]);
    expect(problemsOf({ sort: "-age", after: nextCursor })).toBeUndefined();
    for (const sort of ["age", "-size"])
      expect(problemsOf({ sort, after: nextCursor })).toEqual([CURSOR_ORDER_ERROR.error]);
  });

  it.each([
    "",
    "x",
    "[1,2]",
    encodeCursor(["-size", 1, "a", "b"]),
    encodeCursor([1, "a"]),
    encodeCursor(["-size", "1", "a"]),
    encodeCursor(["-size", 1, ""]),
  ])("refuses the malformed cursor %j", (after) => {
    expect(problemsOf({ after })).toEqual(["must be the nextCursor of a list"]);
  });
});
