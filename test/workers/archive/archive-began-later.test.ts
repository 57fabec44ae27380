import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { SERIES_PREFIX } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { RETENTION } from "#archive/retention.ts";
import { readThrough } from "#archive/series/through.ts";
import type { ReceivedEvent } from "#domain/as-of.ts";
import type { DeviceKey } from "#domain/event.ts";
import { DAY_MS, type Moment, parseTime, toMoment } from "#domain/time.ts";
import type { DeviceEventSource, DeviceSink, KeptEvents } from "#objects/requests.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { randomOf } from "../../../samples/random.ts";
import type { Env } from "../../../workers/archive/env.ts";
import { SERIES_BEGIN, type SeriesPlace, seriesOfDay } from "../../../workers/archive/series/series-of-day.ts";
import { type DeviceReads, deviceAsOf, deviceReadings } from "../../../workers/archive/service/device.ts";
import { archivedOf, type Received, receivedYear, writeRawHours } from "../../support/archived-year.ts";
import { keyOf, known, occurredAt, oracleOf } from "../../support/known-device.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";

const its = env as unknown as Env;

const YEAR = receivedYear({ seed: 31, devices: 10, events: 400 });
const RECORDS = new Map(YEAR.map((one, i) => [one, archivedOf(one, i)]));
const GOOD = YEAR.filter(({ sample }) => !sample.fault && sample.value !== null);
const MIDDLE = GOOD[Math.floor(GOOD.length / 2)] as Received;
/** The archive begins in the middle of a day: what is settled from then on is in it. */
const BEGIN_MS = MIDDLE.receivedAtMs + 200;
const LAST_MS = (GOOD.at(-1) as Received).receivedAtMs;
const NOW_MS = LAST_MS + 40 * DAY_MS;
const ARCHIVED = GOOD.filter(({ receivedAtMs }) => receivedAtMs >= MIDDLE.receivedAtMs);

/** A letter from months before the archive began, which was replayed afterwards. */
const LETTER: Received = GOOD[3] as Received;
const replayed = (): ArchivedRecord => ({ ...recordOf(LETTER), settledAtMs: LAST_MS, letterId: "letter" });
const recordOf = (one: Received) => RECORDS.get(one) as ArchivedRecord;

async function archiveThatBeganLater(more: readonly ArchivedRecord[] = []): Promise<MemoryBucket> {
  const bucket = new MemoryBucket();
  const days = await writeRawHours(bucket, [...ARCHIVED.map(recordOf), ...more]);
  for (const day of days) {
    let place: SeriesPlace | null = SERIES_BEGIN;
    while (place) {
      const next: SeriesPlace | null = await seriesOfDay({ bucket, nowMs: NOW_MS }, day, place);
      place = next && JSON.parse(JSON.stringify(next));
    }
  }
  expect(bucket.keys(SERIES_PREFIX).length).toBeGreaterThan(3);
  return bucket;
}

/** An object that has lost its oldest events, or is not there at all. */
const partial = (events: KeptEvents["events"] = []): DeviceEventSource => ({
  eventsSince: async () => ({ events, isWhole: false }),
});

const reads = (bucket: MemoryBucket, object: DeviceEventSource): DeviceReads => ({
  bucket,
  objectOf: () => object,
  nowMs: NOW_MS,
});

const ask = (at: DeviceReads, one: Received, knownAtMs: number | null = null) =>
  deviceAsOf(at, keyOf(one), { asOf: parseTime(occurredAt(one)) as Moment, knownAtMs });

it("An archive begins when its first record was settled, whatever was received long before and replayed since", async () => {
  const bucket = await archiveThatBeganLater();
  expect(await readThrough(bucket)).toMatchObject({ sinceMs: BEGIN_MS });
  expect((await readThrough(await archiveThatBeganLater([replayed()])))?.sinceMs).toBe(BEGIN_MS);
});

it("A device of an older fleet is what an oracle makes of the archived records, and the answer says since when", async () => {
  const bucket = await archiveThatBeganLater();
  const counts = { found: 0, without: 0, refused: 0 };
  for (const one of GOOD) {
    const answer = await ask(reads(bucket, partial()), one);
    const wanted = oracleOf(ARCHIVED, keyOf(one), occurredAt(one), NOW_MS);
    if (answer.kind === "refused") {
      counts.refused += 1;
      expect(wanted).toBeNull();
      expect(Date.parse(occurredAt(one))).toBeLessThan(BEGIN_MS);
      expect(answer.message).toContain(`before ${toMoment(BEGIN_MS)} is not in the archive`);
      continue;
    }
    expect(answer.completeSinceMs).toBe(BEGIN_MS);
    expect(known(answer.state)).toEqual(wanted);
    counts.found += 1;
    if (wanted && wanted.registeredAt === null) counts.without += 1;
  }
  // Of both, and devices without their registration among them, which look wrong without the time.
  expect(counts).toEqual({ found: expect.any(Number), without: expect.any(Number), refused: expect.any(Number) });
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(10);
});

it("What was known before the archive began is refused, also on the day on which it began", async () => {
  const bucket = await archiveThatBeganLater();
  const answer = await ask(reads(bucket, partial()), MIDDLE, BEGIN_MS - 1);
  expect(answer).toMatchObject({ kind: "refused", message: expect.stringContaining(toMoment(BEGIN_MS)) });
  expect((await ask(reads(bucket, partial()), MIDDLE, BEGIN_MS)).kind).toBe("found");
});

it("Where records are removed for their age, an answer is complete since the first day of those that are kept", async () => {
  const bucket = await archiveThatBeganLater();
  const retention = { ...RETENTION, every: { ...RETENTION.every, archiveDays: 45 } };
  const last = GOOD.at(-1) as Received;
  const asked: unknown[] = [];
  const object: DeviceEventSource = {
    eventsSince: async (_, beforeMs) => {
      asked.push(beforeMs);
      return { events: [], isWhole: false };
    },
  };
  const answer = await ask({ ...reads(bucket, object), retention }, last);
  const completeSinceMs = Math.floor(NOW_MS / DAY_MS) * DAY_MS - 45 * DAY_MS;
  expect(completeSinceMs).toBeGreaterThan(BEGIN_MS);
  expect(answer).toMatchObject({ kind: "found", completeSinceMs });
  // What the object still has of before is in the answer, though nothing promises it.
  expect(asked).toEqual([completeSinceMs]);
});

it("A device whose object has every event of it lacks nothing, although the answer cannot promise it", async () => {
  const bucket = await archiveThatBeganLater();
  const random = randomOf(5);
  const keys = [...new Set(GOOD.map(keyOf))];
  for (const key of keys) {
    const own = GOOD.filter((one) => keyOf(one) === key);
    // Half of the objects noted when their events were received; the others are of an earlier release.
    const isNoted = keys.indexOf(key) % 2 === 0;
    const object = await objectWith(own, isNoted);
    for (const one of own.filter(() => random.chance(0.4))) {
      const answer = await ask(reads(bucket, object), one);
      expect(answer).toMatchObject({ kind: "found", completeSinceMs: BEGIN_MS, completeUntilMs: NOW_MS });
      if (answer.kind === "refused") return;
      expect(known(answer.state)).toEqual(oracleOf(GOOD, key, occurredAt(one), NOW_MS));
    }
  }
});

async function objectWith(own: readonly Received[], isNoted: boolean): Promise<DeviceEventSource> {
  const object = its.DEVICES.getByName(`began-later ${keyOf(own[0] as Received)}`) as unknown as DeviceSink &
    DeviceEventSource;
  const received = own.map((one): ReceivedEvent => {
    const record = recordOf(one);
    const parsed = parseStamped(record, record.receivedAtMs);
    if (!parsed.ok) throw new Error("the samples have a bad record among the good ones");
    return { event: parsed.event, receivedAtMs: one.receivedAtMs };
  });
  const times = isNoted ? received.map(({ receivedAtMs }) => receivedAtMs) : undefined;
  await object.merge(
    received.map(({ event }) => event),
    null,
    true,
    times,
  );
  return object;
}

it("Readings say since when they are complete, and lack nothing that was received from then on", async () => {
  const bucket = await archiveThatBeganLater();
  const reports = GOOD.filter(({ sample }) => sample.topic.endsWith("status.reported"));
  const range = { fromMs: NOW_MS - 700 * DAY_MS, toMs: NOW_MS, stepSeconds: 86_400, fields: ["humidityPct"] as const };
  const own = (key: DeviceKey, all: readonly Received[]) =>
    new Set(
      all
        .filter((one) => keyOf(one) === key && reports.includes(one))
        .map(({ sample }) => JSON.parse(sample.value as string))
        .filter(({ data }) => data.humidityPct !== undefined)
        .map(({ eventId }) => eventId),
    ).size;
  let missing = 0;
  for (const key of new Set(reports.map(keyOf))) {
    const answer = await deviceReadings(reads(bucket, partial()), key, { ...range, held: null });
    if (answer.kind === "refused") throw new Error(answer.message);
    expect(answer.completeSinceMs).toBe(BEGIN_MS);
    const count = answer.points.reduce((sum, { humidityPct }) => sum + (humidityPct?.count ?? 0), 0);
    expect(count).toBe(own(key, ARCHIVED));
    missing += own(key, GOOD) - count;
  }
  expect(missing).toBeGreaterThan(10);
});
