import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, historyEntries } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { HISTORY_LIMIT, type History, hasEntry, joinHistories } from "./history.ts";
import { compareText, toVersion } from "./version.ts";

const LIMIT = 3;
const join = (a: History, b: History) => joinHistories(a, b, LIMIT);
/** Histories as they arise: entry after entry. */
const history = historyEntries.map((entries) => entries.reduce<History>((known, entry) => join(known, [entry]), []));

describe("the join of histories", () => {
  it("is commutative, associative and idempotent under its limit", () => {
    fc.assert(
      fc.property(history, history, history, (a, b, c) => {
        expect(canonical(join(a, b))).toBe(canonical(join(b, a)));
        expect(canonical(join(join(a, b), c))).toBe(canonical(join(a, join(b, c))));
        expect(join(a, structuredClone(a))).toBe(a);
        expect(join(a, [])).toBe(a);
        expect(join(a, b) === a).toBe(canonical(join(a, b)) === canonical(a));
      }),
      cases(1000),
    );
  });

  it("holds the newest entries, newest first, each once, and no more than its limit", () => {
    fc.assert(
      fc.property(historyEntries, (entries) => {
        const kept = entries.reduce<History>((known, entry) => join(known, [entry]), []);
        const keys = [...new Set(entries.map(({ version, topic }) => `${version} ${topic}`))];
        const newest = keys.sort((a, b) => compareText(b, a)).slice(0, LIMIT);
        expect(kept.map(({ version, topic }) => `${version} ${topic}`)).toEqual(newest);
      }),
      cases(1000),
    );
  });

  it("is cut to the limit if it was stored under a larger one", () => {
    const long = Array.from({ length: HISTORY_LIMIT + 5 }, (_, i) => entry(HISTORY_LIMIT + 5 - i));
    expect(joinHistories(long, [])).toEqual(long.slice(0, HISTORY_LIMIT));
    expect(joinHistories(long, [])).toEqual(joinHistories([], long));
  });

  it("finds an event by version and topic", () => {
    expect(hasEntry([entry(1)], { ...entry(1), data: "other" })).toBe(true);
    expect(hasEntry([entry(1)], { ...entry(1), topic: "t.two" })).toBe(false);
    expect(hasEntry([entry(1)], entry(2))).toBe(false);
  });
});

const entry = (ms: number) => ({ version: toVersion(ms, "evt"), topic: "t.one", data: {} });
