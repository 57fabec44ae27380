import { redactData, redactEvent } from "#contracts/redact.ts";
import type { ConcordEvent } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import { isUntil, redactAspects } from "#domain/redacted.ts";
import { sameContent } from "#domain/register.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";

/**
 * The moment up to which a device's events are those of somebody who was forgotten. The consumer redacts such events before
 * they come here; the object does it too, for a consumer that had looked just before.
 */
export class ForgottenUntil {
  readonly #kv: SyncKvStorage;
  /** `undefined` until it was read. */
  #known: number | null | undefined;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  get untilMs(): number | null {
    if (this.#known === undefined) this.#known = this.#kv.get<number>(KEY) ?? null;
    return this.#known;
  }

  /** @returns the later of this moment and the one that is known */
  note(untilMs: number): number {
    const later = Math.max(untilMs, this.untilMs ?? untilMs);
    if (later !== this.untilMs) {
      this.#kv.put(KEY, later);
      this.#known = later;
    }
    return later;
  }

  redact(events: readonly ConcordEvent[]): readonly ConcordEvent[] {
    const { untilMs } = this;
    return untilMs === null
      ? events
      : events.map((event) => (event.occurredAtMs <= untilMs ? redactEvent(event) : event));
  }
}

const KEY = "forgotten";

/** A snapshot without what is personal of events up to a moment; `changed` counts the events of its history that had any. */
export function redactSnapshot(
  snapshot: DeviceSnapshot,
  untilMs: number,
): { readonly snapshot: DeviceSnapshot; readonly changed: number } {
  const history = snapshot.history.map((entry) => redactEntry(entry, untilMs));
  const changed = history.filter((entry, i) => entry !== snapshot.history[i]).length;
  const aspects = redactAspects(snapshot.aspects, untilMs);
  const isSame = changed === 0 && sameContent(aspects, snapshot.aspects);
  return { snapshot: isSame ? snapshot : { ...snapshot, aspects, history }, changed };
}

/** The same for one event of a history; the same object if nothing in it is personal. */
export function redactEntry<E extends HistoryEntry>(entry: E, untilMs: number): E {
  if (!isUntil(entry.version, untilMs)) return entry;
  const data = redactData(entry.topic, entry.data);
  return sameContent(data, entry.data) ? entry : { ...entry, data };
}
