import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonical,
  event,
  eventOf,
  fleet,
  joinAll,
  reshuffled,
  START_MS,
  stream,
} from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { toIntervals } from "./assignment.ts";
import type { Change } from "./change.ts";
import type { ConcordEvent } from "./event.ts";
import { EMPTY_FLEET, joinFleets, merge, toDelta } from "./fleet.ts";
import type { Moment } from "./time.ts";

const RUNS = cases(300);

describe("the join of fleets", () => {
  it("is commutative", () => {
    fc.assert(
      fc.property(fleet, fleet, (a, b) => {
        expect(canonical(joinFleets(a, b))).toBe(canonical(joinFleets(b, a)));
      }),
      RUNS,
    );
  });

  it("is associative", () => {
    fc.assert(
      fc.property(fleet, fleet, fleet, (a, b, c) => {
        expect(canonical(joinFleets(joinFleets(a, b), c))).toBe(canonical(joinFleets(a, joinFleets(b, c))));
      }),
      RUNS,
    );
  });

  it("is idempotent, with itself and with an equal copy, and returns the same object", () => {
    fc.assert(
      fc.property(stream, (events) => {
        const a = merge(EMPTY_FLEET, events).fleet;
        expect(joinFleets(a, a)).toBe(a);
        expect(joinFleets(a, merge(EMPTY_FLEET, structuredClone(events)).fleet)).toBe(a);
      }),
      RUNS,
    );
  });

  it("has the empty fleet as its identity", () => {
    fc.assert(
      fc.property(fleet, (a) => {
        expect(joinFleets(a, EMPTY_FLEET)).toBe(a);
        expect(canonical(joinFleets(EMPTY_FLEET, a))).toBe(canonical(a));
      }),
      RUNS,
    );
  });

  it("returns the same object exactly when the other fleet adds nothing", () => {
    fc.assert(
      fc.property(fleet, fleet, (a, b) => {
        const joined = joinFleets(a, b);
        expect(joinFleets(joined, a)).toBe(joined);
        expect(joinFleets(joined, b)).toBe(joined);
        expect(joined === a).toBe(canonical(joined) === canonical(a));
      }),
      RUNS,
    );
  });

  it("changes neither of its arguments", () => {
    fc.assert(
      fc.property(fleet, fleet, (a, b) => {
        const before = canonical([a, b]);
        joinFleets(a, b);
        expect(canonical([a, b])).toBe(before);
      }),
      RUNS,
    );
  });
});

describe("merging a stream", () => {
  it("gives the same fleet in every order, with every repetition", () => {
    const streams = stream.chain((events) => fc.tuple(fc.constant(events), reshuffled(events)));
    fc.assert(
      fc.property(streams, ([events, again]) => {
        expect(canonical(merge(EMPTY_FLEET, again).fleet)).toBe(canonical(merge(EMPTY_FLEET, events).fleet));
      }),
      RUNS,
    );
  });

  it("gives the same fleet in batches, and joined in halves", () => {
    fc.assert(
      fc.property(stream, fc.nat({ max: 16 }), (events, cut) => {
        const whole = canonical(merge(EMPTY_FLEET, events).fleet);
        const first = merge(EMPTY_FLEET, events.slice(0, cut)).fleet;
        expect(canonical(merge(first, events.slice(cut)).fleet)).toBe(whole);
        expect(canonical(joinAll(events))).toBe(whole);
      }),
      RUNS,
    );
  });

  it("a second time returns the same object, and only duplicate and superseded outcomes", () => {
    const streams = stream.chain((events) => fc.tuple(fc.constant(events), reshuffled(events)));
    fc.assert(
      fc.property(streams, ([events, again]) => {
        const { fleet } = merge(EMPTY_FLEET, events);
        const replay = merge(fleet, again);
        expect(replay.fleet).toBe(fleet);
        expect(replay.outcomes.filter((outcome) => outcome !== "duplicate" && outcome !== "superseded")).toEqual([]);
      }),
      RUNS,
    );
  });

  it("gives one outcome for each event, and duplicate for one that was merged just before", () => {
    fc.assert(
      fc.property(fleet, event, (before, again) => {
        const { outcomes } = merge(before, [again, structuredClone(again)]);
        expect(outcomes).toHaveLength(2);
        expect(outcomes[1]).toBe("duplicate");
      }),
      RUNS,
    );
  });

  it("calls an event applied or unchanged only if it changes the fleet", () => {
    fc.assert(
      fc.property(fleet, event, (before, next) => {
        const { fleet: after, outcomes } = merge(before, [next]);
        if (outcomes[0] === "applied" || outcomes[0] === "unchanged") expect(after).not.toBe(before);
        if (after === before) expect(["duplicate", "superseded"]).toContain(outcomes[0]);
      }),
      RUNS,
    );
  });

  it("keeps a device's dealer equal to its newest assignment, even if events claim the same version", () => {
    fc.assert(
      fc.property(fleet, ({ devices }) => {
        for (const { aspects, assignments } of devices.values()) {
          const holder = aspects.dealer && { dealerId: aspects.dealer.value.dealerId, to: null };
          const last = toIntervals(assignments).at(-1);
          expect(last && { dealerId: last.dealerId, to: last.to }).toEqual(holder);
        }
      }),
      RUNS,
    );
  });
});

describe("the outcome of an event", () => {
  const dealer = (name: string): Change => ({ dealer: { dealerId: name, name } });
  const customer = (name: string): Change => ({ customer: { customerId: "C", name } });
  const profile = (name: string): Change => ({ profile: { name } });
  const status = (name: string): Change => ({ status: { online: name === "one" } });
  const desired = (name: string): Change => ({ desired: { mode: name === "one" ? "heat" : "off" } });
  const registration = (name: string): Change => ({
    registration: {
      kind: "registered",
      model: name,
      serialNumber: "S",
      registeredAt: "2026-03-02T09:15:00.000Z" as Moment,
    },
  });
  const alert = (name: string): Change => ({
    alert: {
      alertId: "A",
      details: { code: name, severity: "info", text: "text" },
      progress: { kind: "raised" },
    },
  });
  const progress = (name: string): Change => ({
    alert: { alertId: "A", progress: { kind: "cleared", resolution: name } },
  });
  const kinds = { registration, customer, dealer, profile, status, desired, alert, progress };
  const at = (step: number, change: Change): ConcordEvent =>
    eventOf({ occurredAtMs: START_MS + step, eventId: `evt-${step}`, change });

  describe.each(Object.entries(kinds))("about %s", (kind, make) => {
    const known = merge(EMPTY_FLEET, [at(4, make("one"))]).fleet;

    // An older assignment was not known and is a stretch of time that a reader can see, so it is not overtaken.
    const older = kind === "dealer" ? "applied" : "superseded";
    it.each([
      ["older", older, at(3, make("two"))],
      ["the same", "duplicate", at(4, make("one"))],
      ["newer and says the same", "unchanged", at(5, make("one"))],
      ["newer and says something else", "applied", at(5, make("two"))],
    ])("that is %s is %s", (_, outcome, next) => {
      expect(merge(known, [next]).outcomes).toEqual([outcome]);
    });
  });

  it("about an unknown device is applied", () => {
    expect(merge(EMPTY_FLEET, [at(1, profile("one"))]).outcomes).toEqual(["applied"]);
  });

  it("is applied if it is late for the device and new for the dealer", () => {
    const known = merge(EMPTY_FLEET, [at(4, dealer("D")), { ...at(3, dealer("D")), eventId: "x" }]).fleet;
    const late = eventOf({ occurredAtMs: START_MS + 3, eventId: "evt-3", change: dealer("E") });
    expect(merge(known, [late]).outcomes).toEqual(["applied"]);
  });

  it("is applied if it is late and moves the start of the current dealer's interval", () => {
    const known = merge(EMPTY_FLEET, [at(1, dealer("E")), at(5, dealer("D"))]).fleet;
    expect(merge(known, [at(3, dealer("D"))]).outcomes).toEqual(["applied"]);
  });

  it("is unchanged if the same dealer is assigned again, and a late event in between still counts", () => {
    const twice = merge(EMPTY_FLEET, [at(1, dealer("D")), at(5, dealer("D"))]);
    expect(twice.outcomes).toEqual(["applied", "unchanged"]);
    const { fleet: between, outcomes } = merge(twice.fleet, [at(3, dealer("E"))]);
    expect(outcomes).toEqual(["applied"]);
    const device = [...between.devices.values()][0];
    expect(toIntervals(device?.assignments ?? new Map()).map(({ dealerId }) => dealerId)).toEqual(["D", "E", "D"]);
  });

  it("is superseded if registers and history are all newer", () => {
    const later = Array.from({ length: 150 }, (_, i) => at(10 + i, profile(`name ${i}`)));
    const { fleet: known } = merge(EMPTY_FLEET, later);
    const late = merge(known, [at(1, profile("old"))]);
    expect(late.outcomes).toEqual(["superseded"]);
    expect(late.fleet).toBe(known);
  });

  it("is superseded if it is older than an unchanged one, which advanced the version", () => {
    const known = merge(EMPTY_FLEET, [at(1, profile("one")), at(5, profile("one"))]).fleet;
    expect(merge(known, [at(3, profile("two"))]).outcomes).toEqual(["superseded"]);
  });
});

describe("the delta of an event", () => {
  it("is the result of merging it into the empty fleet", () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(canonical(merge(EMPTY_FLEET, [one]).fleet)).toBe(canonical(toDelta(one)));
      }),
      RUNS,
    );
  });
});
