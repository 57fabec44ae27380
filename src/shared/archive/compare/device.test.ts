import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Aspects, Device } from "#domain/device.ts";
import { type ConcordEvent, type DeviceKey, deviceKeyOf } from "#domain/event.ts";
import { EMPTY_FLEET, merge, toDelta } from "#domain/fleet.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import { type Part, partsOf } from "#domain/parts.ts";
import { canonicalText } from "#domain/register.ts";
import type { Version } from "#domain/version.ts";
import { eventOf, stream } from "../../../../test/support/arbitraries.ts";
import { alertColumns, deviceColumns, deviceTexts } from "./columns.ts";
import { compareDevice, type LiveDevice } from "./device.ts";
import { describeDifference } from "./difference.ts";

const KEY = deviceKeyOf("elt", "1");

const foldOf = (events: readonly ConcordEvent[], key: DeviceKey = KEY): Device | null =>
  merge(EMPTY_FLEET, events).fleet.devices.get(key) ?? null;

/** A device as it is stored if nothing is wrong. */
function storedAs(device: Device | null): LiveDevice {
  if (!device) return { key: KEY, row: null, alerts: [], assignments: new Map(), object: null };
  const { key, aspects, latest, assignments, history } = device;
  return {
    key,
    row: { aspects, latest, columns: deviceColumns(device) },
    alerts: [...device.alerts].map(([alertId, alert]) => ({ alertId, alert, columns: alertColumns(alert) })),
    assignments,
    search: { texts: deviceTexts(device, "Ann"), customerName: "Ann" },
    object: { aspects, latest, history, hasWholeHistory: true },
  };
}

const explainedBy = (events: readonly ConcordEvent[]) => {
  const parts = events.flatMap((event) => [...partsOf(toDelta(event).devices.get(event.deviceKey) as Device).values()]);
  return (part: Part) =>
    parts.some(
      (each) =>
        each.path === part.path &&
        each.version === part.version &&
        canonicalText(each.value) === canonicalText(part.value),
    );
};

const at = (second: number, about: Parameters<typeof eventOf>[0]) =>
  eventOf({ ...about, eventId: `e${second}`, version: `2026-11-23T13:00:0${second}.000Z/e${second}` as Version });

const EVENTS = [
  at(1, {
    change: {
      registration: {
        kind: "registered",
        model: "x",
        serialNumber: "S-1",
        registeredAt: "2026-03-02T09:15:00.000Z" as never,
      },
    },
  }),
  at(2, { change: { dealer: { dealerId: "D", name: "x" } } }),
  at(3, { change: { profile: { name: "Hall" } } }),
  at(4, { change: { status: { online: true, humidityPct: 40 } } }),
  at(5, {
    change: {
      alert: { alertId: "A", details: { code: "c", severity: "critical", text: "x" }, progress: { kind: "raised" } },
    },
  }),
];
const FOLD = foldOf(EVENTS) as Device;
const LIVE = storedAs(FOLD);
const ROW = LIVE.row as NonNullable<LiveDevice["row"]>;

const found = (live: LiveDevice, fold: Device | null = FOLD) =>
  compareDevice(live, fold).map(({ place, path, cause }) => `${place} ${path} ${cause}`);
const without = (events: readonly ConcordEvent[]) =>
  storedAs(foldOf(EVENTS.filter((event) => !events.includes(event))));
const withAspects = (aspects: Aspects): LiveDevice => ({ ...LIVE, row: { ...ROW, aspects } });

describe("compareDevice", () => {
  it("finds nothing between a device and the fold of its own events", () => {
    fc.assert(
      fc.property(stream, (events) => {
        const fold = foldOf(events);
        expect(compareDevice(storedAs(fold), fold)).toEqual([]);
      }),
    );
  });

  it("finds something exactly if the folds of two streams of events differ", () => {
    fc.assert(
      fc.property(stream, stream, (one, other) => {
        const [a, b] = [foldOf(one), foldOf(other)];
        const areEqual = textOf(a) === textOf(b);
        expect(compareDevice(storedAs(a), b).length === 0).toBe(areEqual);
      }),
    );
  });

  it("finds nothing if the row has all that was archived before it was read, and nothing that is not archived later", () => {
    fc.assert(
      fc.property(stream, stream, stream, (before, read, later) => {
        const row = storedAs(foldOf([...before, ...read]));
        const differences = compareDevice(row, foldOf(before), explainedBy([...later, ...read]));
        expect(differences).toEqual([]);
      }),
    );
  });

  it("says of each difference whether a later event may still explain it, and of none that lost an archived event", () => {
    fc.assert(
      fc.property(stream, stream, (archived, lost) => {
        const below = compareDevice(storedAs(foldOf(archived)), foldOf([...archived, ...lost]));
        expect(below.filter(({ isAbove }) => isAbove)).toEqual([]);
        const above = compareDevice(storedAs(foldOf([...archived, ...lost])), foldOf(archived));
        expect(above.filter(({ isAbove }) => !isAbove)).toEqual([]);
      }),
    );
  });

  it.each<[string, LiveDevice, string[]]>([
    ["a lost row", { ...storedAs(null), object: LIVE.object ?? null }, ["device * missing"]],
    [
      "a value of the same version",
      withAspects({
        ...FOLD.aspects,
        status: { version: EVENTS[3]?.version as Version, value: { online: true, humidityPct: 99 } },
      }),
      ["device aspects.status.humidityPct sameVersion"],
    ],
    [
      "a stale row",
      { ...without([EVENTS[3] as ConcordEvent]), object: LIVE.object ?? null },
      ["device aspects.status missing"],
    ],
    [
      "a wrong derived column",
      { ...LIVE, row: { ...ROW, columns: { ...ROW.columns, status: "OFFLINE" } } },
      ["device columns.status derived"],
    ],
    ["a missing alert", { ...LIVE, alerts: [] }, ["alert alerts[A] missing"]],
    [
      "a wrong search text",
      { ...LIVE, search: { customerName: "Ann", texts: { ...deviceTexts(FOLD, "Ann"), name: "Cellar" } } },
      ["device search.name search"],
    ],
    ["no search text", { ...LIVE, search: { customerName: "Ann", texts: null } }, ["device search search"]],
  ])("names %s", (_, live, expected) => {
    const differences = found(live);
    expect(differences).toEqual(expected);
  });

  it("calls a row that no archived event wrote one difference", () => {
    expect(found({ ...LIVE, object: null }, null)).toEqual(["device * notArchived"]);
  });

  it("tells a newer row from an older one", () => {
    const newer = at(9, { change: { status: { online: false } } });
    const live = storedAs(foldOf([...EVENTS, newer]));
    expect(found({ ...live, object: LIVE.object ?? null })).toEqual([
      "device latest.version newer",
      "device aspects.status.humidityPct newer",
      "device aspects.status.online newer",
    ]);
    expect(
      compareDevice(storedAs(FOLD), foldOf([...EVENTS, newer])).map(({ place, cause }) => `${place} ${cause}`),
    ).toContain("device older");
  });

  it("names a wrong entry and a lost one of the history in a device's object", () => {
    const { history, ...rest } = LIVE.object as NonNullable<LiveDevice["object"]>;
    const wrong = history.map((entry, i) => (i === 0 ? { ...entry, data: { wrong: true } } : entry));
    expect(found({ ...LIVE, object: { ...rest, history: wrong } }).map((each) => each.split(" ").at(-1))).toContain(
      "sameVersion",
    );
    expect(found({ ...LIVE, object: { ...rest, history: history.slice(1) } })).toEqual([
      `history history[${EVENTS[4]?.version} device.elt.test.made] missing`,
    ]);
    expect(found({ ...LIVE, object: { ...rest, history: [], hasWholeHistory: false } })).toEqual([]);
  });

  it("accepts that a full history has dropped what is older than all of it", () => {
    const many = Array.from({ length: HISTORY_LIMIT + 3 }, (_, i) =>
      eventOf({
        change: { status: { online: true } },
        version: `2026-11-23T14:00:00.${String(i).padStart(3, "0")}Z/e` as Version,
      }),
    );
    const full = storedAs(foldOf([...EVENTS, ...many]));
    expect(compareDevice(full, foldOf([...EVENTS, ...many.slice(0, HISTORY_LIMIT - 2)]), explainedBy(many))).toEqual(
      [],
    );
  });

  it("accepts the empty day of a row from before that column", () => {
    expect(found({ ...LIVE, row: { ...ROW, columns: { ...ROW.columns, updatedOn: "" } } })).toEqual([]);
  });

  it("describes a difference without its values", () => {
    const live = withAspects({
      ...FOLD.aspects,
      profile: { version: EVENTS[2]?.version as Version, value: { name: "Secret" } },
    });
    const [difference] = compareDevice(live, FOLD);
    const text = difference && describeDifference(difference);
    expect(text).toBe(
      "device elt:1 aspects.profile.name: has another value than the archived event of the same version, 2026-11-23T13:00:03.000Z",
    );
  });
});

const textOf = (device: Device | null): string =>
  canonicalText(device && [...partsOf(device).values()].map((part) => canonicalText(part)).sort());
