import { MAX_AHEAD_MS } from "#contracts/parse.ts";
import { asOf, countsAsOf, type DeviceState, type Instant, type ReceivedEvent } from "#domain/as-of.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Reading } from "#domain/readings.ts";
import { DAY_MS, toMilliseconds } from "#domain/time.ts";
import { versionMoment } from "#domain/version.ts";
import type { ArchiveBucket } from "../bucket.ts";
import { bucketOf, dayOf, seriesPrefix } from "../names.ts";
import { parseEventLine, parseReadingLine, parseStateLine } from "./content.ts";
import {
  dayStartMs,
  isInPlaces,
  lineOrder,
  type MonthSegment,
  monthEndMs,
  monthStartMs,
  parseSegmentName,
  placeOf,
  placesOf,
  type SegmentName,
} from "./names.ts";
import { openSegment, type SegmentBucket, SegmentGone } from "./segment.ts";

export type SeriesBucket = SegmentBucket & Pick<ArchiveBucket, "list">;

/** Events that a lookup parses at most: a busy device of a month. Our choice; each takes some 20 µs. */
export const MAX_EVENTS = 50_000;
/** Readings that a lookup holds at most: a year of a report every two minutes. Our choice. */
export const MAX_READINGS = 300_000;
/** Segments that are read at the same time. A Worker has six connections: developers.cloudflare.com/workers/platform/limits */
const AT_ONCE = 6;
/** How often a lookup begins again, because a compaction replaced what it was reading. Ours. */
const ATTEMPTS = 4;

/** More than one answer may take. `message` says to the reader what to ask instead. */
export class TooMuch extends Error {
  override readonly name = "TooMuch";
}

/** What the series have of a device as of an instant. */
export type SeriesEvents = { readonly base: DeviceState | null; readonly events: readonly ReceivedEvent[] };

/**
 * The state of the last month that counts as a whole, and the later events that count.
 * @throws {TooMuch}
 */
export const readEvents = (bucket: SeriesBucket, key: DeviceKey, instant: Instant): Promise<SeriesEvents> =>
  withoutGaps(async () => {
    const { months, days } = await listSegments(bucket, key);
    const { base, after } = await findBase(bucket, key, { months, instant });
    const later = months.filter(
      ({ month }) => (after === null || month > after) && monthStartMs(month) <= instant.knownAtMs,
    );
    // A day that is still there may be late, and not in the months' states yet.
    const counting = [...later, ...days.filter(({ day }) => dayStartMs(day) <= instant.knownAtMs)];
    const events: ReceivedEvent[] = [];
    let read = 0;
    await eachOf(counting, async ({ name }) => {
      const segment = await openSegment(bucket, name);
      // `/` follows the moment of a version, and sorts before a further digit.
      const lines = await segment.read("events", lineOrder(key, ""), lineOrder(key, `${instant.asOf}0`));
      read += lines.length;
      if (read > MAX_EVENTS) {
        throw new TooMuch(
          `More than ${MAX_EVENTS.toLocaleString("en")} events of the device would have to be read for this time: ask for the end of a month, whose state is kept.`,
        );
      }
      for (const line of lines) {
        const received = parseEventLine(line);
        if (received?.event.deviceKey === key && countsAsOf(received, instant)) events.push(received);
      }
    });
    return { base, events };
  });

/** The device as of an instant, by the series alone. */
export async function seriesAsOf(bucket: SeriesBucket, key: DeviceKey, instant: Instant): Promise<DeviceState | null> {
  const { base, events } = await readEvents(bucket, key, instant);
  return asOf(events, instant, base);
}

/**
 * What the device reported in a time, by when it occurred. Copies may be among them.
 * @throws {TooMuch}
 */
export const readReadings = (
  bucket: SeriesBucket,
  key: DeviceKey,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<Reading[]> =>
  withoutGaps(async () => {
    const { months, days } = await listSegments(bucket, key);
    // Nothing is received before it occurs, except for clocks that are ahead.
    const since = fromMs - MAX_AHEAD_MS;
    const counting = [
      ...months.filter(({ month }) => monthEndMs(month) > since),
      ...days.filter(({ day }) => dayStartMs(day) + DAY_MS > since),
    ];
    const readings: Reading[] = [];
    await eachOf(counting, async ({ name }) => {
      const segment = await openSegment(bucket, name);
      const [first, last] = [lineOrder(key, dayOf(fromMs)), lineOrder(key, `${dayOf(toMs)}~`)];
      const lines = await segment.read("readings", first, last);
      for (const line of lines)
        for (const reading of parseReadingLine(line)) {
          if (reading.atMs >= fromMs && reading.atMs < toMs) readings.push(reading);
        }
      if (readings.length > MAX_READINGS) {
        throw new TooMuch(
          `The device has more than ${MAX_READINGS.toLocaleString("en")} readings in this time: ask for less time at once.`,
        );
      }
    });
    return readings;
  });

type Listed = SegmentName & { readonly size: number };

/** The segments that may have something of a device, oldest first. */
async function listSegments(bucket: Pick<SeriesBucket, "list">, key: DeviceKey) {
  const inBucket = bucketOf(key);
  const names = await listBucket(bucket, inBucket);
  const months = names.filter((each) => each.kind === "month");
  return {
    months: months.filter((each) => isInPlaces(placeOf(key), placesOf(inBucket, each))),
    days: names.filter((each) => each.kind === "day"),
  };
}

/** All segments of a bucket, oldest first, with their bytes. */
export async function listBucket(bucket: Pick<SeriesBucket, "list">, inBucket: string): Promise<Listed[]> {
  const names: Listed[] = [];
  let startAfter: string | undefined;
  for (;;) {
    const page = await bucket.list({ prefix: seriesPrefix(inBucket), ...(startAfter && { startAfter }) });
    for (const { key, size } of page.objects) {
      const parsed = parseSegmentName(key);
      if (parsed) names.push({ ...parsed, size });
    }
    startAfter = page.objects.at(-1)?.key;
    if (!page.truncated || startAfter === undefined) return names;
  }
}

type Base = {
  readonly base: DeviceState | null;
  /** The month whose state it is; `null` for none. */
  readonly after: string | null;
};

/** The newest state of which every event counts. */
async function findBase(
  bucket: SeriesBucket,
  key: DeviceKey,
  { months, instant }: { readonly months: readonly MonthSegment[]; readonly instant: Instant },
): Promise<Base> {
  const latestMs = Math.min(instant.knownAtMs, toMilliseconds(instant.asOf) + MAX_AHEAD_MS);
  for (const { name, month } of months.toReversed()) {
    if (monthEndMs(month) > latestMs) continue;
    const segment = await openSegment(bucket, name);
    const [line] = await segment.read("states", lineOrder(key, ""), lineOrder(key, "\u0001"));
    const base = line ? parseStateLine(line) : null;
    if (base === null || versionMoment(base.latest) <= instant.asOf) return { base, after: month };
  }
  return { base: null, after: null };
}

/** A compaction replaces segments while they are read: then all is listed and read again. */
async function withoutGaps<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (thrown) {
      if (!(thrown instanceof SegmentGone) || attempt === ATTEMPTS) throw thrown;
    }
  }
}

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += AT_ONCE) await Promise.all(items.slice(i, i + AT_ONCE).map(act));
}
