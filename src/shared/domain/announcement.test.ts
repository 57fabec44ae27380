import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { event, eventOf, START_MS } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { ANNOUNCEMENT_KINDS, type Announcement, announcementsFor } from "./announcement.ts";
import type { AlertChange, Change } from "./change.ts";
import type { Device } from "./device.ts";
import { type ConcordEvent, deviceKeyOf } from "./event.ts";
import { EMPTY_FLEET, merge } from "./fleet.ts";
import { toMoment } from "./time.ts";
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

/** The dealer who had the device just before a version. */
const dealerBefore = ({ assignments }: Device, version: Version): string | null =>
  [...assignments]
    .filter(([at]) => compareVersions(at, version) < 0)
    .sort(([a], [b]) => compareVersions(a, b))
    .at(-1)?.[1] ?? null;

function announcementsOfLast(events: readonly ConcordEvent[]) {
  const event = events.at(-1) as ConcordEvent;
  const device = deviceOf(events);
  const announcements = announcementsFor({ event, device }, (version) => dealerBefore(device, version));
  return { event, device, announcements };
}

/** `?` marks an announcement that is not the dealer's own. */
const kindsOf = (announcements: ReadonlyMap<string, Announcement>) =>
  Object.fromEntries([...announcements].map(([dealerId, { kind, isOwn }]) => [dealerId, isOwn ? kind : `${kind}?`]));

describe("the announcements of an event that assigns a device", () => {
  it.each([
    ["for the first time", { D: "deviceGained" }, [at(1, dealer("D"))]],
    ["to another dealer", { D: "deviceLost?", E: "deviceGained" }, [at(1, dealer("D")), at(2, dealer("E"))]],
    ["to the same dealer again", { D: "deviceChanged" }, [at(1, dealer("D")), at(2, dealer("D"))]],
    ["to no dealer", { D: "deviceLost?" }, [at(1, dealer("D")), at(2, dealer(null))]],
    ["to no dealer again", {}, [at(1, dealer(null)), at(2, dealer(null))]],
    ["to no dealer, for the first time", {}, [at(1, dealer(null))]],
    [
      "after a time without a dealer",
      { E: "deviceGained" },
      [at(1, dealer("D")), at(2, dealer(null)), at(3, dealer("E"))],
    ],
    ["to another, late", {}, [at(5, dealer("D")), at(3, dealer("E"))]],
    ["to no dealer, late", {}, [at(1, dealer("D")), at(5, dealer("D")), at(3, dealer(null))]],
    [
      "to another, late, between two others",
      { D: "deviceLost?" },
      [at(1, dealer("D")), at(5, dealer("F")), at(3, dealer("E"))],
    ],
    [
      "to the current dealer, from an earlier time",
      { D: "deviceLost?" },
      [at(1, dealer("D")), at(5, dealer("E")), at(3, dealer("E"))],
    ],
    ["late, to the dealer who had it then", {}, [at(1, dealer("D")), at(5, dealer(null)), at(3, dealer("D"))]],
    ["late, when it has no dealer any more", {}, [at(5, dealer(null)), at(3, dealer("E"))]],
    [
      "and was merged before",
      { D: "deviceLost?", E: "deviceGained" },
      [1, 2, 2].map((n) => at(n, dealer("-DE"[n] ?? ""))),
    ],
  ])("%s are %j", (_, kinds, events) => {
    expect(kindsOf(announcementsOfLast(events).announcements)).toEqual(kinds);
  });
});

describe("the announcements of an event that changes a device", () => {
  it.each([
    ["with a dealer", { D: "deviceChanged" }, [at(1, dealer("D")), at(2, profile)]],
    [
      "of another dealer by now",
      { E: "deviceChanged?" },
      [1, 5].map((n) => at(n, dealer(n < 5 ? "D" : "E"))).concat(at(3, profile)),
    ],
    ["that never had a dealer", {}, [at(2, profile)]],
    ["that was removed from its dealer", {}, [at(1, dealer("D")), at(2, dealer(null)), at(3, profile)]],
  ])("%s are %j", (_, kinds, events) => {
    expect(kindsOf(announcementsOfLast(events).announcements)).toEqual(kinds);
  });
});

describe("the announcements of an event about an alert", () => {
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
  ] as const)("that is %s are %s for its dealer, of severity %s", (_, kind, severity, events) => {
    const { event, announcements } = announcementsOfLast(events);
    const { topic, version } = event;
    expect([...announcements]).toEqual([
      ["D", { kind, deviceKey: KEY, version, topic, isOwn: true, alertId: "A", severity }],
    ]);
  });

  it.each([
    ["to another", {}, [had, at(5, dealer("E"))]],
    ["to no dealer", {}, [had, at(5, dealer(null))]],
    ["to the same dealer again", { D: "alertRaised" }, [had, at(5, dealer("D"))]],
    ["to another dealer and back", { D: "alertRaised" }, [had, at(4, dealer("E")), at(5, dealer("D"))]],
    ["for the first time", {}, [at(5, dealer("E"))]],
    ["after a time without a dealer", {}, [had, at(2, dealer(null)), at(5, dealer("E"))]],
  ])("raised before the device went %s, are %j for the dealer who had it then and still has", (_, kinds, before) => {
    expect(kindsOf(announcementsOfLast([...before, at(3, raised)]).announcements)).toEqual(kinds);
  });

  it("are none for the next dealer, and none at all while its raise has not arrived", () => {
    const cleared = at(6, alert({ progress: { kind: "cleared" } }));
    expect(kindsOf(announcementsOfLast([...known, at(5, dealer("E")), cleared]).announcements)).toEqual({});
    expect(kindsOf(announcementsOfLast([had, cleared]).announcements)).toEqual({});
  });

  it("go by the time in its details, even if a device is assigned in that same moment", () => {
    const raisedAt = (step: number) => at(6, alert({ details: { ...details, raisedAt: toMoment(START_MS + step) } }));
    const announcedAt = (step: number) =>
      kindsOf(announcementsOfLast([had, at(5, dealer("E")), raisedAt(step)]).announcements);
    expect([0, 1, 4].map(announcedAt)).toEqual([{}, {}, {}]);
    expect([5, 6].map(announcedAt)).toEqual([{ E: "deviceChanged" }, { E: "deviceChanged" }]);
  });

  it("are none while the device has no dealer", () => {
    expect(kindsOf(announcementsOfLast([at(3, raised)]).announcements)).toEqual({});
    expect(kindsOf(announcementsOfLast([had, at(2, dealer(null)), at(3, raised)]).announcements)).toEqual({});
  });

  it("are of the device alone for a dealer who may not see the alert, if the event changes both", () => {
    const both = at(3, { ...raised, status: { online: false } });
    expect(kindsOf(announcementsOfLast([had, at(5, dealer("E")), both]).announcements)).toEqual({
      E: "deviceChanged?",
    });
    expect(kindsOf(announcementsOfLast([had, both]).announcements)).toEqual({ D: "alertRaised" });
  });
});

describe("the announcements of any event", () => {
  const events = fc.array(
    event.map((drawn) => ({ ...drawn, deviceKey: KEY })),
    { minLength: 1, maxLength: 16 },
  );

  it("are a loss for the previous dealer, and everything else for the holder, with only its own alerts", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const { event, device, announcements } = announcementsOfLast(taken);
        const { topic, version, change } = event;
        const newest = device.aspects.dealer;
        const holder = newest?.value.dealerId ?? null;
        const before = dealerBefore(device, version);
        const isOnlyAlert = change.alert !== undefined;
        const details = device.alerts.get(change.alert?.alertId ?? "")?.details;
        const raiser = details && dealerBefore(device, `${details.version} ` as Version);
        for (const [dealerId, announcement] of announcements) {
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
        const isVisible = isOnlyAlert ? raiser === holder : change.dealer === undefined || version === newest?.version;
        expect(announcements.has(holder ?? "")).toBe(holder !== null && isVisible);
      }),
      cases(500),
    );
  });

  it("are its dealer's own only if it had the device then", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const { event, device, announcements } = announcementsOfLast(taken);
        const { version, change } = event;
        const newest = device.aspects.dealer;
        const named = change.dealer === undefined ? dealerBefore(device, version) : (change.dealer?.dealerId ?? null);
        // Of two that claim one version, one counts.
        const then = version === newest?.version ? newest.value.dealerId : named;
        for (const [dealerId, { isOwn, kind }] of announcements) {
          if (isOwn && !change.alert) expect(dealerId).toBe(then);
          if (kind === "deviceLost") expect(isOwn).toBe(false);
        }
      }),
      cases(500),
    );
  });
});
