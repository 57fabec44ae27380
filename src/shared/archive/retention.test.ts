import { expect, it } from "vitest";
import { isArchived, keptOf, newestExpiredDay, type RetentionTable } from "./retention.ts";

const TABLE: RetentionTable = {
  objectEvents: 10,
  letterValuesAGroup: 10,
  every: { letterValueDays: 30, letterDays: 180, archiveDays: null },
  topics: { "device.elt.status.reported": { archiveDays: 10 } },
};
const at = (time: string) => Date.parse(time);

it("what is different for a topic counts for it alone", () => {
  expect(keptOf("device.elt.status.reported", TABLE)).toEqual({ ...TABLE.every, archiveDays: 10 });
  expect(keptOf("device.elt.alert.raised", TABLE)).toEqual(TABLE.every);
  expect(keptOf("constructor", TABLE)).toEqual(TABLE.every);
});

it("a day is kept until so many whole days have passed after it", () => {
  const isKept = (now: string) => isArchived("device.elt.status.reported", "2026-11-01", at(now), TABLE);
  expect([isKept("2026-11-11T23:59:59Z"), isKept("2026-11-12T00:00:00Z")]).toEqual([true, false]);
  expect(isArchived("device.elt.alert.raised", "2000-01-01", at("2026-11-12T00:00:00Z"), TABLE)).toBe(true);
});

it("the newest day that may be removed is the newest that one of the topics does not keep", () => {
  for (const now of ["2026-11-11T23:59:59Z", "2026-11-12T00:00:00Z", "2026-11-12T11:00:00Z"]) {
    const newest = newestExpiredDay(at(now), TABLE) as string;
    const next = new Date(at(`${newest}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
    const isKept = (day: string) => isArchived("device.elt.status.reported", day, at(now), TABLE);
    expect([isKept(newest), isKept(next)]).toEqual([false, true]);
  }
  expect(newestExpiredDay(at("2026-11-12T00:00:00Z"), { ...TABLE, topics: {} })).toBeNull();
});
