import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { event, eventOf, START_MS } from "../../../test/support/arbitraries.ts";
import { ANNOUNCEMENT_KINDS, type Announcement, announcementsOf } from "./announcement.ts";
import type { AlertChange, Change } from "./change.ts";
import type { Device } from "./device.ts";
import { type ConcordEvent, deviceKeyOf } from "./event.ts";
import { EMPTY_FLEET, merge } from "./fleet.ts";
import { momentOf } from "./time.ts";
import { compareVersions, type Version } from "./version.ts";

const KEY = deviceKeyOf("elt", "1");
const at = (step: number, change: Change): ConcordEvent =>
  eventOf({ occurredAtMs: START_MS + step, eventId: `evt-${step}`, change });
const dealer = (id: string | null): Change => ({ dealer: id === null ? null : { dealerId: id, name: id } });
const profile: Change = { profile: { name: "x" } };
const alert = (about: Omit<AlertChange, "alertId">): Change => ({ alert: { alertId: "A", ...about } });
const details = { code: "E4", severity: "critical", text: "text" } as const;
const raised = alert({ details, progress: { kind: "raised" } });

const deviceOf = (events: readonly ConcordEvent[]) => merge(EMPTY_FLEET, events).fleet.devices.get(KEY) as Device;

/** Whose it was in front of a version, as the assignments have it. */
const dealerBefore = ({ assignments }: Device, version: Version): string | null =>
  [...assignments]
    .filter(([at]) => compareVersions(at, version) < 0)
    .sort(([a], [b]) => compareVersions(a, b))
    .at(-1)?.[1] ?? null;

function toldOfLast(events: readonly ConcordEvent[]) {
  const event = events.at(-1) as ConcordEvent;
  const device = deviceOf(events);
  const told = announcementsOf({ event, device }, (version) => dealerBefore(device, version));
  return { event, device, told };
}

/** `?` where it is not said what it was. */
const kindsOf = (told: ReadonlyMap<string, Announcement>) =>
  Object.fromEntries([...told].map(([dealerId, { kind, isOwn }]) => [dealerId, isOwn ? kind : `${kind}?`]));

describe("of an event that assigns a device", () => {
  it.each([
    ["for the first time", { D: "deviceGained" }, [at(1, dealer("D"))]],
    ["to another dealer", { D: "deviceLost?", E: "deviceGained" }, [at(1, dealer("D")), at(2, dealer("E"))]],
    ["to the same dealer again", { D: "deviceChanged" }, [at(1, dealer("D")), at(2, dealer("D"))]],
    ["to nobody", { D: "deviceLost?" }, [at(1, dealer("D")), at(2, dealer(null))]],
    ["to nobody, as before", {}, [at(1, dealer(null)), at(2, dealer(null))]],
    ["to nobody, for the first time", {}, [at(1, dealer(null))]],
    ["after it was nobody's", { E: "deviceGained" }, [at(1, dealer("D")), at(2, dealer(null)), at(3, dealer("E"))]],
    ["to another, late", {}, [at(5, dealer("D")), at(3, dealer("E"))]],
    ["to nobody, late", {}, [at(1, dealer("D")), at(5, dealer("D")), at(3, dealer(null))]],
    [
      "to another, late, between two others",
      { D: "deviceLost?" },
      [at(1, dealer("D")), at(5, dealer("F")), at(3, dealer("E"))],
    ],
    ["earlier than was known", { D: "deviceLost?" }, [at(1, dealer("D")), at(5, dealer("E")), at(3, dealer("E"))]],
    ["late, to whoever had it then", {}, [at(1, dealer("D")), at(5, dealer(null)), at(3, dealer("D"))]],
    ["late, when it is nobody's by now", {}, [at(5, dealer(null)), at(3, dealer("E"))]],
    [
      "and was merged before",
      { D: "deviceLost?", E: "deviceGained" },
      [1, 2, 2].map((n) => at(n, dealer("-DE"[n] ?? ""))),
    ],
  ])("%s, dealers are told %j", (_, kinds, events) => {
    expect(kindsOf(toldOfLast(events).told)).toEqual(kinds);
  });
});

describe("of an event that changes a device", () => {
  it.each([
    ["whoever has it is told", { D: "deviceChanged" }, [at(1, dealer("D")), at(2, profile)]],
    [
      "whoever has it by now is told, be it late",
      { E: "deviceChanged?" },
      [1, 5].map((n) => at(n, dealer(n < 5 ? "D" : "E"))).concat(at(3, profile)),
    ],
    ["nobody is told when it never was anybody's", {}, [at(2, profile)]],
    ["nobody is told when it was taken away", {}, [at(1, dealer("D")), at(2, dealer(null)), at(3, profile)]],
  ])("%s", (_, kinds, events) => {
    expect(kindsOf(toldOfLast(events).told)).toEqual(kinds);
  });
});

describe("of an event about an alert", () => {
  const had = at(1, dealer("D"));
  const known = [had, at(2, raised)];

  it.each([
    ["raised", "alertRaised", "critical", [had, at(3, raised)]],
    ["cleared", "alertCleared", "critical", [...known, at(3, alert({ progress: { kind: "cleared" } }))]],
    [
      "acknowledged",
      "alertAcknowledged",
      "critical",
      [...known, at(3, alert({ acknowledgement: { kind: "acknowledged", acknowledgement: "accept" } }))],
    ],
    [
      "unacknowledged",
      "alertUnacknowledged",
      "critical",
      [...known, at(3, alert({ acknowledgement: { kind: "unacknowledged" } }))],
    ],
    ["described", "deviceChanged", "critical", [...known, at(3, alert({ details }))]],
  ] as const)("that is %s, its dealer is told %s, of severity %s", (_, kind, severity, events) => {
    const { event, told } = toldOfLast(events);
    const { topic, version } = event;
    expect([...told]).toEqual([["D", { kind, deviceKey: KEY, version, topic, isOwn: true, alertId: "A", severity }]]);
  });

  it.each([
    ["to another", {}, [had, at(5, dealer("E"))]],
    ["to nobody", {}, [had, at(5, dealer(null))]],
    ["to the same again", { D: "alertRaised" }, [had, at(5, dealer("D"))]],
    ["to another and back", { D: "alertRaised" }, [had, at(4, dealer("E")), at(5, dealer("D"))]],
    ["for the first time", {}, [at(5, dealer("E"))]],
    ["after it was nobody's", {}, [had, at(2, dealer(null)), at(5, dealer("E"))]],
  ])("from before the device went %s, whoever had it then and has it still is told: %j", (_, kinds, before) => {
    expect(kindsOf(toldOfLast([...before, at(3, raised)]).told)).toEqual(kinds);
  });

  it("of an earlier dealer's time the next one is told nothing, nor anybody while it is not known when it was raised", () => {
    const cleared = at(6, alert({ progress: { kind: "cleared" } }));
    expect(kindsOf(toldOfLast([...known, at(5, dealer("E")), cleared]).told)).toEqual({});
    expect(kindsOf(toldOfLast([had, cleared]).told)).toEqual({});
  });

  it("it counts as raised when its details say so, be it in the very moment of an assignment", () => {
    const raisedAt = (step: number) => at(6, alert({ details: { ...details, raisedAt: momentOf(START_MS + step) } }));
    const toldAt = (step: number) => kindsOf(toldOfLast([had, at(5, dealer("E")), raisedAt(step)]).told);
    expect([0, 1, 4].map(toldAt)).toEqual([{}, {}, {}]);
    expect([5, 6].map(toldAt)).toEqual([{ E: "deviceChanged" }, { E: "deviceChanged" }]);
  });

  it("nobody is told when the device is nobody's", () => {
    expect(kindsOf(toldOfLast([at(3, raised)]).told)).toEqual({});
    expect(kindsOf(toldOfLast([had, at(2, dealer(null)), at(3, raised)]).told)).toEqual({});
  });

  it("that changes the device too, whoever may not know of the alert is told of the rest", () => {
    const both = at(3, { ...raised, status: { online: false } });
    expect(kindsOf(toldOfLast([had, at(5, dealer("E")), both]).told)).toEqual({
      E: "deviceChanged?",
    });
    expect(kindsOf(toldOfLast([had, both]).told)).toEqual({ D: "alertRaised" });
  });
});

describe("of any event", () => {
  const events = fc.array(
    event.map((drawn) => ({ ...drawn, deviceKey: KEY })),
    { minLength: 1, maxLength: 16 },
  );

  it("a loss is told to the one before, all else to the holder, and of alerts only his own", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const { event, device, told } = toldOfLast(taken);
        const { topic, version, change } = event;
        const newest = device.aspects.dealer;
        const holder = newest?.value.dealerId ?? null;
        const before = dealerBefore(device, version);
        const isOnlyAlert = change.alert !== undefined;
        const details = device.alerts.get(change.alert?.alertId ?? "")?.details;
        const raiser = details && dealerBefore(device, `${details.version} ` as Version);
        for (const [dealerId, announcement] of told) {
          const { kind } = announcement;
          expect(ANNOUNCEMENT_KINDS).toContain(kind);
          if (kind === "deviceGained") expect([dealerId, version]).toEqual([holder, newest?.version]);
          if (kind === "deviceLost") expect(dealerId === before && dealerId !== holder).toBe(true);
          if (kind !== "deviceLost") expect(dealerId).toBe(holder);
          if (isOnlyAlert) expect(dealerId).toBe(raiser);
          const alertId = change.alert?.alertId ?? null;
          expect(announcement).toMatchObject({ deviceKey: KEY, version, topic, alertId });
        }
        // A late assignment is nothing to whoever has the device.
        const isHeard = isOnlyAlert ? raiser === holder : change.dealer === undefined || version === newest?.version;
        expect(told.has(holder ?? "")).toBe(holder !== null && isHeard);
      }),
      { numRuns: 500 },
    );
  });

  it("a dealer is told what it was only when the device was his then", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const { event, device, told } = toldOfLast(taken);
        const { version, change } = event;
        const newest = device.aspects.dealer;
        const named = change.dealer === undefined ? dealerBefore(device, version) : (change.dealer?.dealerId ?? null);
        // Of two that claim one version, one counts.
        const then = version === newest?.version ? newest.value.dealerId : named;
        for (const [dealerId, { isOwn, kind }] of told) {
          if (isOwn && !change.alert) expect(dealerId).toBe(then);
          if (kind === "deviceLost") expect(isOwn).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
