import { HISTORY_LIMIT, type History, type HistoryEntry } from "#domain/history.ts";
import { compareVersions, laterVersion, type Version } from "#domain/version.ts";
import type { KeptEvent } from "#objects/requests.ts";

/**
 * What a device's object keeps beside its snapshot: the events that its history had to leave, and when events were
 * received. It is a part of the same value, so that it costs no row; only a full page is a row of its own.
 */
export type OlderEvents = {
  /** Events that left the history, or were too old for it, and are in no page yet; in the order in which they did. */
  readonly waiting: readonly KeptEvent[];
  /** In the order in which they were written. */
  readonly pages: readonly PageNote[];
  readonly nextPage: number;
  /** Events of this version or an older one may be missing; `null` as long as none is. */
  readonly droppedTo: Version | null;
  /** When the events of the history were received, by version. Those from before it was noted are absent. */
  readonly received: Readonly<Record<Version, number>>;
};

/** A page, and the least and the greatest version of its events. Pages may overlap: events may come late. */
type PageNote = { readonly id: number; readonly from: Version; readonly to: Version };

/** Events of a page: so many events leave the history for one more row. */
export const PAGE_EVENTS = 100;
/** Or as soon as they have so many characters as JSON: the history may nearly fill a value by itself. Ours. */
const PAGE_LENGTH = 64 * 1024;
/** Pages of an object; then the oldest one goes. Ours: with the history, 1,100 events, of which the archive has all. */
export const MAX_PAGES = 10;

/** Storage with values by key, as that of a Durable Object has. */
export type Pages = Pick<SyncKvStorage, "get" | "put" | "delete">;

export type Arrived = { readonly entry: HistoryEntry; readonly receivedAtMs: number | undefined };

const NOTHING: OlderEvents = { waiting: [], pages: [], nextPage: 0, droppedTo: null, received: {} };

/**
 * Notes what a merge did to the history. An event that is known already is not noted again, and one that is older than
 * what was dropped is not kept: nobody could say whether it is a repetition.
 * @param arrived the events of the merge
 * @returns `older` itself if nothing is new; and how many pages were written
 */
export function noteMerge(
  pages: Pages,
  older: OlderEvents | undefined,
  {
    before,
    after,
    arrived,
  }: { readonly before: History; readonly after: History; readonly arrived: readonly Arrived[] },
): { readonly older: OlderEvents | undefined; readonly rowsWritten: number } {
  const known = older ?? beginningWith(before);
  const kept = new Set(after.map(idOf));
  const had = new Set(before.map(idOf));
  const withTime = (entry: HistoryEntry, receivedAtMs = known.received[entry.version]): KeptEvent => ({
    ...entry,
    receivedAtMs: receivedAtMs ?? null,
  });
  const left = before
    .filter((entry) => !kept.has(idOf(entry)))
    .toReversed()
    .map((entry) => withTime(entry));
  const late = arrived
    .filter(({ entry }) => !kept.has(idOf(entry)) && !had.has(idOf(entry)))
    .filter(({ entry }) => known.droppedTo === null || compareVersions(entry.version, known.droppedTo) > 0)
    .map(({ entry, receivedAtMs }) => withTime(entry, receivedAtMs));
  const fresh: KeptEvent[] = [];
  for (const event of [...left, ...late]) {
    const isKnown = [...known.waiting, ...fresh].some((other) => idOf(other) === idOf(event));
    if (!isKnown && !isPaged(pages, known, event)) fresh.push(event);
  }
  if (after === before && fresh.length === 0) return { older, rowsWritten: 0 };
  return turnPages(pages, {
    ...known,
    waiting: [...known.waiting, ...fresh],
    received: receivedOf(after, known, arrived),
  });
}

/** An object from before older events were kept has lost those that its full history has no room for. */
function beginningWith(history: History): OlderEvents {
  const oldest = history.length < HISTORY_LIMIT ? undefined : history.at(-1);
  return { ...NOTHING, droppedTo: oldest?.version ?? null };
}

function receivedOf(history: History, { received }: OlderEvents, arrived: readonly Arrived[]): OlderEvents["received"] {
  const times = new Map(arrived.map(({ entry, receivedAtMs }) => [entry.version, receivedAtMs]));
  return Object.fromEntries(
    history.flatMap(({ version }) => {
      const time = received[version] ?? times.get(version);
      return time === undefined ? [] : [[version, time]];
    }),
  );
}

const isPaged = (pages: Pages, { pages: notes }: OlderEvents, event: HistoryEntry): boolean =>
  notes
    .filter(({ from, to }) => compareVersions(from, event.version) <= 0 && compareVersions(event.version, to) <= 0)
    .some(({ id }) => readPage(pages, id).some((other) => idOf(other) === idOf(event)));

/** Writes what waits as pages, as far as it fills them, and drops those with the oldest events beyond the limit. */
function turnPages(pages: Pages, older: OlderEvents) {
  const { full, rest } = intoPages(older.waiting);
  const notes = full.map((events, i): PageNote => {
    const versions = events.map(({ version }) => version).sort(compareVersions);
    const note = { id: older.nextPage + i, from: versions[0] as Version, to: versions.at(-1) as Version };
    pages.put(pageKey(note.id), events);
    return note;
  });
  const all = [...older.pages, ...notes];
  // Events come by topic when an archive is replayed: the oldest ones may be in a page that was written late.
  const byAge = all.toSorted((a, b) => compareVersions(a.to, b.to));
  const over = byAge.slice(0, Math.max(0, all.length - MAX_PAGES));
  for (const { id } of over) pages.delete(pageKey(id));
  const dropped = over.map(({ to }) => to);
  return {
    older: {
      ...older,
      waiting: rest,
      pages: all.filter((note) => !over.includes(note)),
      nextPage: older.nextPage + notes.length,
      droppedTo: [older.droppedTo, ...dropped].reduce((a, b) => (a && b ? laterVersion(a, b) : (a ?? b))),
    },
    rowsWritten: notes.length + over.length,
  };
}

function intoPages(waiting: readonly KeptEvent[]) {
  const full: KeptEvent[][] = [];
  let rest: KeptEvent[] = [];
  let length = 0;
  for (const event of waiting) {
    rest.push(event);
    length += JSON.stringify(event).length;
    if (rest.length < PAGE_EVENTS && length < PAGE_LENGTH) continue;
    full.push(rest);
    [rest, length] = [[], 0];
  }
  return { full, rest };
}

/** Every event that the object has, in no particular order: those of the history, those that wait, and the pages'. */
export function everyEvent(pages: Pages, history: History, older: OlderEvents = NOTHING): KeptEvent[] {
  const { received, waiting, pages: notes } = older;
  const recent = history.map((entry): KeptEvent => ({ ...entry, receivedAtMs: received[entry.version] ?? null }));
  return [...recent, ...waiting, ...notes.flatMap(({ id }) => readPage(pages, id))];
}

/** The version up to which events may be missing; `null` if the object has every event that it ever received. */
export const missingTo = (history: History, older: OlderEvents | undefined): Version | null =>
  (older ?? beginningWith(history)).droppedTo;

/** After events that did not reach the object, everything until its newest one may have gaps. */
export const withGapUntil = (version: Version, older: OlderEvents | undefined): OlderEvents => ({
  ...(older ?? NOTHING),
  droppedTo: laterVersion(version, older?.droppedTo ?? version),
});

/**
 * Replaces the events of pages and of those that wait, such as by ones without personal data. Safe to repeat.
 * @returns what to store with the snapshot, and how many events were replaced
 */
export function replaceOlder(
  pages: Pages,
  older: OlderEvents | undefined,
  replace: (event: KeptEvent) => KeptEvent,
): { readonly older: OlderEvents | undefined; readonly replaced: number } {
  if (!older) return { older, replaced: 0 };
  let replaced = 0;
  const replaceAll = (events: readonly KeptEvent[]) => {
    const others = events.map(replace);
    const changed = others.filter((event, i) => event !== events[i]).length;
    replaced += changed;
    return changed > 0 ? others : events;
  };
  for (const { id } of older.pages) {
    const events = readPage(pages, id);
    const others = replaceAll(events);
    if (others !== events) pages.put(pageKey(id), others);
  }
  const waiting = replaceAll(older.waiting);
  return { older: waiting === older.waiting ? older : { ...older, waiting }, replaced };
}

/**
 * Replaces all events, those of the history too.
 * @param events newest first
 * @param droppedTo the version up to which some may be missing
 */
export function rewriteEvents(
  pages: Pages,
  older: OlderEvents | undefined,
  { events, droppedTo }: { readonly events: readonly KeptEvent[]; readonly droppedTo: Version | null },
): { readonly history: History; readonly older: OlderEvents } {
  removePages(pages, older);
  const recent = events.slice(0, HISTORY_LIMIT);
  const received = recent.flatMap(({ version, receivedAtMs }) =>
    receivedAtMs === null ? [] : [[version, receivedAtMs] as const],
  );
  const begun = { ...NOTHING, nextPage: older?.nextPage ?? 0, droppedTo, received: Object.fromEntries(received) };
  return {
    history: recent.map(({ receivedAtMs: _, ...entry }) => entry),
    older: turnPages(pages, { ...begun, waiting: events.slice(HISTORY_LIMIT).toReversed() }).older,
  };
}

export function removePages(pages: Pages, older: OlderEvents | undefined): void {
  for (const { id } of older?.pages ?? []) pages.delete(pageKey(id));
}

const readPage = (pages: Pages, id: number): readonly KeptEvent[] => pages.get<KeptEvent[]>(pageKey(id)) ?? [];

const pageKey = (id: number): string => `older/${id}`;

/** A version may come with several topics, and a topic has no space. */
const idOf = ({ version, topic }: HistoryEntry): string => `${topic} ${version}`;
