import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { dayOf } from "#archive/names.ts";
import { viewDevice } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { DAY_MS, MINUTE_MS, toMoment } from "#domain/time.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { Env } from "../../../workers/archive/env.ts";
import { SERIES_BEGIN, type SeriesPlace, seriesOfDay } from "../../../workers/archive/series/series-of-day.ts";
import { deviceAsOf, deviceReadings, deviceReads } from "../../../workers/archive/service/device.ts";
import { recordOf } from "../../support/records.ts";
import { inAJob, runToEnd } from "./dying.ts";
import {
  ARCHIVE,
  archive,
  clear,
  consume,
  detailsOf,
  loseObject,
  objectsOf,
  plantInPages,
  type Sample,
  timedRebuild,
} from "./rebuild-world.ts";

vi.setConfig({ testTimeout: 120_000 });

const its = env as unknown as Env;
/** The series reach to the end of this day; what came on the next one is in raw objects and in the device's object. */
const FIRST_MS = Date.UTC(2026, 10, 18);
const TODAY_MS = FIRST_MS + DAY_MS;
const NOW_MS = TODAY_MS + DAY_MS - MINUTE_MS;
const LATE_MS = 90_000;

let named = 0;
let key: DeviceKey = "elt:x";

/** Report `n` of a device, a minute after the one before it; each is received a minute and a half after it occurred. */
function reportAt(atMs: number, n: number): Sample {
  const record = {
    ...recordOf({
      topic: "device.elt.status.reported",
      deviceId: key.slice("elt:".length),
      eventId: `${key} ${n}`,
      occurredAt: toMoment(atMs),
      data: { online: true, indoorTemperatureC: temperatureOf(n), humidityPct: 40 },
    }),
    receivedAtMs: atMs + LATE_MS,
    receipt: `${key}.${n}`,
  };
  const parsed = parseStamped(record, record.receivedAtMs);
  if (!parsed.ok) throw new Error("the test's own report is bad");
  return { record, event: parsed.event };
}

const temperatureOf = (n: number) => 10 + (n % 97) / 10;
const BEFORE = 20;

/** Some reports of the first day, and so many of today; and the series of the first day. */
async function reportsOf(today: number): Promise<Sample[]> {
  const samples = [
    ...Array.from({ length: BEFORE }, (_, n) => reportAt(FIRST_MS + n * MINUTE_MS, n)),
    ...Array.from({ length: today }, (_, n) => reportAt(TODAY_MS + n * MINUTE_MS, BEFORE + n)),
  ];
  await clear([key]);
  await consume(samples);
  await archive(samples);
  let place: SeriesPlace | null = SERIES_BEGIN;
  while (place) place = await seriesOfDay({ bucket: ARCHIVE, nowMs: NOW_MS }, dayOf(FIRST_MS), place);
  return samples;
}

const reads = { ...deviceReads(its), bucket: ARCHIVE, nowMs: NOW_MS };

/** The last report that had occurred at a time, of those that were received at another: a walk over the samples. */
const expectedAt = (samples: readonly Sample[], atMs: number, knownAtMs = NOW_MS): number | null => {
  const known = samples.filter(({ event, record }) => event.occurredAtMs <= atMs && record.receivedAtMs <= knownAtMs);
  const newest = known.reduce<Sample | null>(
    (best, sample) => (best && best.event.occurredAtMs > sample.event.occurredAtMs ? best : sample),
    null,
  );
  return newest ? temperatureIn(newest) : null;
};

const temperatureIn = ({ record }: Sample): number => JSON.parse(record.value as string).data.indoorTemperatureC;

/** Compares as-of answers and readings with the walk, up to the time until which the answers say that they are complete. */
async function expectRight(samples: readonly Sample[]): Promise<{ completeUntilMs: number; compared: number }> {
  let compared = 0;
  let completeUntilMs = 0;
  for (let at = 0; at < samples.length; at += 7) {
    const atMs = samples[at]?.event.occurredAtMs as number;
    for (const knownAtMs of [null, atMs + LATE_MS - 1, atMs + LATE_MS, atMs + 5 * MINUTE_MS]) {
      const answer = await deviceAsOf(reads, key, { asOf: toMoment(atMs + 1), knownAtMs });
      if (answer.kind === "refused") {
        // Only what was known before the first record was settled.
        expect(knownAtMs, answer.message).toBeLessThan((samples[0]?.record.receivedAtMs as number) + MINUTE_MS);
        continue;
      }
      completeUntilMs = Math.max(completeUntilMs, answer.completeUntilMs);
      if (answer.completeUntilMs < (knownAtMs ?? NOW_MS)) continue;
      const temperature = answer.state && viewDevice(answer.state).report?.indoorTemperatureC;
      expect(temperature ?? null).toBe(expectedAt(samples, atMs + 1, knownAtMs ?? NOW_MS));
      compared += 1;
    }
  }
  const range = { fromMs: FIRST_MS, toMs: NOW_MS, stepSeconds: 900, fields: ["indoorTemperatureC"] as const };
  const readings = await deviceReadings(reads, key, { ...range, held: null });
  if (readings.kind === "refused") throw new Error(readings.message);
  const points = new Map(readings.points.map((point) => [Date.parse(point.at), point.indoorTemperatureC]));
  for (let fromMs = FIRST_MS; fromMs < NOW_MS; fromMs += 900_000) {
    if (fromMs + 900_000 + LATE_MS > readings.completeUntilMs) break;
    const within = samples.filter(
      ({ event: { occurredAtMs } }) => occurredAtMs >= fromMs && occurredAtMs < fromMs + 900_000,
    );
    const temperatures = within.map(temperatureIn);
    expect(points.get(fromMs)?.count ?? 0).toBe(within.length);
    if (within.length === 0) continue;
    expect([points.get(fromMs)?.min, points.get(fromMs)?.max]).toEqual([
      Math.min(...temperatures),
      Math.max(...temperatures),
    ]);
    compared += 1;
  }
  return { completeUntilMs, compared };
}

const run = (params: object) => inAJob((deps) => runToEnd(timedRebuild(), { pace: 100_000, ...params }, deps));

beforeEach(() => {
  key = `elt:rebuilt-${++named}`;
});

describe("what an object holds beyond its history, after a rebuild", () => {
  it("of an object that was lost is what the archive has: a switch brings it back, and answers are complete until now", async () => {
    const samples = await reportsOf(420);
    const { compared } = await expectRight(samples);
    await loseObject(key);
    const { found, left } = detailsOf(await run({ into: "D1", switch: true }));
    expect(found.counts["history missing"]).toBeGreaterThan(0);
    expect(left).toMatchObject({ total: 0 });
    expect(await expectRight(samples)).toEqual({ completeUntilMs: NOW_MS, compared });
  });

  it("of an object that was lost and had more than an object keeps: no answer says that it is complete where it is not", async () => {
    const samples = await reportsOf(1_330);
    await loseObject(key);
    await run({ into: "D1", switch: true });
    expect(await expectRight(samples)).toMatchObject({ completeUntilMs: TODAY_MS });
  });

  it("of an object that was lost with the database is replayed into the live one", async () => {
    const samples = await reportsOf(420);
    const { compared } = await expectRight(samples);
    const objects = await objectsOf([key]);
    await loseObject(key);
    await run({ into: "live" });
    expect(await objectsOf([key])).toEqual(objects);
    expect(await expectRight(samples)).toEqual({ completeUntilMs: NOW_MS, compared });
  });

  it("is compared: a page that is wrong, and one that lacks events, are found, named and repaired", async () => {
    const samples = await reportsOf(420);
    const { compared } = await expectRight(samples);
    await plantInPages(key, (events) =>
      events.slice(1).map((event, i) => (i === 3 ? { ...event, data: WRONG } : event)),
    );
    await expect(expectRight(samples)).rejects.toThrow();
    const compares = detailsOf(await run({ into: "D1", compare: true }));
    expect(compares.found.counts).toEqual({ "history missing": 3, "history sameVersion": 3 });
    expect(compares.found.first[0]?.text).toContain(key);
    await expect(expectRight(samples)).rejects.toThrow();
    const { left } = detailsOf(await run({ into: "D1", switch: true }));
    expect(left).toMatchObject({ total: 0 });
    expect(await expectRight(samples)).toEqual({ completeUntilMs: NOW_MS, compared });
  });

  it("keeps what the archive does not have, and names it", async () => {
    const samples = await reportsOf(420);
    const strange = reportAt(TODAY_MS + 30_000, 5_000);
    await consume([strange]);
    const { found, left } = detailsOf(await run({ into: "D1", switch: true }));
    expect(found.counts).toEqual({ "history notArchived": 1 });
    expect(left?.counts).toEqual(found.counts);
    expect((await expectRight([...samples, strange])).completeUntilMs).toBe(NOW_MS);
  });

  it("leaves no pages of the second value behind", async () => {
    await reportsOf(420);
    const namesIn = () =>
      runInDurableObject(its.DEVICES.getByName(key) as never, async (_: unknown, { storage }: DurableObjectState) =>
        [...storage.kv.list()].map(([name]) => name).sort(),
      );
    const before = await namesIn();
    await run({ into: "D1", compare: true });
    await evictDurableObject(its.DEVICES.getByName(key) as never);
    expect(await namesIn()).toEqual(before);
  });
});

/** As `readingsOf` a fault of code would have: the report is another one, under the same version. */
const WRONG = { online: true, indoorTemperatureC: 39, humidityPct: 40 };
