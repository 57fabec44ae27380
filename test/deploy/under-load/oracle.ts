import type { SentEvent } from "./producers.ts";
import type { Received as Item } from "./subscribers.ts";

/** What the oracle reads of an item that a subscriber got. */
type Received = Pick<Item, "kind" | "revision" | "eventId">;

/** A device as GraphQL shows it at the end: its registers from D1, and its history from its object. */
export type FinalDevice = {
  readonly device: string;
  readonly indoorTemperatureC: number | null;
  readonly history: readonly string[];
};

export type Stream = {
  readonly device: string;
  readonly received: readonly Received[];
  readonly ended: string | undefined;
};

/** The platform's counts of what happened during the run. */
export type Counted = {
  readonly accepted: number;
  readonly applied: number;
  readonly unchanged: number;
  readonly superseded: number;
  readonly duplicate: number;
  readonly deadLettered: number;
};

export type Evidence = {
  readonly accepted: readonly SentEvent[];
  readonly streams: readonly Stream[];
  readonly devices: readonly FinalDevice[];
  readonly counted: Counted;
};

export type Verdict = {
  readonly violations: readonly string[];
  readonly revisions: number;
  /** Gaps that a snapshot closed. */
  readonly gaps: readonly string[];
};

/**
 * Judges a run by what was sent and what came out at the ends. It knows nothing of the platform but what is promised: a
 * record that was accepted has one outcome, and is in its device's history while it is among its newest hundred; a device shows its newest event; a
 * subscriber gets each revision once and in order, or a gap with the state after it.
 */
export function judge({ accepted, streams, devices, counted }: Evidence): Verdict {
  const sent = Map.groupBy(accepted, ({ device }) => device);
  const judged = streams.map((stream, i) => judgeStream(`subscriber ${i} of ${stream.device}`, stream, sent));
  return {
    violations: [
      ...judgeCounts(counted, accepted.length),
      ...judgeDevices(devices, sent),
      ...judged.flatMap(({ violations }) => violations),
      ...judgeTogether(streams, sent, counted.superseded),
    ],
    revisions: judged.reduce((sum, { revisions }) => sum + revisions, 0),
    gaps: judged.flatMap(({ gaps }) => gaps),
  };
}

function judgeCounts(counted: Counted, sent: number): string[] {
  const { accepted, applied, unchanged, superseded, duplicate, deadLettered } = counted;
  const first = applied + unchanged + superseded;
  return [
    ...unless(deadLettered === 0, `${deadLettered} records became dead letters`),
    ...unless(
      first === sent,
      `${sent} different events were accepted, and ${first} were applied, unchanged or superseded`,
    ),
    ...unless(
      first + duplicate === accepted,
      `${accepted} records were accepted, and ${first + duplicate} have an outcome`,
    ),
  ];
}

type Sent = ReadonlyMap<string, readonly SentEvent[]>;

function judgeDevices(devices: readonly FinalDevice[], sent: Sent): string[] {
  const found = new Map(devices.map((each) => [each.device, each]));
  return [...sent].flatMap(([device, events]) => {
    const shown = found.get(device);
    if (!shown) return [`${device} is not there`];
    const newest = events.reduce((a, b) => (b.occurredAtMs >= a.occurredAtMs ? b : a));
    const history = new Set(shown.history);
    const missing = newestOf(events).filter(({ eventId }) => !history.has(eventId));
    return [
      ...unless(
        shown.indoorTemperatureC === newest.indoorTemperatureC,
        `${device} shows ${shown.indoorTemperatureC} °C, and its newest event ${newest.eventId} says ${newest.indoorTemperatureC}`,
      ),
      ...unless(
        missing.length === 0,
        `the history of ${device} lacks ${missing.map(({ eventId }) => eventId).join(", ")}`,
      ),
    ];
  });
}

/** How many events a device's history promises to hold. */
const HISTORY = 100;

/** Those that a history holds for sure: of events of the same time, any may be the first that has no room. */
function newestOf(events: readonly SentEvent[]): readonly SentEvent[] {
  const times = events.map(({ occurredAtMs }) => occurredAtMs).sort((a, b) => b - a);
  const firstWithoutRoom = times[HISTORY] ?? Number.NEGATIVE_INFINITY;
  return events.filter(({ occurredAtMs }) => occurredAtMs > firstWithoutRoom);
}

function judgeStream(name: string, { device, received, ended }: Stream, sent: Sent) {
  const violations = ended === undefined ? [] : [`${name} ended: ${ended}`];
  const gaps: string[] = [];
  const known = new Set((sent.get(device) ?? []).map(({ eventId }) => eventId));
  const got = new Set<string>();
  let revision: number | undefined;
  for (const item of received) {
    const isState = item.kind === "SNAPSHOT" || item.kind === "GAP";
    if (item.kind === "GAP") gaps.push(`${name}: from revision ${revision} to ${item.revision}`);
    if (item.kind === "SNAPSHOT" && revision !== undefined) violations.push(`${name} got a second snapshot`);
    if (!isState && item.revision !== (revision ?? Number.NaN) + 1) {
      violations.push(`${name} got revision ${item.revision} after ${revision}`);
    }
    revision = item.revision;
    if (item.eventId === null) continue;
    if (got.has(item.eventId)) violations.push(`${name} got ${item.eventId} twice`);
    if (!known.has(item.eventId)) violations.push(`${name} got ${item.eventId}, which was not accepted`);
    got.add(item.eventId);
  }
  if (received[0]?.kind !== "SNAPSHOT") violations.push(`${name} began with ${received[0]?.kind ?? "nothing"}`);
  return { violations, gaps, revisions: got.size };
}

/**
 * All subscribers of a device got the same, unless one had a gap. What they did not get is the device's first event,
 * which is in the snapshot, and events that a newer one had overtaken: as many as the platform counted.
 */
function judgeTogether(streams: readonly Stream[], sent: Sent, superseded: number): string[] {
  const violations: string[] = [];
  let notDelivered = 0;
  for (const [device, of] of Map.groupBy(streams, ({ device }) => device)) {
    const complete = of.filter(({ received }) => received.every(({ kind }) => kind !== "GAP"));
    const orders = new Set(
      complete.map(({ received }) => JSON.stringify(received.flatMap(({ eventId }) => eventId ?? []))),
    );
    if (orders.size > 1) violations.push(`the subscribers of ${device} got different events, or in different orders`);
    const [order = "[]"] = orders;
    notDelivered += (sent.get(device)?.length ?? 0) - 1 - (JSON.parse(order) as string[]).length;
  }
  return notDelivered === superseded
    ? violations
    : [...violations, `${notDelivered} events were not delivered, and ${superseded} were superseded`];
}

/** What a run has to have met: without it, nothing wrong means nothing. */
export function untried({ sockets, reconnects, events, caughtUpOn, deployments }: Tried): string[] {
  const times = deployments.length;
  return [
    ...unless(times > 0, "nothing was deployed"),
    ...unless(
      reconnects >= sockets * times,
      `${sockets} sockets reconnected ${reconnects} times in ${times} deployments, and each of them closes every socket`,
    ),
    ...unless(events > 0, "no event was accepted"),
    ...unless(caughtUpOn > 0, "nobody missed an event while away, so nobody had to catch up"),
  ];
}

type Tried = {
  readonly sockets: number;
  readonly reconnects: number;
  readonly events: number;
  readonly caughtUpOn: number;
  readonly deployments: readonly unknown[];
};

const unless = (holds: boolean, violation: string): string[] => (holds ? [] : [violation]);
