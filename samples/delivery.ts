import { DAY_MS, MINUTE_MS, SECOND_MS, YEAR_END_MS } from "./calendar.ts";
import type { Device } from "./fleet.ts";
import type { Written } from "./malform.ts";
import type { Random } from "./random.ts";
import type { SampleRecord } from "./record.ts";

export type Disorder = { readonly lateCount: number; readonly repeatCount: number };

type Arrival = { readonly event: Written; readonly arrivesMs: number; readonly late?: true; readonly repeats?: true };

/** Puts the events into the order in which Kafka would deliver them: some arrive late, some twice. */
export function deliver(
  events: readonly Written[],
  { lateCount, repeatCount }: Disorder,
  random: Random,
): SampleRecord[] {
  const behind = planDelays(events, lateCount, random);
  const firsts = events.map((event): Arrival => {
    const overtakenBy = behind.get(event);
    if (!overtakenBy) return { event, arrivesMs: event.atMs };
    return { event, arrivesMs: overtakenBy.atMs + random.between(1, 300) * SECOND_MS, late: true };
  });
  const good = firsts.filter(({ event }) => !event.fault);
  const seconds = random
    .shuffle(good)
    .slice(0, repeatCount)
    .map((first) => repeat(first, random));
  return [...firsts, ...seconds].sort((a, b) => a.arrivesMs - b.arrivesMs).map(toRecord);
}

/** A producer that missed an answer sends again at once; a replayed log sends again months later. */
function repeat({ event, arrivesMs }: Arrival, random: Random): Arrival {
  const soon = random.chance(0.6);
  const lastMs = Math.max(YEAR_END_MS, arrivesMs) + DAY_MS;
  const againMs = soon ? arrivesMs + random.between(1, 90) * SECOND_MS : random.between(arrivesMs + MINUTE_MS, lastMs);
  return { event, arrivesMs: againMs, repeats: true };
}

/**
 * Which events arrive after a newer one of the same device. The newer one is itself on time, so that the delay is real.
 * First some alerts that are raised after they were cleared, then any.
 */
function planDelays(events: readonly Written[], count: number, random: Random): Map<Written, Written> {
  const behind = new Map<Written, Written>();
  const settled = new Set<Written>();
  const delay = (older: Written, newer: Written | undefined) => {
    if (!newer || behind.size >= count || settled.has(older) || settled.has(newer)) return;
    const gapMs = newer.atMs - older.atMs;
    if (gapMs < MINUTE_MS || gapMs > 28 * DAY_MS) return;
    behind.set(older, newer);
    settled.add(older).add(newer);
  };
  const good = events.filter(({ fault }) => !fault);
  const raised = random.shuffle(good.filter(({ topic }) => topic.endsWith("alert.raised")));
  const clearings = new Map(good.filter(({ topic }) => topic.endsWith("alert.cleared")).map((e) => [e.alertId, e]));
  for (const raise of raised.slice(0, Math.ceil(raised.length * 0.15))) delay(raise, clearings.get(raise.alertId));
  const followers = findFollowers(good);
  for (const event of random.shuffle(good)) delay(event, followers.get(event));
  return behind;
}

/** Each event's next one on the same device. */
function findFollowers(events: readonly Written[]): Map<Written, Written> {
  const followers = new Map<Written, Written>();
  const newest = new Map<Device, Written>();
  for (const event of [...events].sort((a, b) => b.atMs - a.atMs)) {
    const follower = newest.get(event.device);
    if (follower) followers.set(event, follower);
    newest.set(event.device, event);
  }
  return followers;
}

function toRecord({ event, late, repeats }: Arrival): SampleRecord {
  const { topic, device, value, fault } = event;
  return {
    topic,
    key: device.deviceId,
    value,
    ...(fault && { fault }),
    ...(repeats && { repeats }),
    ...(late && !repeats && { late }),
  };
}
