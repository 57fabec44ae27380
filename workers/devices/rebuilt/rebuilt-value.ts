import type { ConcordEvent } from "#domain/event.ts";
import { type DeviceSnapshot, mergeSnapshot } from "#domain/snapshot.ts";

/**
 * The value that a rebuild makes of the archive, beside the live one and in a key of its own. While there is none, an
 * object spends nothing on it after its first look.
 */
export class RebuiltValue {
  readonly #kv: SyncKvStorage;
  /** `undefined` until it was read. */
  #known: DeviceSnapshot | null | undefined;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  get snapshot(): DeviceSnapshot | null {
    if (this.#known === undefined) this.#known = this.#kv.get<DeviceSnapshot>(KEY) ?? null;
    return this.#known;
  }

  /** Joins replayed events, and begins the value with the first. @returns whether a row was written */
  replay(events: readonly ConcordEvent[]): boolean {
    const before = this.snapshot;
    const { snapshot } = mergeSnapshot(before, events);
    if (snapshot === null || snapshot === before) return false;
    this.#kv.put(KEY, snapshot);
    this.#known = snapshot;
    return true;
  }

  /** Joins live events, while there is a value. @returns whether a row was written */
  follow(events: readonly ConcordEvent[]): boolean {
    return this.snapshot !== null && this.replay(events);
  }

  /** Replaces the value, if there is one, by what somebody's being forgotten leaves of it. */
  replace(snapshot: DeviceSnapshot): void {
    if (this.snapshot === null || snapshot === this.snapshot) return;
    this.#kv.put(KEY, snapshot);
    this.#known = snapshot;
  }

  drop(): void {
    if (this.snapshot === null) return;
    this.#kv.delete(KEY);
    this.#known = null;
  }
}

const KEY = "rebuilt";
