import { redactEvent } from "#contracts/redact.ts";
import type { By, DesiredState } from "#domain/change.ts";
import type { ConcordEvent } from "#domain/event.ts";
import { redactAspects } from "#domain/redacted.ts";
import { joinRegisters, type Register, sameContent } from "#domain/register.ts";
import type { Claim } from "#objects/requests.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { redactRecord } from "#queue/redact-record.ts";

/** How long a claim waits for its event. Our choice: the ingest Worker merges it within seconds, unless it crashed. */
export const CLAIM_LEASE_MS = 30_000;

type Stored = {
  readonly claims: readonly Claim[];
  /** When the object sends their records to the queue itself; `null` once it has. */
  readonly dueMs: number | null;
};

const KEY = "claims";
const NONE: Stored = { claims: [], dueMs: null };

/** The desired states of a device that were claimed and whose events have not been merged yet. */
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

  /** The newest desired state, of the claims and the merged one. */
  newestDesired(merged: Register<DesiredState & By> | undefined): Register<DesiredState & By> | null {
    return this.#load().claims.reduce((newest, { desired }) => joinRegisters(newest, desired), merged) ?? null;
  }

  add(claim: Claim, nowMs: number): void {
    const { claims, dueMs } = this.#load();
    this.#keep({ claims: [...claims, claim], dueMs: dueMs ?? nowMs + CLAIM_LEASE_MS });
  }

  /** Removes the claims whose events are among these. @returns whether there were any */
  removeMerged(events: readonly ConcordEvent[]): boolean {
    const { claims, dueMs } = this.#load();
    const left = claims.filter(({ desired }) => !events.some(({ version }) => version === desired.version));
    if (left.length === claims.length) return false;
    this.#keep({ claims: left, dueMs: left.length > 0 ? dueMs : null });
    return true;
  }

  /**
   * Takes out who gave a command up to a moment. One whose contract refuses it by now is removed: nobody will merge it.
   * @returns how many had anything personal
   */
  redact(untilMs: number): number {
    const { claims, dueMs } = this.#load();
    const left = claims.flatMap((claim) => redactClaim(claim, untilMs) ?? []);
    const unchanged = claims.filter((claim) => left.includes(claim)).length;
    if (unchanged < claims.length) this.#keep({ claims: left, dueMs: left.length > 0 ? dueMs : null });
    return claims.length - unchanged;
  }

  /** @param dueMs when to send their records to the queue; `null` once it has them */
  postpone(dueMs: number | null): void {
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

function redactClaim(claim: Claim, untilMs: number): Claim | undefined {
  const { record } = claim;
  const { desired } = redactAspects({ desired: claim.desired }, untilMs);
  if (!desired || sameContent(desired, claim.desired)) return claim;
  const parsed = parseStamped(record, record.receivedAtMs);
  return parsed.ok ? { record: redactRecord(record, redactEvent(parsed.event)), desired } : undefined;
}
