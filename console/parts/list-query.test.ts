import { expect, it } from "vitest";
import { filterIn, listPath, sinceOf } from "./list-query.ts";

it("a filter is what the address names, and nothing that is empty or unknown", () => {
  const query = new URLSearchParams("state=open&topic=&page=2&text=a b&until=2026-11-30");
  expect(filterIn(query, ["state", "topic", "text"])).toEqual({ state: "open", text: "a b", until: "2026-11-30" });
});

it("a span begins that long ago, and one that is not known is none", () => {
  const nowMs = Date.UTC(2026, 10, 30, 12);
  expect(sinceOf("24h", nowMs)).toBe("2026-11-29T12:00:00.000Z");
  expect([sinceOf(null, nowMs), sinceOf("constructor", nowMs)]).toEqual([undefined, undefined]);
});

it("a list is asked for with its filter and its order", () => {
  expect(listPath("/groups", { state: "open", topic: undefined }, new URLSearchParams("sort=-letters&within=1h"))).toBe(
    "/groups?state=open&sort=-letters",
  );
});
