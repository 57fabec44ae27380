import { expect, it } from "vitest";
import { isArchived, type Kept, type RetentionTable } from "#archive/retention.ts";
import { DAY_MS } from "#domain/time.ts";
import { keptSinceMs } from "./kept-since.ts";

const NOW_MS = Date.parse("2026-11-23T13:00:00Z");
const FOREVER: Kept = { letterValueDays: 30, letterDays: 180, archiveDays: null };
const table = (topics: RetentionTable["topics"], every: Kept = FOREVER): RetentionTable => ({
  ...{ objectEvents: 1, letterValuesAGroup: 1 },
  every,
  topics,
});

it("Records that are kept for ever are kept since ever", () => {
  expect(keptSinceMs("elt", NOW_MS, table({}))).toBeNull();
  expect(keptSinceMs("elt", NOW_MS, table({ "device.ecobee.status.reported": { archiveDays: 30 } }))).toBeNull();
});

it.each([0, 1, 30])(
  "Records of a topic that is kept for %d days are kept since the first day that is archived",
  (archiveDays) => {
    const topic = "device.elt.status.reported";
    const its = table({ [topic]: { archiveDays }, "device.elt.dealer.setup": { archiveDays: 400 } });
    const sinceMs = keptSinceMs("elt", NOW_MS, its) as number;
    const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    expect(sinceMs % DAY_MS).toBe(0);
    expect(isArchived(topic, dayOf(sinceMs), NOW_MS, its)).toBe(true);
    expect(isArchived(topic, dayOf(sinceMs - 1), NOW_MS, its)).toBe(false);
  },
);

it("What is kept of every topic is kept of a source's", () => {
  const every = { ...FOREVER, archiveDays: 10 };
  expect(keptSinceMs("elt", NOW_MS, table({}, every))).toBe(Date.parse("2026-11-13T00:00:00Z"));
});
