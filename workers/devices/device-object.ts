import { DurableObject } from "cloudflare:workers";
import type { Scope } from "../../src/shared/auth/scope.ts";
import { desiring } from "../../src/shared/contracts/commands.ts";
import { parseRecord } from "../../src/shared/contracts/parse.ts";
import type { DesiredState } from "../../src/shared/domain/change.ts";
import { timeOfAnswer } from "../../src/shared/domain/command.ts";
import { viewDevice } from "../../src/shared/domain/device.ts";
import type { ConcordEvent } from "../../src/shared/domain/event.ts";
import { catchUp, type DeviceMemory, EMPTY_MEMORY, remember, tellBehind } from "../../src/shared/domain/journal.ts";
import { type DeviceSnapshot, type DeviceSnapshotSource, joinSnapshots } from "../../src/shared/domain/snapshot.ts";
import type { DeviceChange, LiveTarget, Pull } from "../../src/shared/live/item.ts";
import { ObjectWrites } from "../../src/shared/live/object-writes.ts";
import type { Claim, DesiredClaim, DesiredOrder, DeviceSink, ObjectMergeReport } from "../../src/shared/objects.ts";
import { recordOf } from "../../src/shared/queue/command-record.ts";
import { sendAll } from "../../src/shared/queue/pack.ts";
import { packParcels } from "../../src/shared/queue/parcel.ts";
import { laterToken } from "../../src/shared/repositories/consistency.ts";
import type { Watched } from "../../src/shared/repositories/watch.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { Tally } from "../../src/shared/telemetry/metrics.ts";
import { reportMetrics } from "../../src/shared/telemetry/report.ts";
import { CLAIM_LEASE_MS, Claims } from "./claims.ts";
import type { Env } from "./env.ts";
import { numberIn } from "./live/cursor.ts";
import { LEASE_MS } from "./live/lease.ts";
import { Listeners } from "./live/listeners.ts";
import type { Place } from "./live/source.ts";
import { Watch } from "./live/watch.ts";

/** As it is stored: one value, so that a write bills one row. */
type Stored = DeviceMemory & {
  /** Reads from there on see everything in it. */
  readonly consistencyToken: string | null;
};

/** One device, awake or asleep: its registers, its recent history, and whoever watches it. */
export class DeviceObject extends DurableObject<Env> implements DeviceSnapshotSource, DeviceSink {
  #stored: Stored | undefined;
  readonly #claims = new Claims(this.ctx.storage.kv);
  readonly #watch = new Watch(this.ctx.storage.kv, () => this.env.DB);
  readonly #listeners = new Listeners({
    ctx: this.ctx,
    env: () => this.env,
    kind: "device",
    watch: this.#watch,
    source: {
      mayWatch: () => true,
      watchedOf: (target) => this.#watchedOf(target),
      register: (watched, scope) => this.#register(watched, scope),
      pull: (target, from, scope) => this.#pull(target, from, scope),
    },
    chore: { dueMs: () => this.#claims.dueMs, run: (nowMs) => this.#carryClaims(nowMs) },
  });

  /**
   * Merges events; repeated or superseded ones write nothing. Safe to call again with the same events.
   * @param consistencyToken reads from there on see what the events did
   */
  async merge(events: ConcordEvent[], consistencyToken: string | null = null): Promise<ObjectMergeReport> {
    const known = this.#load();
    const { memory, outcomes } = remember(known, events);
    const hasAdded = memory !== known;
    if (hasAdded) this.#keep({ ...memory, consistencyToken: laterToken(known.consistencyToken, consistencyToken) });
    if (hasAdded) this.#listeners.tell();
    const hasFulfilled = this.#claims.fulfil(events);
    if (hasFulfilled) await this.#listeners.schedule();
    return { outcomes, rowsWritten: Number(hasAdded) + Number(hasFulfilled) };
  }

  override fetch(request: Request): Promise<Response> {
    return this.#listeners.fetch(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#listeners.webSocketMessage(socket, message);
  }

  override webSocketClose(socket: WebSocket): Promise<void> {
    return this.#listeners.webSocketClose(socket);
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.#listeners.webSocketError(socket);
  }

  override alarm(): Promise<void> {
    return this.#listeners.alarm();
  }

  async snapshot(): Promise<DeviceSnapshot | null | undefined> {
    return this.#isCurrent ? this.#load().snapshot : undefined;
  }

  /**
   * Decides whether a desired state follows on what its caller saw, and from then on no other may follow on the same.
   * Calls for a device come one after another, here and nowhere else. The record is merged as all others are, when it
   * comes back from D1; should it not come back, this object puts it into the queue.
   */
  async claimDesired({ deviceKey, desired, eventId, nowMs, expectedVersion }: DesiredOrder): Promise<DesiredClaim> {
    const current = this.#claims.over(this.#load().snapshot?.aspects.desired);
    if (expectedVersion !== undefined && expectedVersion !== (current?.version ?? null)) {
      return { kind: "conflict", desired: current };
    }
    const occurredAtMs = timeOfAnswer(nowMs, current?.version);
    const record = recordOf({ ...desiring(deviceKey, desired), deviceKey, eventId, occurredAtMs, nowMs });
    const parsed = parseRecord(record, nowMs);
    if (!parsed.ok) return { kind: "rejected", rejection: parsed.rejection };
    const { version, change } = parsed.event;
    const claim: Claim = { record, desired: { version, value: change.desired as DesiredState } };
    this.#claims.add(claim, Date.now());
    await this.#listeners.schedule();
    return { kind: "claimed", ...claim };
  }

  /** Claims are waiting whose callers died, or found neither D1 nor the queue. */
  async #carryClaims(nowMs: number): Promise<void> {
    const { records, dueMs } = this.#claims;
    if (dueMs === null || dueMs > nowMs) return;
    const { fault } = await sendAll(this.env.EVENTS, packParcels(records, CARRIED_BEFORE));
    if (fault !== undefined) {
      log("warn", "device.claims_refused", { records: records.length, ...faultOf(fault) });
      return this.#claims.putOff(Date.now() + CLAIM_LEASE_MS);
    }
    this.#claims.putOff(null);
    const accepted = new Tally();
    for (const { topic } of records) accepted.add(topic);
    // It may tell for others too, for which a lease must not wait.
    this.ctx.waitUntil(reportMetrics(this.env, { accepted: accepted.toCounts() }));
  }

  #watchedOf(target: LiveTarget): Watched | undefined {
    if (target.kind !== "device" || this.ctx.id.name !== target.deviceKey) return undefined;
    return { kind: "device", deviceKey: target.deviceKey };
  }

  async #register(watched: Watched, scope: Scope): Promise<boolean> {
    if (watched.kind !== "device") return false;
    const registration = await this.#watch.register(watched, (watches) =>
      watches.registerDevice(watched.deviceKey, LEASE_MS, scope),
    );
    // Whoever has lost it may come back to hear so, from a memory that is up to date.
    if (!registration) return this.#isCurrent;
    const { found, isUnbroken, consistencyToken } = registration;
    const known = this.#load();
    const memory = isUnbroken ? known : this.#caughtUp(known, found);
    this.#keep({ ...memory, consistencyToken: laterToken(known.consistencyToken, consistencyToken) });
    return true;
  }

  /** Where only watched devices are written, whatever was not watched has been missed, and the history with it. */
  #caughtUp(known: DeviceMemory, found: DeviceSnapshot): DeviceMemory {
    const joined = known.snapshot ? joinSnapshots(known.snapshot, found) : found;
    if (this.#writes === "live") return catchUp(known, { ...joined, history: [] });
    const { latest, aspects } = joined;
    const isBehind = latest !== known.snapshot?.latest || aspects !== known.snapshot.aspects;
    return isBehind ? catchUp(known, joined) : known;
  }

  #pull(target: LiveTarget, { cursor, isOngoing }: Place, scope: Scope): Pull {
    const { snapshot, journal, consistencyToken } = this.#load();
    if (target.kind !== "device" || !snapshot) return { kind: "notFound" };
    const dealerIds = scope.role === "dealer" ? scope.dealerIds : null;
    const found = { key: target.deviceKey, ...viewDevice(snapshot) };
    const isOwn = dealerIds === null || (found.dealerId !== null && dealerIds.includes(found.dealerId));
    // What it is by now is not for whoever had it before.
    const device = isOwn ? found : null;
    const changeAt = (
      revision: number,
      kind: DeviceChange["kind"],
      event: DeviceChange["event"] = null,
    ): DeviceChange => ({ revision, cursor: String(revision), consistencyToken, kind, event, device });
    const end = String(journal.revision);
    const only = (kind: DeviceChange["kind"]): Pull => {
      if (!isOwn && !isOngoing) return { kind: "notFound" };
      const items = [changeAt(journal.revision, isOwn ? kind : "lost")];
      return { kind: "items", items, cursor: end, isOver: !isOwn };
    };
    if (cursor === null) return only("snapshot");
    const told = tellBehind({ snapshot, journal }, numberIn(cursor), dealerIds);
    if (told.kind === "gap") return only("gap");
    const items = told.steps.map(({ revision, isLost, entry }) => changeAt(revision, isLost ? "lost" : "event", entry));
    return { kind: "items", items, cursor: end, isOver: told.isOver };
  }

  get #writes(): ObjectWrites {
    return ObjectWrites.parse(this.env.DEVICE_OBJECT_WRITES);
  }

  /** Whether every event of the device comes here, as far as we know. */
  get #isCurrent(): boolean {
    return this.#writes === "always" || this.#watch.isHeld();
  }

  #load(): Stored {
    this.#stored ??= this.ctx.storage.kv.get<Stored>(MEMORY) ?? { ...EMPTY_MEMORY, consistencyToken: null };
    return this.#stored;
  }

  #keep(stored: Stored): void {
    // Memory moves only after the write was taken: a failed write must not look done to the next caller.
    this.ctx.storage.kv.put(MEMORY, stored);
    this.#stored = stored;
  }
}

const MEMORY = "memory";

/** Whoever carried them may have died in front of a dealer's feed, which has to be told then. */
const CARRIED_BEFORE = { deferrals: 1 };
