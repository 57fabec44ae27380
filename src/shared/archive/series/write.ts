import type { DeviceState } from "#domain/as-of.ts";
import { foldDevice } from "#domain/as-of.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { bucketOf } from "../names.ts";
import type { ArchivedRecord } from "../record.ts";
import {
  joinReadingLines,
  onceEach,
  parseEventLine,
  parseStateLine,
  readingsOf,
  toEventLine,
  toReadingLines,
  toStateLine,
} from "./content.ts";
import { isInPlaces, type Places } from "./names.ts";
import { readAgain } from "./read-again.ts";
import type { Line, Lines } from "./segment.ts";

/** What a day's segments have of some of its records, by bucket. Records that are no event of a device are left out. */
export function daySegments(records: readonly ArchivedRecord[]): Map<string, Lines> {
  const merged = records.flatMap((record) => {
    const event = readAgain(record);
    return event ? [{ record, event }] : [];
  });
  const byBucket = Map.groupBy(merged, ({ event }) => bucketOf(event.deviceKey));
  return new Map(
    [...byBucket].map(([bucket, group]) => [
      bucket,
      {
        events: onceEach(group.map(({ record, event }) => toEventLine(record, event))),
        readings: toReadingLines(readingsOf(group.map(({ event }) => event))),
        states: [],
      },
    ]),
  );
}

/** A month's segment, of lines of the same places. */
export type MonthSources = {
  /** The segment as it is, if there is one. */
  readonly existing: Lines | null;
  /** The states of everything received in earlier months; not read if there is an `existing` one. */
  readonly earlier: readonly Line[];
  /** Lines of its own days, or of days of an earlier month. */
  readonly added: Pick<Lines, "events" | "readings">;
  /** Whether the added lines were received in this month. Those of an earlier month only change states. */
  readonly isOwn: boolean;
};

/**
 * A month's segment with what was received later added to it. A state is a join, so it does not matter in which order days
 * are added, nor how often.
 */
export function addToMonth({ existing, earlier, added, isOwn }: MonthSources): Lines {
  const events = added.events.flatMap((line) => parseEventLine(line)?.event ?? []);
  return {
    events: isOwn ? onceEach([...(existing?.events ?? []), ...added.events]) : (existing?.events ?? []),
    readings: isOwn ? joinReadingLines([...(existing?.readings ?? []), ...added.readings]) : (existing?.readings ?? []),
    states: addToStates(existing ? existing.states : earlier, events),
  };
}

function addToStates(lines: readonly Line[], events: readonly ConcordEvent[]): Line[] {
  const byDevice = Map.groupBy(events, ({ deviceKey }) => deviceKey);
  const kept: Line[] = [];
  const states = new Map<DeviceKey, DeviceState>();
  for (const line of lines) {
    const state = parseStateLine(line);
    if (byDevice.has(state.key)) states.set(state.key, state);
    else kept.push(line);
  }
  const joined = [...byDevice].flatMap(([key, own]) => foldDevice(own, states.get(key) ?? null) ?? []);
  return [...kept, ...joined.map(toStateLine)];
}

/** Whether a month's segment would hold nothing. */
export const isEmpty = ({ events, readings, states }: Lines): boolean =>
  events.length + readings.length + states.length === 0;

/** The lines of some places. */
export const within = (lines: readonly Line[], places: Places): Line[] =>
  lines.filter(({ order }) => isInPlaces(Number.parseInt(order.slice(0, 8), 16), places));
