import { describe, expect, it } from "vitest";
import type { Actor } from "#domain/change.ts";
import { actorName, actorOf, actorSeenBy, dataSeenBy, isRole } from "./actor.ts";
import type { Scope } from "./scope.ts";

const OPS: Scope = { role: "ops" };
const SERVICE: Scope = { role: "service" };
const dealer = (...dealerIds: string[]): Scope => ({ role: "dealer", dealerIds });

const OPERATOR: Actor = { role: "ops", subject: "op@concord.example" };
const JOB: Actor = { role: "service", subject: "nightly" };
const ALICE: Actor = { role: "dealer", subject: "alice@arctic.example", dealerId: "D-1" };
const BOB: Actor = { role: "dealer", subject: "bob@best.example", dealerId: "D-2" };
const GROUP: Actor = { role: "dealer", subject: "carol@group.example" };
const NAMELESS: Actor = { role: "dealer", dealerId: "D-1" };

describe("who gave a command", () => {
  it.each<[string, Scope, Actor, string | null]>([
    ["an operator", OPS, ALICE, "alice@arctic.example"],
    ["an operator", OPS, OPERATOR, "op@concord.example"],
    ["a service", SERVICE, BOB, "bob@best.example"],
    ["an operator", OPS, NAMELESS, "dealer"],
    ["an operator", OPS, { role: "service" }, "service"],
    ["its dealer", dealer("D-1"), ALICE, "alice@arctic.example"],
    ["its dealer among several", dealer("D-3", "D-1"), ALICE, "alice@arctic.example"],
    ["its dealer", dealer("D-1"), NAMELESS, "dealer"],
    ["a dealer", dealer("D-1"), OPERATOR, "operator"],
    ["a dealer", dealer("D-1"), JOB, "operator"],
    ["another dealer", dealer("D-1"), BOB, null],
    ["a dealer, of whom it is not known whose", dealer("D-1"), GROUP, null],
  ])("is for %s (%o) to know of %o as %s", (_, scope, actor, name) => {
    expect(actorName(scope, actor)).toBe(name);
  });

  it("tells a dealer no subject but those of its own staff, in an event's data either", () => {
    for (const actor of [OPERATOR, JOB, BOB, GROUP]) {
      const seen = dataSeenBy(dealer("D-1"), { alertId: "A", by: actor });
      expect(JSON.stringify([seen, actorSeenBy(dealer("D-1"), actor)])).not.toMatch(/@|nightly|D-2/);
      expect(seen).toMatchObject({ alertId: "A" });
      expect(dataSeenBy(OPS, { alertId: "A", by: actor })).toEqual({ alertId: "A", by: actor });
    }
    expect(dataSeenBy(dealer("D-1"), { mode: "heat", by: ALICE })).toEqual({ mode: "heat", by: ALICE });
  });

  it.each([[null], ["text"], [{ by: "the sea" }], [{ by: { role: "captain" } }], [[1]]])(
    "is not looked for in other data: %j",
    (data) => {
      expect(dataSeenBy(dealer("D-1"), data)).toBe(data);
    },
  );

  it("is taken from the token: its role, its subject in a form that every store keeps, and its dealer", () => {
    expect(actorOf(OPS, "bob", "D-1")).toEqual({ role: "ops", subject: "bob" });
    expect(actorOf(dealer("D-1"), null, "D-1")).toEqual({ role: "dealer", dealerId: "D-1" });
    expect(actorOf(SERVICE, "", null)).toEqual({ role: "service" });
    const { subject = "" } = actorOf(OPS, `a\u0000${"😀".repeat(200)}`, null);
    expect([subject.length <= 256, subject.isWellFormed(), subject.includes("\u0000")]).toEqual([true, true, false]);
    expect([isRole("operator"), isRole("bob")]).toEqual([true, false]);
  });
});
