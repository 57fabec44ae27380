import { DurableObject } from "cloudflare:workers";
import { desiring } from "../../src/shared/contracts/commands.ts";
import { parseRecord, type Rejection } from "../../src/shared/contracts/parse.ts";
import type { DesiredState } from "../../src/shared/domain/change.ts";
import { type SetDesired, timeOfAnswer } from "../../src/shared/domain/command.ts";
import type { ConcordEvent } from "../../src/shared/domain/event.ts";
import type { MergeOutcome } from "../../src/shared/domain/outcome.ts";
import { joinRegisters, type Register } from "../../src/shared/domain/register.ts";
import { type DeviceSnapshot, type DeviceSnapshotSource, mergeSnapshot } from "../../src/shared/domain/snapshot.ts";
import { sendAll } from "../../src/shared/queue/pack.ts";
import { packParcels, type QueuedRecord } from "../../src/shared/queue/parcel.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { Tally } from "../../src/shared/telemetry/metrics.ts";
import { recordOf } from "./command-record.ts";
import { type Env, reportMetrics } from "./env.ts";

export type ObjectMergeReport = { readonly outcomes: readonly MergeOutcome[]; readonly rowsWritten: number };

export type DesiredOrder = SetDesired & { readonly eventId: string; readonly nowMs: number };

export type DesiredClaim =
  /** The record is the caller's to carry to D1 and back here. */
  | ({ readonly kind: "claimed" } & Claim)
  | { readonly kind: "conflict"; readonly desired: Register<DesiredState> | null }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

/** What is desired from now on, though its record has not been merged yet. */
type Claim = { readonly record: QueuedRecord; readonly desired: Register<DesiredState> };

/** How long a claim's record may stay away. Ours: whoever carries it takes seconds, unless it died. */
export const CLAIM_LEASE_MS = 30_000;

/** One device, awake or asleep: its registers and recent history in one stored value, so a write bills one row. */
export class DeviceObject extends DurableObject<Env> implements DeviceSnapshotSource {
  #snapshot: DeviceSnapshot | null | undefined;
  #claims: readonly Claim[] | undefined;

  /** Merges events; repeated or superseded ones write nothing. Safe to call again with the same events. */
  async merge(events: ConcordEvent[]): Promise<ObjectMergeReport> {
    const known = this.#load();
    const { snapshot, outcomes } = mergeSnapshot(known, events);
    if (snapshot !== known) {
      // Memory moves only after the write was taken: a failed write must not look done to the next caller.
      this.ctx.storage.kv.put(SNAPSHOT, snapshot);
      this.#snapshot = snapshot;
    }
    const claimsWritten = await this.#fulfil(events);
    return { outcomes, rowsWritten: Number(snapshot !== known) + claimsWritten };
  }

  async snapshot(): Promise<DeviceSnapshot | null> {
    return this.#load();
  }

  /**
   * Decides whether a desired state follows on what its caller saw, and from then on no other may follow on the same.
   * Calls for a device come one after another, here and nowhere else. The record is merged as all others are, when it
   * comes back from D1; should it not come back, this object puts it into the queue.
   */
  async claimDesired({ deviceKey, desired, eventId, nowMs, expectedVersion }: DesiredOrder): Promise<DesiredClaim> {
    const current = this.#desired();
    if (expectedVersion !== undefined && expectedVersion !== (current?.version ?? null)) {
      return { kind: "conflict", desired: current };
    }
    const occurredAtMs = timeOfAnswer(nowMs, current?.version);
    const record = recordOf({ ...desiring(deviceKey, desired), deviceKey, eventId, occurredAtMs, nowMs });
    const parsed = parseRecord(record, nowMs);
    if (!parsed.ok) return { kind: "rejected", rejection: parsed.rejection };
    const { version, change } = parsed.event;
    const claim: Claim = { record, desired: { version, value: change.desired as DesiredState } };
    await this.#keepClaims([...this.#loadClaims(), claim]);
    return { kind: "claimed", ...claim };
  }

  /** Claims are waiting whose callers died, or found neither D1 nor the queue. */
  override async alarm(): Promise<void> {
    const records = this.#loadClaims().map(({ record }) => record);
    if (records.length === 0) return;
    const { fault } = await sendAll(this.env.EVENTS, packParcels(records));
    if (fault !== undefined) {
      log("warn", "device.claims_refused", { records: records.length, ...faultOf(fault) });
      return this.ctx.storage.setAlarm(Date.now() + CLAIM_LEASE_MS);
    }
    const accepted = new Tally();
    for (const { topic } of records) accepted.add(topic);
    await reportMetrics(this.env, { accepted: accepted.toCounts() });
  }

  #desired(): Register<DesiredState> | null {
    const known = this.#load()?.aspects.desired;
    return this.#loadClaims().reduce((newest, { desired }) => joinRegisters(newest, desired), known) ?? null;
  }

  /** Lets go of the claims whose events have come. @returns rows written */
  async #fulfil(events: readonly ConcordEvent[]): Promise<number> {
    const waiting = this.#loadClaims();
    const left = waiting.filter(({ desired }) => !events.some(({ version }) => version === desired.version));
    if (left.length === waiting.length) return 0;
    await this.#keepClaims(left);
    return 1;
  }

  async #keepClaims(claims: readonly Claim[]): Promise<void> {
    const { storage } = this.ctx;
    if (claims.length > 0) storage.kv.put(CLAIMS, claims);
    else storage.kv.delete(CLAIMS);
    this.#claims = claims;
    if (claims.length === 0) await storage.deleteAlarm();
    else if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + CLAIM_LEASE_MS);
  }

  #load(): DeviceSnapshot | null {
    if (this.#snapshot === undefined) this.#snapshot = this.ctx.storage.kv.get<DeviceSnapshot>(SNAPSHOT) ?? null;
    return this.#snapshot;
  }

  #loadClaims(): readonly Claim[] {
    this.#claims ??= this.ctx.storage.kv.get<readonly Claim[]>(CLAIMS) ?? [];
    return this.#claims;
  }
}

const SNAPSHOT = "snapshot";
const CLAIMS = "claims";
