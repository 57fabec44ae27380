import { describe, expect, it } from "vitest";
import { ABSENT, type Compared, PRESENT } from "../compare/compare.ts";
import type { Json } from "../json.ts";
import { cleanWindow } from "./clean.ts";
import { Ledger, LedgerSnapshot } from "./ledger.ts";

const at = (place: string, old: Json, newer: Json, more: Partial<Compared> = {}): Compared => ({
  ...{ field: place.replace(/\[[^\]]*\]/g, "[]"), at: place, old, new: newer, isPersonal: false },
  kind: old === newer ? "match" : "mismatch",
  ...more,
});

function ledgerOf() {
  let atMs = 0;
  const ledger = new Ledger({ salt: "s", ruleFor: ({ field }) => (field === "ignored" ? 0 : undefined) });
  return {
    ledger,
    /** A second later, both sides are asked again. */
    observe: (...compared: Compared[]) => {
      atMs += 1_000;
      ledger.observe({ document: "device", id: "E-1", atMs, compared, isCounted: true });
    },
    observeNoise: (...compared: Compared[]) =>
      ledger.observe({ document: "device", id: "E-1", atMs, compared, isCounted: true, isNoise: () => true }),
    closed: () => ledger.closed().map(({ at: place, state }) => `${place} ${state}`),
    open: () => ledger.open().map(({ at: place, kind }) => `${place} ${kind}`),
  };
}

describe("a difference", () => {
  it("is a lag when both sides later have what the new side had", () => {
    const { observe, closed, open } = ledgerOf();
    observe(at("model", "a", "b"));
    expect(open()).toEqual(["model mismatch"]);
    observe(at("model", "b", "b"));
    expect([open(), closed()]).toEqual([[], ["model lagging"]]);
  });

  it("is a lag when the old side catches up with a value that the new side has had in the meantime", () => {
    const { observe, closed } = ledgerOf();
    observe(at("model", "a", "b"));
    observe(at("model", "a", "c"));
    observe(at("model", "c", "c"));
    expect(closed()).toEqual(["model lagging"]);
  });

  it.each([
    ["they agree on what the old side had", "a"],
    ["they agree on something that nobody had seen", "c"],
  ])("is no lag when %s", (_, value) => {
    const { observe, closed } = ledgerOf();
    observe(at("model", "a", "b"));
    observe(at("model", value, value));
    expect(closed()).toEqual(["model moved"]);
  });

  it("of an item of a list is a lag when the old side gets the item, and none when the new side loses it", () => {
    const { observe, closed } = ledgerOf();
    observe(at("alerts[A]", ABSENT, PRESENT), at("alerts[B]", ABSENT, PRESENT));
    observe(at("alerts[A]", PRESENT, PRESENT));
    expect(closed()).toEqual(["alerts[A] lagging", "alerts[B] moved"]);
  });

  it("of an item that the new side lacks is a lag when the old side loses it too", () => {
    const { observe, closed } = ledgerOf();
    observe(at("alerts[A]", PRESENT, ABSENT));
    observe(at("", PRESENT, PRESENT));
    expect(closed()).toEqual(["alerts[A] lagging"]);
  });

  it("stays open while an error hides it, and an error that does not come again is no difference", () => {
    const { observe, closed, open } = ledgerOf();
    observe(at("model", "a", "b"), at("alerts[A].text", "a", "b"));
    observe(at("", null, null, { kind: "error", error: { side: "old", message: "502" } }));
    expect(open()).toEqual(["model mismatch", "alerts[A].text mismatch", " error"]);
    observe(at("", PRESENT, PRESENT), at("model", "a", "b"), at("alerts", null, null, { kind: "error" }));
    expect(open()).toEqual(["model mismatch", "alerts[A].text mismatch", "alerts error"]);
    observe(at("", PRESENT, PRESENT), at("model", "b", "b"), at("alerts[A].text", "a", "b"));
    expect([open(), closed()]).toEqual([
      ["alerts[A].text mismatch"],
      [" answered", "model lagging", "alerts answered"],
    ]);
  });

  it("that is noise stays noise, though the sides agree by chance", () => {
    const { ledger, observe, observeNoise, open } = ledgerOf();
    observeNoise(at("requestId", "r1", "r2"));
    observe(at("requestId", "r3", "r3"));
    expect([open(), ledger.differences().map(({ state }) => state), ledger.openCount]).toEqual([[], ["noise"], 0]);
  });

  it("that a rule ignores is not open, and has the rule's number", () => {
    const { ledger, observe, open } = ledgerOf();
    observe(at("ignored", "a", "b"), at("model", "a", "b"));
    expect(open()).toEqual(["model mismatch"]);
    expect(ledger.differences()[0]).toMatchObject({ field: "ignored", state: "ignored", rule: 0 });
  });

  it("of personal values keeps neither of them, and is proved to be a lag all the same", () => {
    const { ledger, observe, closed } = ledgerOf();
    observe(at("phone", "555-0100", "555-0199", { isPersonal: true }));
    expect(JSON.stringify(ledger.snapshot())).not.toContain("555");
    expect(ledger.open()[0]).toMatchObject({ old: { text: "•••" }, new: { text: "•••" } });
    observe(at("phone", "555-0199", "555-0199", { isPersonal: true }));
    expect(closed()).toEqual(["phone lagging"]);
  });

  it("keeps long values by their beginning, and tells them apart by all of it", () => {
    const { ledger, observe, closed } = ledgerOf();
    const long = "x".repeat(10_000);
    observe(at("text", "a", `${long}1`));
    expect(ledger.open()[0]?.new.text.length).toBeLessThan(500);
    observe(at("text", `${long}2`, `${long}2`));
    expect(closed()).toEqual(["text moved"]);
  });
});

describe("a ledger", () => {
  it("goes on from its snapshot as if there had been no break, with the rules as they are now", () => {
    const { ledger, observe } = ledgerOf();
    observe(at("model", "a", "b"), at("ignored", "a", "b"), at("serial", "a", "b"));
    observe(at("model", "b", "b"), at("ignored", "a", "b"), at("serial", "a", "c"));
    const snapshot = LedgerSnapshot.parse(JSON.parse(JSON.stringify(ledger.snapshot())));
    const again = new Ledger({ salt: "s", ruleFor: ({ field }) => (field === "serial" ? 1 : undefined) }, snapshot);
    expect(again.differences().map(({ at: place, state, rule }) => [place, state, rule])).toEqual([
      ["ignored", "open", undefined],
      ["serial", "ignored", 1],
    ]);
    expect([again.openCount, again.tallies(), again.lastBadMs]).toEqual([1, ledger.tallies(), ledger.lastBadMs]);
    again.observe({
      document: "device",
      id: "E-1",
      atMs: 9_000,
      compared: [at("ignored", "b", "b"), at("serial", "a", "c")],
      isCounted: true,
    });
    expect(again.closed().map(({ at: place, state }) => `${place} ${state}`)).toEqual([
      "model lagging",
      "ignored lagging",
    ]);
  });

  it("counts what was compared, without errors, noise and what is ignored", () => {
    const { ledger, observe, observeNoise } = ledgerOf();
    observe(at("model", "a", "a"), at("ignored", "a", "b"), at("alerts", null, null, { kind: "error" }));
    observeNoise(at("requestId", "a", "b"), at("session", "a", "a"));
    const compared = ledger.tallies().map(({ field, compared: all, matched }) => [field, all, matched]);
    expect(compared).toEqual([
      ["model", 1, 1],
      ["ignored", 0, 0],
      ["alerts", 0, 0],
      ["requestId", 0, 0],
      ["session", 0, 0],
    ]);
  });
});

describe("a clean time", () => {
  it("is all of the time in which nothing differed", () => {
    expect(cleanWindow(ledgerOf().ledger, [1_000, 61_000])).toEqual({ fromMs: 1_000, toMs: 61_000 });
  });

  it("ends where a difference was first seen that is still there", () => {
    const { ledger, observe } = ledgerOf();
    observe();
    observe(at("model", "a", "b"));
    observe(at("model", "a", "b"));
    expect(cleanWindow(ledger, [0, 60_000])).toEqual({ fromMs: 0, toMs: 2_000 });
  });

  it("is not interrupted by a lag, once that is proved", () => {
    const { ledger, observe } = ledgerOf();
    observe(at("model", "a", "b"));
    observe(at("model", "b", "b"));
    expect(cleanWindow(ledger, [0, 60_000])).toEqual({ fromMs: 0, toMs: 60_000 });
  });

  it("begins after a difference that was no lag was last seen", () => {
    const { ledger, observe } = ledgerOf();
    observe(at("model", "a", "b"));
    observe(at("model", "a", "b"));
    observe(at("model", "a", "a"));
    expect(cleanWindow(ledger, [0, 60_000])).toEqual({ fromMs: 2_000, toMs: 60_000 });
  });

  it("is none while a difference is there that is older than it", () => {
    const { ledger, observe } = ledgerOf();
    observe(at("model", "a", "b"));
    expect(cleanWindow(ledger, [1_000, 60_000])).toBeNull();
  });
});
