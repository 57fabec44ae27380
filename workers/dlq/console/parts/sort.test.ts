import { expect, it } from "vitest";
import { columnId, sorted, sortIn } from "./sort.ts";

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
  sorted(rows, columns, sortIn(new URLSearchParams(query), columns)).map(({ name }) => name);

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
