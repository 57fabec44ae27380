import { adoptEvents } from "#domain/adopt.ts";
import { HISTORY_LIMIT, type History } from "#domain/history.ts";
import { compareRegisters } from "#domain/register.ts";
import { compareText, compareVersions, laterVersion, type Version } from "#domain/version.ts";
import type { EventDifference } from "#objects/rebuild.ts";
import type { KeptEvent } from "#objects/requests.ts";
import { everyEvent, missingTo, type OlderEvents, type Pages } from "../older-events.ts";

/** The events of one value of an object. */
export type EventsOfValue = {
  /** In any order. */
  readonly events: readonly KeptEvent[];
  /** Events of this version or an older one may be missing; `null` as long as none is. */
  readonly missingTo: Version | null;
  /** The value has to have every event after this version; `null` if it has to have each. */
  readonly wholeAfter: Version | null;
};

/** The newest events are those of the history, and have to be there, whatever is missing before them. */
export function eventsOfValue(pages: Pages, history: History, older: OlderEvents | undefined): EventsOfValue {
  const missing = missingTo(history, older);
  const oldest = history.at(-1)?.version;
  const isFull = history.length >= HISTORY_LIMIT && oldest !== undefined;
  const wholeAfter = missing === null || !isFull ? null : compareVersions(missing, oldest) < 0 ? missing : oldest;
  return { events: everyEvent(pages, history, older), missingTo: missing, wholeAfter };
}

/** Differences that are told of one object. One that was lost differs in each of its events. Ours. */
export const MAX_DIFFERENCES = 100;

/**
 * What differs between the events of the live value and of the rebuilt one. Both keep a bounded number of events, so each
 * is asked only for what it has to have.
 */
export function compareEvents(live: EventsOfValue, rebuilt: EventsOfValue): EventDifference[] {
  const mine = byPlace(live.events);
  const theirs = byPlace(rebuilt.events);
  const differences: EventDifference[] = [];
  for (const [place, archived] of theirs) {
    const { version, topic } = archived;
    const stored = mine.get(place);
    if (stored) {
      const order = compareRegisters(asRegister(stored), asRegister(archived));
      if (order !== 0) differences.push({ version, topic, cause: "sameVersion", isAbove: order > 0 });
    } else if (hasToHave(live, version)) {
      differences.push({ version, topic, cause: "missing", isAbove: false });
    }
  }
  for (const [place, { version, topic }] of mine) {
    if (theirs.has(place) || !hasToHave(rebuilt, version)) continue;
    differences.push({ version, topic, cause: "notArchived", isAbove: true });
  }
  const dropped = missesDropped(live, rebuilt);
  if (dropped) differences.push({ version: dropped, topic: null, cause: "missing", isAbove: false });
  return differences
    .sort((a, b) => Number(a.isAbove) - Number(b.isAbove) || compareVersions(a.version, b.version))
    .slice(0, MAX_DIFFERENCES);
}

/**
 * The live events after a switch: those of the archive replace live ones of the same version, and what only the live value
 * has stays. What may be missing among them is what the archive's value had no room for, and what the live one does not
 * have to have.
 * @returns newest first; `null` if the archive changes nothing
 */
export function adoptEventsOf(
  live: EventsOfValue,
  rebuilt: EventsOfValue,
): Pick<EventsOfValue, "events" | "missingTo"> | null {
  const known = byPlace(live.events);
  const wanted = rebuilt.events.filter((event) => known.has(placeOf(event)) || hasToHave(live, event.version));
  const events = adoptEvents(live.events, wanted);
  if (events === live.events && !missesDropped(live, rebuilt)) return null;
  const taken = new Set(wanted);
  const left = rebuilt.events.filter((event) => !taken.has(event)).map(({ version }) => version);
  return { events: newestFirst(events), missingTo: left.reduce(laterOf, rebuilt.missingTo) };
}

const laterOf = (a: Version | null, b: Version): Version => (a === null ? b : laterVersion(a, b));

const hasToHave = ({ wholeAfter }: EventsOfValue, version: Version): boolean =>
  wholeAfter === null || compareVersions(version, wholeAfter) > 0;

/**
 * The newest event that the rebuilt value had to drop, if the live one says that it has it and does not: an object that was
 * lost and has as many events again as it keeps looks whole, but for this.
 */
function missesDropped(live: EventsOfValue, { missingTo: dropped }: EventsOfValue): Version | null {
  if (dropped === null || !hasToHave(live, dropped)) return null;
  return live.events.some(({ version }) => version === dropped) ? null : dropped;
}

const byPlace = (events: readonly KeptEvent[]): ReadonlyMap<string, KeptEvent> =>
  new Map(events.map((event) => [placeOf(event), event]));

/** A version may come with several topics. */
const placeOf = ({ version, topic }: KeptEvent): string => `${topic} ${version}`;

const newestFirst = (events: readonly KeptEvent[]): readonly KeptEvent[] =>
  events.toSorted((a, b) => compareVersions(b.version, a.version) || compareText(b.topic, a.topic));

const asRegister = ({ version, data }: KeptEvent) => ({ version, value: data });
