import { expect, it } from "vitest";
import { bucketOf, dayOf } from "#archive/names.ts";
import { listBucket, readReadings, seriesAsOf } from "#archive/series/lookup.ts";
import { dayStartMs } from "#archive/series/names.ts";
import { type Rewriting, rewriteSegment } from "#archive/series/rewrite.ts";
import { openSegment, readWhole } from "#archive/series/segment.ts";
import type { DeviceState } from "#domain/as-of.ts";
import { viewDevice } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { type ReadingRange, summarize } from "#domain/readings.ts";
import { DAY_MS, type Moment, parseTime } from "#domain/time.ts";
import { randomOf } from "../../../samples/random.ts";
import type { SeriesLimits } from "../../../workers/archive/series/deps.ts";
import { SERIES_BEGIN, type SeriesPlace, seriesOfDay } from "../../../workers/archive/series/series-of-day.ts";
import { archivedOf, type Received, receivedYear, writeRawHours } from "../../support/archived-year.ts";
import { keyOf, known, occurredAt, occurredAtMs, oracleOf } from "../../support/known-device.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";
import { naiveReadings } from "../../support/naive-readings.ts";

const YEAR = receivedYear({ seed: 25, devices: 60, events: 4_000 });

/** Limits at which a small fleet has several parts a day and slices a month. */
const NARROW: SeriesLimits = { records: 1_000, sliceBytes: 4_000, days: 7 };

/** Runs a day's steps to their end, each state through JSON as a job stores it. A step that fails is repeated. */
async function seriesThrough(bucket: MemoryBucket, days: readonly string[], { nowMs = 0, limits = NARROW } = {}) {
  for (const day of days) {
    const deps = { bucket, nowMs: nowMs || dayStartMs(day) + 2 * DAY_MS, limits };
    let place: SeriesPlace | null = SERIES_BEGIN;
    while (place) {
      const next: SeriesPlace | null | undefined = await seriesOfDay(deps, day, place).catch((thrown: Error) => {
        if (!thrown.message.startsWith("the bucket failed")) throw thrown;
        return undefined;
      });
      if (next !== undefined) place = JSON.parse(JSON.stringify(next));
    }
  }
}

const good = YEAR.filter(({ sample }) => !sample.fault && sample.value !== null);

/** @param at RFC 3339 */
const stateOf = (bucket: MemoryBucket, key: DeviceKey, at: string, knownAtMs: number) =>
  seriesAsOf(bucket, key, { asOf: parseTime(at) as Moment, knownAtMs });

/** What all segments hold, by name. */
async function contentOf(bucket: MemoryBucket) {
  const names = bucket.keys("series/").filter((name) => name.endsWith(".seg"));
  return Promise.all(names.map(async (name) => [name, await readWhole(await openSegment(bucket, name))]));
}

it("A device as of 1,000 drawn instants of a drawn year is what an oracle makes of the records until then", async () => {
  const bucket = new MemoryBucket();
  const days = await writeRawHours(bucket, YEAR.map(archivedOf));
  await seriesThrough(bucket, days.slice(0, -40));
  // The last days are not in their months yet.
  await seriesThrough(bucket, days.slice(-40), { nowMs: 1 });
  const names = bucket.keys("series/");
  expect(names.filter((name) => /\d{4}-\d\d\/\d+-4/.test(name)).length).toBeGreaterThan(1);
  expect(names.filter((name) => /\d{4}-\d\d-\d\d\//.test(name)).length).toBeGreaterThan(10);

  const random = randomOf(7);
  const [first, last] = [good[0] as Received, good.at(-1) as Received];
  let found = 0;
  for (let i = 0; i < 1_000; i++) {
    const key = keyOf(random.pick(good));
    // Half of them at the very moment of an event, or of a receipt.
    const at = random.chance(0.5)
      ? occurredAt(random.pick(good))
      : new Date(random.between(occurredAtMs(first), last.receivedAtMs)).toISOString();
    const knownAtMs = random.chance(0.3)
      ? last.receivedAtMs + DAY_MS
      : random.chance(0.5)
        ? random.pick(good).receivedAtMs
        : random.between(Date.parse(at), last.receivedAtMs + 1);
    const state = await stateOf(bucket, key, at, knownAtMs);
    expect(known(state), `${key} as of ${at}, known at ${knownAtMs}`).toEqual(oracleOf(good, key, at, knownAtMs));
    if (state) found += 1;
  }
  expect(found).toBeGreaterThan(500);
}, 120_000);

it("Readings of drawn ranges are what a naive fold over the records gives, with the repeated and the late ones", async () => {
  const bucket = new MemoryBucket();
  await seriesThrough(bucket, await writeRawHours(bucket, YEAR.map(archivedOf)));
  const random = randomOf(8);
  const reports = good.filter(({ sample }) => sample.topic.endsWith("status.reported"));
  let points = 0;
  for (let i = 0; i < 200; i++) {
    const key = keyOf(random.pick(reports));
    const fromMs = random.chance(0.3)
      ? occurredAtMs(random.pick(reports))
      : random.between(occurredAtMs(reports[0] as Received), occurredAtMs(reports.at(-1) as Received));
    const toMs = fromMs + random.between(1, 200) * DAY_MS;
    const range: ReadingRange = {
      fromMs,
      toMs,
      stepSeconds: random.pick([86_400, 21_600, 7 * 86_400]),
      fields: ["indoorTemperatureC", "humidityPct"],
    };
    const found = summarize(await readReadings(bucket, key, range), range);
    points += found.length;
    expect(found).toEqual(
      naiveReadings(
        reports.filter((one) => keyOf(one) === key),
        range,
      ),
    );
  }
  expect(points).toBeGreaterThan(500);
});

const SMALL = receivedYear({ seed: 4, devices: 12, events: 260 });
const goodOf = (year: readonly Received[]) => year.filter(({ sample }) => !sample.fault && sample.value !== null);

it("A job that dies before and behind each call of the bucket ends with the same series", async () => {
  const untouched = new MemoryBucket();
  const records = SMALL.map(archivedOf);
  const days = await writeRawHours(untouched, records);
  untouched.calls.length = 0;
  await seriesThrough(untouched, days);
  const right = await contentOf(untouched);
  const calls = untouched.calls.length;
  expect(calls).toBeGreaterThan(500);

  const random = randomOf(9);
  for (let run = 0; run < 6; run++) {
    const bucket = new MemoryBucket();
    await writeRawHours(bucket, records);
    const chance = [0.02, 0.1, 0.3][run % 3] as number;
    let deaths = 0;
    bucket.fault = () => {
      if (!random.chance(chance)) return undefined;
      deaths += 1;
      return random.chance(0.5) ? "before" : "after";
    };
    await seriesThrough(bucket, days);
    bucket.fault = () => undefined;
    expect(deaths).toBeGreaterThan(10);
    expect(await contentOf(bucket)).toEqual(right);
  }
});

it("Records that are archived months late are in the answers before and after they are in their month", async () => {
  const year = goodOf(SMALL);
  const isLate = (_: Received, i: number) => i % 9 === 4;
  const bucket = new MemoryBucket();
  const records = year.map(archivedOf);
  const days = await writeRawHours(
    bucket,
    records.filter((_, i) => !isLate(year[i] as Received, i)),
  );
  await seriesThrough(bucket, days);
  const lateDays = await writeRawHours(
    bucket,
    records.filter((_, i) => isLate(year[i] as Received, i)),
  );
  const nowMs = (year.at(-1) as Received).receivedAtMs + 40 * DAY_MS;
  const check = async () => {
    for (const one of year.filter((_, i) => i % 3 === 1)) {
      for (const knownAtMs of [one.receivedAtMs, nowMs]) {
        const state = await stateOf(bucket, keyOf(one), occurredAt(one), knownAtMs);
        expect(known(state)).toEqual(oracleOf(year, keyOf(one), occurredAt(one), knownAtMs));
      }
    }
  };
  // While their month is open, they are in segments of their days.
  await seriesThrough(bucket, lateDays, { nowMs: 1 });
  expect(bucket.keys("series/").some((name) => /\d{4}-\d\d-\d\d\//.test(name))).toBe(true);
  await check();
  await seriesThrough(bucket, lateDays, { nowMs });
  expect(bucket.keys("series/").some((name) => /\d{4}-\d\d-\d\d\//.test(name))).toBe(false);
  await check();
});

it("A reader has the right answer at each moment of a compaction", async () => {
  const year = goodOf(SMALL);
  const bucket = new MemoryBucket();
  const days = await writeRawHours(bucket, year.map(archivedOf));
  // Days stay segments of their own until the months are made all at once.
  await seriesThrough(bucket, days, { nowMs: 1 });
  const nowMs = (year.at(-1) as Received).receivedAtMs + 40 * DAY_MS;
  let isDone = false;
  const compaction = seriesThrough(bucket, [days.at(-1) as string], { nowMs }).then(() => {
    isDone = true;
  });
  const random = randomOf(3);
  let answers = 0;
  while (!isDone) {
    const one = random.pick(year);
    const state = await stateOf(bucket, keyOf(one), occurredAt(one), nowMs);
    expect(known(state)).toEqual(oracleOf(year, keyOf(one), occurredAt(one), nowMs));
    answers += 1;
  }
  await compaction;
  expect(answers).toBeGreaterThan(20);
  expect(dayOf(nowMs) > (days.at(-1) as string)).toBe(true);
});

it("A segment can be rewritten for one device, and safely again", async () => {
  const bucket = new MemoryBucket();
  const year = goodOf(SMALL);
  const registration = year.find(({ sample }) => sample.topic.endsWith("registration.created")) as Received;
  const key = keyOf(registration);
  await seriesThrough(bucket, await writeRawHours(bucket, year.map(archivedOf)));
  const hide: Rewriting = {
    record: (record) => {
      if (record.deviceKey !== key || !record.topic.endsWith("registration.created")) return record;
      const value = JSON.parse(record.value as string);
      if (value.data.model === "gone") return record;
      return { ...record, value: JSON.stringify({ ...value, data: { ...value.data, model: "gone" } }) };
    },
    state: (state) => {
      const { registration } = state.aspects;
      if (state.key !== key || registration?.value.kind !== "registered" || registration.value.model === "gone")
        return state;
      const gone = { ...registration, value: { ...registration.value, model: "gone" } };
      return { ...state, aspects: { ...state.aspects, registration: gone } };
    },
  };
  const names = (await listBucket(bucket, bucketOf(key))).map(({ name }) => name);
  let changed = 0;
  for (const name of names) changed += await rewriteSegment(bucket, name, hide);
  expect(changed).toBeGreaterThan(1);
  for (const name of names) expect(await rewriteSegment(bucket, name, hide)).toBe(0);
  const registeredAt = occurredAt(registration);
  for (const days of [0, 40]) {
    const at = new Date(Date.parse(registeredAt) + 1 + days * DAY_MS).toISOString();
    const state = await stateOf(bucket, key, at, (year.at(-1) as Received).receivedAtMs);
    expect(viewDevice(state as DeviceState).model).toBe("gone");
  }
});

it("A leap second takes no month into the answer that was received after `knownAt`", async () => {
  const bucket = new MemoryBucket();
  const report = (day: string, receivedAtMs: number, index: number) => {
    const data = { online: true, indoorTemperatureC: 20 + index };
    const value = JSON.stringify({ eventId: `l-${index}`, occurredAt: `${day}T00:00:00Z`, deviceId: "leap-1", data });
    const sample = { topic: "device.elt.status.reported", key: "leap-1", value } as Received["sample"];
    return archivedOf({ sample, receivedAtMs }, index);
  };
  // The second one comes weeks late, when its month is over.
  const records = [
    report("2026-03-10", Date.parse("2026-03-10T00:01:00Z"), 0),
    report("2026-03-12", Date.parse("2026-04-20T00:00:00Z"), 1),
  ];
  await seriesThrough(bucket, await writeRawHours(bucket, records), { nowMs: Date.parse("2026-06-10T00:00:00Z") });
  const key = "elt:leap-1" as DeviceKey;
  const knownAtMs = Date.parse("2026-04-10T00:00:00Z");
  for (const at of ["2026-03-31T23:59:59Z", "2026-03-31T23:59:60Z"]) {
    expect(known(await stateOf(bucket, key, at, knownAtMs))).toMatchObject({ temperature: 20 });
  }
});
