import type { DesiredState } from "../../src/shared/domain/change.ts";
import type { ConcordEvent } from "../../src/shared/domain/event.ts";
import { joinRegisters, type Register } from "../../src/shared/domain/register.ts";
import type { Claim } from "../../src/shared/objects.ts";
import type { QueuedRecord } from "../../src/shared/queue/parcel.ts";

/** How long a claim's record may stay away. Ours: whoever carries it takes seconds, unless it died. */
export const CLAIM_LEASE_MS = 30_000;

type Stored = {
  readonly claims: readonly Claim[];
  /** When the object puts them into the queue itself; `null` once it has. */
  readonly dueMs: number | null;
};

const KEY = "claims";
const NONE: Stored = { claims: [], dueMs: null };

/** The desired states of a device that wait for their records to come back as events. */
export class Claims {
  readonly #kv: SyncKvStorage;
  #stored: Stored | undefined;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  get records(): QueuedRecord[] {
    return this.#load().claims.map(({ record }) => record);
  }

  get dueMs(): number | null {
    return this.#load().dueMs;
  }

  /** What is desired by now, as far as claims say more than what is known. */
  over(known: Register<DesiredState> | undefined): Register<DesiredState> | null {
    return this.#load().claims.reduce((newest, { desired }) => joinRegisters(newest, desired), known) ?? null;
  }

  add(claim: Claim, nowMs: number): void {
    const { claims, dueMs } = this.#load();
    this.#keep({ claims: [...claims, claim], dueMs: dueMs ?? nowMs + CLAIM_LEASE_MS });
  }

  /** Lets go of the claims whose events have come. @returns whether there were any */
  fulfil(events: readonly ConcordEvent[]): boolean {
    const { claims, dueMs } = this.#load();
    const left = claims.filter(({ desired }) => !events.some(({ version }) => version === desired.version));
    if (left.length === claims.length) return false;
    this.#keep({ claims: left, dueMs: left.length > 0 ? dueMs : null });
    return true;
  }

  /** @param dueMs when to look again; `null` where the queue has their records */
  putOff(dueMs: number | null): void {
    this.#keep({ ...this.#load(), dueMs });
  }

  #load(): Stored {
    this.#stored ??= this.#kv.get<Stored>(KEY) ?? NONE;
    return this.#stored;
  }

  #keep(stored: Stored): void {
    if (stored.claims.length > 0) this.#kv.put(KEY, stored);
    else this.#kv.delete(KEY);
    this.#stored = stored;
  }
}
