import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { encodeLines } from "#archive/lines.ts";
import { dayOf, rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import { viewDevice } from "#domain/device.ts";
import { DAY_MS, HOUR_MS, toMoment } from "#domain/time.ts";
import type { DeviceSink } from "#objects/requests.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { Env } from "../../../workers/archive/env.ts";
import { SERIES_BEGIN, type SeriesPlace, seriesOfDay } from "../../../workers/archive/series/series-of-day.ts";
import { type DeviceReads, deviceAsOf, deviceReadings, deviceReads } from "../../../workers/archive/service/device.ts";
import { recordOf } from "../../support/records.ts";
import { emptyBucket } from "./empty-bucket.ts";

const its = env as unknown as Env & { readonly ARCHIVE: R2Bucket };
const START_MS = Date.UTC(2026, 8, 10, 12);
const NOW_MS = Date.UTC(2026, 10, 20, 12);

let named = 0;
let key: `elt:${string}` = "elt:x";
let reads: DeviceReads;

beforeEach(async () => {
  await emptyBucket(its.ARCHIVE);
  key = `elt:as-of-${++named}`;
  reads = { ...deviceReads(its), nowMs: NOW_MS };
});

/** A report of so many hours after the start, received so many hours late. */
function report(hour: number, lateHours = 0): ArchivedRecord {
  const occurredAtMs = Math.round(START_MS + hour * HOUR_MS);
  const record = {
    ...recordOf({
      topic: "device.elt.status.reported",
      deviceId: key.slice(4),
      occurredAt: toMoment(occurredAtMs),
      data: { online: true, indoorTemperatureC: hour / 10, humidityPct: 40 },
    }),
    receivedAtMs: occurredAtMs + lateHours * HOUR_MS + 100,
    receipt: `r.${hour}`,
  };
  const parsed = parseStamped(record, record.receivedAtMs);
  if (!parsed.ok) throw new Error("the test's own report is bad");
  return toArchived(record, {
    event: parsed.event,
    outcome: "applied",
    settledAtMs: record.receivedAtMs,
    lane: "live",
  });
}

/** To the object, as the consumer hands them over. */
async function toObject(records: readonly ArchivedRecord[]): Promise<void> {
  const events = records.map((record) => {
    const parsed = parseStamped(record, NOW_MS);
    if (!parsed.ok) throw new Error("bad");
    return parsed.event;
  });
  const object = its.DEVICES.getByName(key) as unknown as DeviceSink;
  await object.merge(
    events,
    null,
    true,
    records.map(({ receivedAtMs }) => receivedAtMs),
  );
}

/** To the series of the real bucket. */
async function toSeries(records: readonly ArchivedRecord[]): Promise<void> {
  for (const hour of Map.groupBy(records, rawPrefixOf).values())
    await its.ARCHIVE.put(await rawKeyOf(hour), await encodeLines(hour));
  for (const day of [...new Set(records.map(({ receivedAtMs }) => dayOf(receivedAtMs)))].sort()) {
    let place: SeriesPlace | null = SERIES_BEGIN;
    while (place) place = await seriesOfDay({ bucket: its.ARCHIVE, nowMs: NOW_MS }, day, place);
  }
}

const at = (hour: number) => toMoment(Math.round(START_MS + hour * HOUR_MS));
const temperatureAt = async (hour: number, knownAtMs: number | null = null) => {
  const answer = await deviceAsOf(reads, key, { asOf: at(hour), knownAtMs });
  if (answer.kind === "refused") return answer.message;
  return answer.state && viewDevice(answer.state).report?.indoorTemperatureC;
};

it("A device is answered from months, days and its object, each time as if all lay in one place", async () => {
  const hours = Array.from({ length: 60 }, (_, i) => i * 24);
  const records = hours.map((hour) => report(hour));
  await toSeries(records.slice(0, 40));
  await toObject(records.slice(30));
  const names = (await its.ARCHIVE.list({ prefix: "series/" })).objects.map(({ key: name }) => name);
  expect(names.filter((name) => name.includes("/2026-09/"))).toHaveLength(1);
  expect(names.filter((name) => name.includes("/2026-10-"))).toHaveLength(0);
  for (const hour of hours) {
    expect(await temperatureAt(hour)).toBe(hour / 10);
    expect(await temperatureAt(hour + 23)).toBe(hour / 10);
  }
  // Nothing had occurred, and nobody could say whether that is all.
  expect(await temperatureAt(-1)).toContain("is not in the archive");
});

it("In the last minutes of a month, its state may have later events, and is not taken", async () => {
  const endHour = (Date.UTC(2026, 9, 1) - START_MS) / HOUR_MS;
  const [before, after] = [endHour - 6 / 60, endHour - 3 / 60];
  await toSeries([report(before), report(after), report(endHour + 24)]);
  expect(await temperatureAt(endHour - 4 / 60)).toBe(before / 10);
  expect(await temperatureAt(endHour - 2 / 60)).toBe(after / 10);
});

it("A late report counts from when it was known", async () => {
  const late = report(10, 30);
  await toSeries([report(0), report(48)]);
  await toObject([report(0), late, report(48)]);
  expect(await temperatureAt(20)).toBe(1);
  expect(await temperatureAt(20, late.receivedAtMs - 1)).toBe(0);
  expect(await temperatureAt(20, late.receivedAtMs)).toBe(1);
});

it("The answer says until when it is complete: now with all events in the object, else the end of the last day", async () => {
  const records = [report(0), report(24)];
  await toSeries(records);
  await toObject(records);
  const whole = await deviceAsOf(reads, key, { asOf: at(30), knownAtMs: null });
  expect(whole).toMatchObject({ kind: "found", completeUntilMs: NOW_MS, knownAtMs: NOW_MS });
  const known = await deviceAsOf(reads, key, { asOf: at(1), knownAtMs: START_MS + 2 * HOUR_MS });
  expect(known).toMatchObject({ completeUntilMs: START_MS + 2 * HOUR_MS });
  const dead = { ...reads, objectOf: () => ({ eventsSince: () => Promise.reject(new Error("overloaded")) }) };
  const endMs = Date.parse("2026-09-12T00:00:00Z");
  expect(await deviceAsOf(dead, key, { asOf: at(30), knownAtMs: null })).toMatchObject({ completeUntilMs: endMs });
  expect(await deviceReadings(dead, key, { ...range(0, 48), held: null })).toMatchObject({ completeUntilMs: endMs });
});

it("What cannot be answered is refused with a reason", async () => {
  const ask = async (hour: number, knownAtMs: number | null, of = reads) => {
    const answer = await deviceAsOf(of, key, { asOf: at(hour), knownAtMs });
    return answer.kind === "refused" ? answer.message : answer.kind;
  };
  expect(await ask(0, null, { ...reads, bucket: undefined })).toContain("no archive");
  const partial = { ...reads, objectOf: () => ({ eventsSince: async () => ({ events: [], isWhole: false }) }) };
  expect(await ask(0, null, partial)).toContain("no whole day yet");
  await toSeries([report(0)]);
  expect(await ask(100 * 24, null)).toContain("in the future");
  expect(await ask(0, NOW_MS + 1)).toContain("in the future");
  expect(await ask(0, START_MS - DAY_MS)).toContain("The archive begins at 2026-09-10");
  expect((await deviceAsOf(reads, "nothing" as never, { asOf: at(0), knownAtMs: null })).kind).toBe("refused");
});

const range = (from: number, to: number) => ({
  fromMs: START_MS + from * HOUR_MS,
  toMs: START_MS + to * HOUR_MS,
  stepSeconds: 86_400,
  fields: ["indoorTemperatureC"] as const,
});

it("Readings come from the series and the object, each once, and a dealer's from its own times", async () => {
  const records = Array.from({ length: 100 }, (_, i) => report(i * 6));
  await toSeries(records.slice(0, 70));
  await toObject(records.slice(20));
  const all = await deviceReadings(reads, key, { ...range(0, 600), held: null });
  if (all.kind === "refused") throw new Error(all.message);
  expect(all.points.reduce((sum, { indoorTemperatureC }) => sum + (indoorTemperatureC?.count ?? 0), 0)).toBe(100);
  const held = [{ fromMs: START_MS + 60 * HOUR_MS, toMs: START_MS + 90 * HOUR_MS }];
  const own = await deviceReadings(reads, key, { ...range(0, 600), held });
  // Without those of the very moments at which it was handed over.
  expect(
    own.kind === "found" && own.points.reduce((sum, point) => sum + (point.indoorTemperatureC?.count ?? 0), 0),
  ).toBe(4);
  expect(await deviceReadings(reads, key, { ...range(0, 600), stepSeconds: 60, held: null })).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("over the limit of 800"),
  });
});
