import type { ArchiveBucket } from "#archive/bucket.ts";
import type { RetentionTable } from "#archive/retention.ts";
import { readEvents, readReadings, type SeriesBucket, type SeriesEvents, TooMuch } from "#archive/series/lookup.ts";
import { dayStartMs } from "#archive/series/names.ts";
import { readThrough } from "#archive/series/through.ts";
import { eventOfEntry } from "#contracts/entry.ts";
import { asOf, type Instant, type ReceivedEvent } from "#domain/as-of.ts";
import {
  type AskedAsOf,
  type AskedReadings,
  type FoundAsOf,
  type FoundReadings,
  isHeldAt,
} from "#domain/device-archive.ts";
import { type DeviceKey, isDeviceKey, sourceOf } from "#domain/event.ts";
import { problemOf, type Reading, readingOf, summarize } from "#domain/readings.ts";
import { DAY_MS, toMilliseconds, toMoment } from "#domain/time.ts";
import type { DeviceEventSource } from "#objects/requests.ts";
import { NO_ARCHIVE } from "#ops/archive-api.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Env } from "../env.ts";
import { keptSinceMs } from "./kept-since.ts";

type Bucket = SeriesBucket & Pick<ArchiveBucket, "get">;

/** What both questions read, so that a test can hand over stores of its own. */
export type DeviceReads = {
  readonly bucket: Bucket | undefined;
  readonly objectOf: (key: DeviceKey) => DeviceEventSource;
  readonly nowMs: number;
  /** How long records are kept, if not as `RETENTION` says. */
  readonly retention?: RetentionTable;
};

export const deviceReads = ({ ARCHIVE, DEVICES }: Env): DeviceReads => ({
  bucket: ARCHIVE,
  objectOf: (key) => DEVICES.getByName(key) as unknown as DeviceEventSource,
  nowMs: Date.now(),
});

/** How long before the end of the series the object's events are taken too: they may have been settled late. Ours. */
const OVERLAP_MS = 7 * DAY_MS;

/** The device by what had occurred by a time, of what was known at a time: months and days of the series, and the object's events. */
export async function deviceAsOf(
  reads: DeviceReads,
  key: DeviceKey,
  { asOf: at, knownAtMs: asked }: AskedAsOf,
): Promise<FoundAsOf> {
  const { nowMs } = reads;
  if (toMilliseconds(at) > nowMs) return refused("`asOf` is in the future: nothing of it is known yet.");
  if (asked !== null && asked > nowMs)
    return refused("`knownAt` is in the future: leave it out for what is known now.");
  const knownAtMs = asked ?? nowMs;
  const instant: Instant = { asOf: at, knownAtMs };
  return answering(reads, key, async ({ bucket, kept, sinceMs, completeSinceMs, completeUntilMs }) => {
    if (sinceMs !== null && knownAtMs < sinceMs) {
      return refused(`The archive begins at ${toMoment(sinceMs)}: what was known at an earlier time cannot be said.`);
    }
    const { base, events }: SeriesEvents =
      sinceMs === null ? { base: null, events: [] } : await readEvents(bucket, key, instant);
    const state = asOf([...events, ...kept], instant, base);
    if (state === null && completeSinceMs !== null && toMilliseconds(at) < completeSinceMs) {
      return refused(
        `What was received before ${toMoment(completeSinceMs)} is not in the archive, and nothing that it has of the device had occurred by then: ask for a later time.`,
      );
    }
    return { kind: "found", state, knownAtMs, completeSinceMs, completeUntilMs: Math.min(completeUntilMs, knownAtMs) };
  });
}

/** What the device measured, by steps: from the series, and of the newest time from its object. */
export async function deviceReadings(
  reads: DeviceReads,
  key: DeviceKey,
  { held, ...range }: AskedReadings,
): Promise<FoundReadings> {
  const problem = problemOf(range);
  if (problem !== null) return refused(problem);
  return answering(reads, key, async ({ bucket, kept, sinceMs, completeSinceMs, completeUntilMs }) => {
    const recent = kept.flatMap(({ event }): Reading[] => {
      const reading = readingOf(event);
      return reading ? [reading] : [];
    });
    const older = sinceMs === null ? [] : await readReadings(bucket, key, range);
    const seen = [...older, ...recent].filter(({ atMs }) => isHeldAt(held, atMs));
    return { kind: "found", points: summarize(seen, range), completeSinceMs, completeUntilMs };
  });
}

type Known = {
  readonly bucket: Bucket;
  /** The events of the object since shortly before the end of the series, and from before their beginning. */
  readonly kept: readonly ReceivedEvent[];
  /** From when on the series reach; `null` before the first day is in them. */
  readonly sinceMs: number | null;
  readonly completeSinceMs: number | null;
  readonly completeUntilMs: number;
};

type Refused = { readonly kind: "refused"; readonly message: string };
const refused = (message: string): Refused => ({ kind: "refused", message });

async function answering<Found>(
  { bucket, objectOf, nowMs, retention }: DeviceReads,
  key: DeviceKey,
  answer: (known: Known) => Promise<Found | Refused>,
): Promise<Found | Refused> {
  if (!bucket) return refused(NO_ARCHIVE);
  if (!isDeviceKey(key)) return refused("This is not the key of a device: `{source}:{deviceId}`; case matters.");
  const through = await readThrough(bucket);
  const endMs = through && dayStartMs(through.through) + DAY_MS;
  const beginMs = through && Math.max(through.sinceMs, keptSinceMs(sourceOf(key), nowMs, retention) ?? 0);
  const window = { sinceMs: (endMs ?? 0) - OVERLAP_MS, beforeMs: beginMs, nowMs };
  const { kept, isWhole } = await readObject(objectOf(key), key, window);
  if (endMs === null && !isWhole) {
    return refused("The archive has no whole day yet: ask again after midnight UTC, when the first one is compacted.");
  }
  try {
    return await answer({
      bucket,
      kept,
      sinceMs: through?.sinceMs ?? null,
      // Whatever the object says of itself: one that was rebuilt knows what the archive knows.
      completeSinceMs: beginMs,
      completeUntilMs: isWhole ? nowMs : Math.min(endMs ?? nowMs, nowMs),
    });
  } catch (thrown) {
    if (thrown instanceof TooMuch) return refused(thrown.message);
    throw thrown;
  }
}

/** Of which receipts the object's events are taken: since a moment, and before another one. */
type Window = { readonly sinceMs: number; readonly beforeMs: number | null; readonly nowMs: number };

/** Without the object, the answer is that of the series, and complete until their end. */
async function readObject(
  object: DeviceEventSource,
  key: DeviceKey,
  { sinceMs, beforeMs, nowMs }: Window,
): Promise<{ readonly kept: readonly ReceivedEvent[]; readonly isWhole: boolean }> {
  try {
    const { events, isWhole } = await object.eventsSince(sinceMs, beforeMs);
    const kept = events.flatMap(({ receivedAtMs, ...entry }): ReceivedEvent[] => {
      const event = eventOfEntry(key, entry, nowMs);
      // Of an event from before the time was noted, only when it occurred is known.
      return event ? [{ event, receivedAtMs: receivedAtMs ?? event.occurredAtMs }] : [];
    });
    // One that the contract refuses now was stored by an earlier version of it, and is in the archive as it was sent.
    return { kept, isWhole: isWhole && kept.length === events.length };
  } catch (thrown) {
    log("warn", "archive.object_not_read", describeFault(thrown));
    return { kept: [], isWhole: false };
  }
}
