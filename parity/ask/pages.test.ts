import { describe, expect, it } from "vitest";
import type { Json } from "../json.ts";
import type { PagesSpec } from "../settings/schema.ts";
import type { AnswerError, Outcome } from "./answer.ts";
import { itemsOf } from "./items.ts";
import { askWhole } from "./pages.ts";

const PAGES: PagesSpec = { items: "list.items", next: "list.nextToken", variable: "nextToken", most: 3 };
const answered = (data: Json, errors: readonly AnswerError[] = []): Outcome => ({ kind: "answered", data, errors });
const page = (items: Json, nextToken: Json, more: object = {}) => answered({ list: { items, nextToken, ...more } });

/** A side that answers one page after the other, and what it was asked for. */
function answering(...pages: readonly Outcome[]) {
  const asked: unknown[] = [];
  const ask = async ({ variables }: { variables: Readonly<Record<string, Json>> }) => {
    asked.push(variables.nextToken);
    return pages[asked.length - 1] as Outcome;
  };
  return { asked, whole: (spec = PAGES) => askWhole(ask, { text: "", variables: { id: "x" } }, spec), ask };
}

describe("a list in an answer", () => {
  it("is read to its end, each page by the token of the one before", async () => {
    const { asked, whole } = answering(page([1, 2], "a"), page([], "b"), page([3], null));
    expect(await whole()).toEqual(answered({ list: { items: [1, 2, 3], nextToken: "a" } }));
    expect(asked).toEqual([undefined, "a", "b"]);
  });

  it("ends where the side says that there is no next page, whatever its cursor is", async () => {
    const { asked, whole } = answering(page([1], "a", { more: true }), page([2], "b", { more: false }));
    expect(await whole({ ...PAGES, more: "list.more" })).toMatchObject({ data: { list: { items: [1, 2] } } });
    expect(asked).toHaveLength(2);
  });

  it.each([
    [
      "that is longer than the settings allow",
      [page([1], "a"), page([2], "b"), page([3], "c")],
      /more than 3 pages: raise pages\.most/,
    ],
    ["whose next page is the same again", [page([1], "a"), page([2], "a")], /its page after "a" is that page again/],
    ["whose later page fails", [page([1], "a"), { kind: "failed", message: "502" } as const], /502/],
    ["whose later page has no list", [page([1], "a"), page(null, null)], /a later page of its list has no list/],
  ])("%s is not compared", async (_, pages, message) => {
    expect(await answering(...pages).whole()).toEqual({ kind: "failed", message: expect.stringMatching(message) });
  });

  it("that is null stays null", async () => {
    expect(await answering(answered({ list: null })).whole()).toEqual(answered({ list: null }));
  });

  it("keeps errors at their items, counted over all pages", async () => {
    const error = { message: "no", path: ["list", "items", 1, "name"] };
    const { whole } = answering(page([1, 2], "a"), answered({ list: { items: [3, null], nextToken: null } }, [error]));
    expect(await whole()).toMatchObject({ errors: [{ message: "no", path: ["list", "items", 3, "name"] }] });
  });
});

describe("items", () => {
  const ids = Array.from({ length: 50 }, (_, n) => ({ id: `E-${n}`, type: "ELT" }));
  const sources = (...pages: readonly Outcome[]) => ({
    readFile: () => "# all that QA knows\nE-1\r\n\n E-2\nE-1\n",
    ask: () => answering(...pages).ask,
    textOf: () => "",
    onPage: () => {},
  });
  const listed = {
    ...{ from: "old" as const, document: "", variables: {}, pages: PAGES },
    values: { id: "id", source: { path: "type", case: "lower" as const } },
  };
  const drawn = async (seed: number, rows: readonly Json[], sample = 10) =>
    (await itemsOf(listed, { seed, sample }, sources(page(rows.slice(0, 20), "a"), page(rows.slice(20), null)))).map(
      ({ id }) => id,
    );

  it("of a list have what the settings take of them", async () => {
    const [first, ...others] = await itemsOf(listed, { seed: 1, sample: undefined }, sources(page(ids, null)));
    expect(first).toEqual({ id: expect.stringMatching(/^E-\d+$/), values: { id: first?.id, source: "elt" } });
    expect(others).toHaveLength(49);
  });

  it("are the same for the same seed, in whatever order and pages the list comes", async () => {
    const one = await drawn(1, ids);
    expect(one).toHaveLength(10);
    expect(await drawn(1, ids.toReversed())).toEqual(one);
    expect(await drawn(2, ids)).not.toEqual(one);
  });

  it("are mostly the same when the list has grown", async () => {
    const [before, after] = [await drawn(1, ids.slice(0, 45)), await drawn(1, ids)];
    expect(after.filter((id) => before.includes(id)).length).toBeGreaterThanOrEqual(7);
  });

  it("of a file are one a line, each once", async () => {
    const items = await itemsOf({ file: "ids.txt" }, { seed: 1, sample: undefined }, sources());
    expect(items.map(({ id }) => id).sort()).toEqual(["E-1", "E-2"]);
  });

  it.each([
    ["fails", { kind: "failed", message: "502" } as const, /the old side's list: 502/],
    [
      "has an error",
      answered({ list: { items: [], nextToken: null } }, [{ message: "no", path: null }]),
      /the old side's list: no/,
    ],
    ["has an item without an id", page([{ id: null }], null), /an item without an id at list\.items\.0/],
  ])("are not half a list: one that %s ends the run", async (_, outcome, message) => {
    await expect(itemsOf(listed, { seed: 1, sample: 5 }, sources(outcome))).rejects.toThrow(message);
  });
});
