import { expect, it } from "vitest";
import { defaultSortOf, SORTS } from "#ops/sorts.ts";
import { columnId, nextSort, sortableIn, sorted, sortIn, sortParameter } from "./sort.ts";

type Row = { readonly name: string; readonly count: number | null };
const columns = [
  { name: "Name", by: ({ name }: Row) => name },
  { name: "Last failed", by: ({ count }: Row) => count },
  { name: "Actions" },
];
const rows: readonly Row[] = [
  { name: "d-10", count: 2 },
  { name: "d-9", count: null },
  { name: "D-2", count: 30 },
];
const order = (query: string) =>
  sorted(rows, columns, sortIn(new URLSearchParams(query), sortableIn(columns, undefined))).map(({ name }) => name);

it("rows are in the order that the address asks for, numbers as numbers and text by its numbers", () => {
  expect(order("")).toEqual(["d-10", "d-9", "D-2"]);
  expect(order("sort=name")).toEqual(["D-2", "d-9", "d-10"]);
  expect(order("sort=-name")).toEqual(["d-10", "d-9", "D-2"]);
});

it("rows without a value are last in either order", () => {
  expect(order("sort=last-failed")).toEqual(["d-10", "D-2", "d-9"]);
  expect(order("sort=-last-failed")).toEqual(["D-2", "d-10", "d-9"]);
});

it("a column that is not there, or cannot be sorted, sorts nothing", () => {
  expect([order("sort=nonsense"), order("sort=actions")]).toEqual([order(""), order("")]);
  expect(columnId("p99, last hour")).toBe("p99-last-hour");
});

it("a list that comes in pages can be sorted by what the server sorts by, whatever its columns are", () => {
  expect(sortableIn(columns, "groups")).toContain("waiting");
  expect(sortIn(new URLSearchParams("sort=-name"), sortableIn(columns, "groups"))).toBeUndefined();
});

it("clicks on a column sort it one way, then the other, and then not at all", () => {
  const first = nextSort("letters", defaultSortOf(SORTS.groups), "descending");
  const second = nextSort("letters", first, "descending");
  expect([first, second].map((sort) => sortParameter(sort, "groups"))).toEqual(["-letters", "letters"]);
  expect(nextSort("letters", second, "descending")).toBeUndefined();
});

it("a click on the column of a list's own order turns it round, and the address does not mention that order", () => {
  const own = defaultSortOf(SORTS.groups);
  expect(sortParameter(own, "groups")).toBeUndefined();
  expect(sortParameter(nextSort("last-failed", own, "descending"), "groups")).toBe("last-failed");
});
