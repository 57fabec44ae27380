import type { ConcordEvent } from "#domain/event.ts";
import { type DeviceSnapshot, mergeSnapshot } from "#domain/snapshot.ts";
import { redactEntry, redactSnapshot } from "../forgotten/forgotten-until.ts";
import { noteMerge, type OlderEvents, type Pages, removePages, replaceOlder } from "../older-events.ts";
import { type EventsOfValue, eventsOfValue } from "./events.ts";

/** Stored as one value, like the live one; absent `older` is from a release before. */
type Stored = DeviceSnapshot & { readonly older?: OlderEvents };

/**
 * The value that a rebuild makes of the archive, beside the live one, with keys and pages of its own. While there is none,
 * an object spends nothing on it after its first look.
 */
export class RebuiltValue {
  readonly #kv: SyncKvStorage;
  readonly #pages: Pages;
  /** `undefined` until it was read. */
  #known: Stored | null | undefined;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#pages = pagesUnder(`${KEY}/`, kv);
  }

  get snapshot(): DeviceSnapshot | null {
    const known = this.#load();
    return known && { latest: known.latest, aspects: known.aspects, history: known.history };
  }

  /** Every event that the value keeps; `null` if there is no value. */
  get events(): EventsOfValue | null {
    const known = this.#load();
    if (!known) return null;
    return eventsOfValue(this.#pages, known.history, known.older);
  }

  /**
   * Joins replayed events, and begins the value with the first.
   * @param receivedAtMs when the record of each event was received
   * @returns the rows that were written
   */
  replay(events: readonly ConcordEvent[], receivedAtMs: readonly number[]): number {
    const before = this.#load();
    const { snapshot } = mergeSnapshot(before, events);
    if (snapshot === null) return 0;
    const { older, rowsWritten } = noteMerge(this.#pages, before?.older, {
      before: before?.history ?? [],
      after: snapshot.history,
      arrived: events.map(({ version, topic, data }, i) => ({
        entry: { version, topic, data },
        receivedAtMs: receivedAtMs[i],
      })),
    });
    if (snapshot === before && older === before?.older) return 0;
    this.#store(snapshot, older);
    return 1 + rowsWritten;
  }

  /** Joins live events, while there is a value. @returns the rows that were written */
  follow(events: readonly ConcordEvent[], receivedAtMs: readonly number[]): number {
    return this.#load() === null ? 0 : this.replay(events, receivedAtMs);
  }

  /** Leaves of the value what somebody's being forgotten leaves of it. @returns how many of its events were redacted */
  forget(untilMs: number): number {
    const known = this.#load();
    if (!known) return 0;
    const { snapshot, changed } = redactSnapshot(known, untilMs);
    const { older, replaced } = replaceOlder(this.#pages, known.older, (event) => redactEntry(event, untilMs));
    if (snapshot !== known || older !== known.older) this.#store(snapshot, older);
    return changed + replaced;
  }

  drop(): void {
    const known = this.#load();
    if (!known) return;
    removePages(this.#pages, known.older);
    this.#kv.delete(KEY);
    this.#known = null;
  }

  #load(): Stored | null {
    if (this.#known === undefined) this.#known = this.#kv.get<Stored>(KEY) ?? null;
    return this.#known;
  }

  #store({ latest, aspects, history }: DeviceSnapshot, older: OlderEvents | undefined): void {
    const stored: Stored = { latest, aspects, history, ...(older && { older }) };
    // The field is set after the write: a write that throws must not look done to the next caller.
    this.#kv.put(KEY, stored);
    this.#known = stored;
  }
}

const KEY = "rebuilt";

/** Pages beside those of the live value. */
const pagesUnder = (prefix: string, kv: SyncKvStorage): Pages => ({
  get: <T>(key: string) => kv.get<T>(prefix + key),
  put: (key, value) => kv.put(prefix + key, value),
  delete: (key) => kv.delete(prefix + key),
});
