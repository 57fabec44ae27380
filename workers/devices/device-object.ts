import type { Scope } from "#auth/scope.ts";
import { desiredStateEvent } from "#contracts/commands.ts";
import { adoptSnapshot } from "#domain/adopt.ts";
import type { By, DesiredState } from "#domain/change.ts";
import { timeAfter } from "#domain/command.ts";
import type { ConcordEvent } from "#domain/event.ts";
import { changesSince, type DeviceMemory, EMPTY_MEMORY, mergeAndJournal, withMissedChanges } from "#domain/journal.ts";
import { type DeviceSnapshot, type DeviceSnapshotSource, joinSnapshots } from "#domain/snapshot.ts";
import type { ForgetReport, ForgetSink } from "#objects/forget.ts";
import type { DeviceItem, LiveTarget, Pull } from "#objects/item.ts";
import { ObjectWrites } from "#objects/object-writes.ts";
import type { RebuildSink, RebuiltObject } from "#objects/rebuild.ts";
import type {
  Claim,
  DesiredClaim,
  DesiredOrder,
  DeviceEventSource,
  DeviceSink,
  KeptEvents,
  ObjectMergeReport,
} from "#objects/requests.ts";
import { toCommandRecord } from "#queue/command-record.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { sendAll } from "#queue/pack.ts";
import { packParcels } from "#queue/parcel.ts";
import { laterToken } from "#repositories/consistency.ts";
import { seenDevice } from "#repositories/device.ts";
import { seenEntry } from "#repositories/history.ts";
import type { Watched } from "#repositories/watch.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { Tally } from "#telemetry/metrics.ts";
import { reportMetrics } from "#telemetry/report.ts";
import { CLAIM_LEASE_MS, Claims } from "./claims.ts";
import { ForgottenUntil, redactEntry, redactSnapshot } from "./forgotten/forgotten-until.ts";
import { parseCursor } from "./live/cursor.ts";
import { LEASE_MS } from "./live/lease.ts";
import { LiveObject } from "./live/live-object.ts";
import type { ReadPosition } from "./live/source.ts";
import { Subscribers } from "./live/subscribers.ts";
import { Watch } from "./live/watch.ts";
import { noteMerge, type OlderEvents, replaceOlder, rewriteEvents, withGapUntil } from "./older-events.ts";
import { adoptEventsOf, compareEvents, type EventsOfValue, eventsOfValue } from "./rebuilt/events.ts";
import { RebuiltValue } from "./rebuilt/rebuilt-value.ts";

/** Stored as one value, so that a write is billed as one row. */
type Stored = DeviceMemory & {
  /** A read with this token sees everything in it. */
  readonly consistencyToken: string | null;
  /** Absent in an object from before it kept events that leave the history. */
  readonly older?: OlderEvents;
};

/** One device: its registers, its recent history and its subscribers. It hibernates while nothing happens. */
export class DeviceObject
  extends LiveObject
  implements DeviceSnapshotSource, DeviceSink, DeviceEventSource, RebuildSink, ForgetSink
{
  #stored: Stored | undefined;
  readonly #claims = new Claims(this.ctx.storage.kv);
  readonly #rebuilt = new RebuiltValue(this.ctx.storage.kv);
  readonly #forgotten = new ForgottenUntil(this.ctx.storage.kv);
  readonly #watch = new Watch(this.ctx.storage.kv, () => this.env.DB);
  protected override readonly subscribers = new Subscribers({
    ctx: this.ctx,
    env: () => this.env,
    kind: "device",
    watch: this.#watch,
    source: {
      mayWatch: () => true,
      watchTarget: (target) => this.#watchTarget(target),
      register: (watched, scope) => this.#register(watched, scope),
      pull: (target, from, scope) => this.#pull(target, from, scope),
      position: () => positionIn(this.#load()),
    },
    chore: { dueMs: () => this.#claims.dueMs, run: (nowMs) => this.#sendOverdueClaims(nowMs) },
  });

  /**
   * Merges events, delivers what they changed to the sockets of subscribers, and returns offers for the hubs. An event that
   * is known already writes nothing. Safe to retry with the same events.
   * @param consistencyToken a read with it sees what the events did
   * @param carriesOffers whether the caller carries the offers to the hubs; if not, this object calls each hub itself
   * @param receivedAtMs when the record of each event was received
   */
  async merge(
    events: ConcordEvent[],
    consistencyToken: string | null = null,
    carriesOffers = false,
    receivedAtMs: readonly number[] = [],
  ): Promise<ObjectMergeReport> {
    const known = this.#load();
    const taken = this.#forgotten.redact(events);
    const { memory, outcomes } = mergeAndJournal(known, taken);
    const { older, rowsWritten } = noteMerge(this.ctx.storage.kv, known.older, {
      before: known.snapshot?.history ?? [],
      after: memory.snapshot?.history ?? [],
      arrived: taken.map(({ version, topic, data }, i) => ({
        entry: { version, topic, data },
        receivedAtMs: receivedAtMs[i],
      })),
    });
    const hasAdded = memory !== known || older !== known.older;
    const token = laterToken(known.consistencyToken, consistencyToken);
    if (hasAdded) this.#store({ ...memory, consistencyToken: token }, older);
    const rowsFollowed = this.#rebuilt.follow(taken, receivedAtMs);
    const offers = this.subscribers.notifyFrom(positionIn(known), carriesOffers);
    const hasRemovedClaims = this.#claims.removeMerged(events);
    if (hasRemovedClaims) await this.subscribers.schedule();
    const others = Number(hasRemovedClaims) + rowsFollowed;
    return { outcomes, rowsWritten: Number(hasAdded) + rowsWritten + others, offers };
  }

  async replay(
    events: ConcordEvent[],
    receivedAtMs: readonly number[] = [],
  ): Promise<{ isKept: boolean; rowsWritten: number }> {
    if (this.#writes !== "always") return { isKept: false, rowsWritten: 0 };
    return { isKept: true, rowsWritten: this.#rebuilt.replay(this.#forgotten.redact(events), receivedAtMs) };
  }

  async readRebuilt(): Promise<RebuiltObject> {
    if (this.#writes !== "always") return { isKept: false };
    const { snapshot, journal } = this.#load();
    const { snapshot: rebuilt, events } = this.#rebuilt;
    const differing = events ? compareEvents(this.#events, events) : [];
    return { isKept: true, live: snapshot, rebuilt, revision: journal.revision, events: differing };
  }

  async adoptRebuilt(given: DeviceSnapshot | null = null): Promise<{ isChanged: boolean; revision: number }> {
    const known = this.#load();
    const { snapshot, events: archived } = this.#rebuilt;
    const right = snapshot ?? given;
    const unchanged = { isChanged: false, revision: known.journal.revision };
    if (!right) return unchanged;
    const events = archived && adoptEventsOf(this.#events, archived);
    const registers = known.snapshot ? adoptSnapshot(known.snapshot, right) : right;
    if (events === null && registers === known.snapshot) return unchanged;
    const { history, older } = events
      ? rewriteEvents(this.ctx.storage.kv, known.older, { ...events, droppedTo: events.missingTo })
      : { history: registers.history, older: known.older };
    // Subscribers get a gap, also if only older events differ: who draws them asks for them again.
    const memory = withMissedChanges(known, { ...registers, history });
    this.#store({ ...memory, consistencyToken: known.consistencyToken }, older);
    this.subscribers.notifyFrom(positionIn(known));
    return { isChanged: true, revision: memory.journal.revision };
  }

  async dropRebuilt(): Promise<void> {
    this.#rebuilt.drop();
  }

  async forget(untilMs: number): Promise<ForgetReport> {
    const until = this.#forgotten.note(untilMs);
    const rebuilt = this.#rebuilt.forget(until);
    const known = this.#load();
    const live = known.snapshot && redactSnapshot(known.snapshot, until);
    const { older, replaced } = replaceOlder(this.ctx.storage.kv, known.older, (event) => redactEntry(event, until));
    const isChanged = live !== null && live.snapshot !== known.snapshot;
    if (isChanged || older !== known.older) {
      // Subscribers get a gap, and read what is left.
      const memory = isChanged ? withMissedChanges(known, live.snapshot) : known;
      this.#store({ ...memory, consistencyToken: known.consistencyToken }, older);
      if (isChanged) this.subscribers.notifyFrom(positionIn(known));
    }
    const commands = this.#claims.redact(until);
    return { events: (live?.changed ?? 0) + rebuilt + replaced + commands, isChanged };
  }

  async snapshot(): Promise<DeviceSnapshot | null | undefined> {
    return this.#isCurrent ? this.#load().snapshot : undefined;
  }

  /** Of every event that the object has. It cannot know that nothing is missing where events reach it only while it is watched. */
  async eventsSince(receivedAtMs: number, beforeMs: number | null = null): Promise<KeptEvents> {
    const { events, missingTo } = this.#events;
    return {
      events: events.filter(
        ({ receivedAtMs: at }) => at === null || at >= receivedAtMs || (beforeMs !== null && at < beforeMs),
      ),
      isWhole: this.#writes === "always" && missingTo === null,
    };
  }

  /**
   * Compare-and-set of the desired state: claims it if the version is still `expectedVersion`. Only this object decides,
   * so of several callers with the same expected version one succeeds. The caller merges the record into D1 and then
   * here; if it does not within `CLAIM_LEASE_MS`, this object sends the record to the queue.
   */
  async claimDesired({ deviceKey, desired, by, eventId, nowMs, expectedVersion }: DesiredOrder): Promise<DesiredClaim> {
    const current = this.#claims.newestDesired(this.#load().snapshot?.aspects.desired);
    if (expectedVersion !== undefined && expectedVersion !== (current?.version ?? null)) {
      return { kind: "conflict", desired: current };
    }
    const occurredAtMs = timeAfter(nowMs, current?.version);
    const record = toCommandRecord({
      ...desiredStateEvent(deviceKey, desired, by),
      deviceKey,
      eventId,
      occurredAtMs,
      nowMs,
    });
    const parsed = parseStamped(record, nowMs);
    if (!parsed.ok) return { kind: "rejected", rejection: parsed.rejection };
    const { version, change } = parsed.event;
    const claim: Claim = { record, desired: { version, value: change.desired as DesiredState & By } };
    this.#claims.add(claim, Date.now());
    await this.subscribers.schedule();
    return { kind: "claimed", ...claim };
  }

  /** Sends claims to the queue whose callers crashed, or reached neither D1 nor the queue. */
  async #sendOverdueClaims(nowMs: number): Promise<void> {
    const { records, dueMs } = this.#claims;
    if (dueMs === null || dueMs > nowMs) return;
    const { fault } = await sendAll(this.env.EVENTS, packParcels(records, CLAIM_PARCEL));
    if (fault !== undefined) {
      log("warn", "device.claims_refused", { records: records.length, ...describeFault(fault) });
      return this.#claims.postpone(Date.now() + CLAIM_LEASE_MS);
    }
    this.#claims.postpone(null);
    const accepted = new Tally();
    for (const { topic } of records) accepted.add(topic);
    // Not awaited: the alarm also renews the watch, which must not wait for metrics.
    this.ctx.waitUntil(reportMetrics(this.env, { accepted: accepted.toCounts() }));
  }

  #watchTarget(target: LiveTarget): Watched | undefined {
    if (target.kind !== "device" || this.ctx.id.name !== target.deviceKey) return undefined;
    return { kind: "device", deviceKey: target.deviceKey };
  }

  async #register(watched: Watched, scope: Scope): Promise<boolean> {
    if (watched.kind !== "device") return false;
    const registration = await this.#watch.register(watched, (watches) =>
      watches.registerDevice(watched.deviceKey, LEASE_MS, scope),
    );
    // A dealer who has lost the device may resume to receive that loss, as long as this object is up to date.
    if (!registration) return this.#isCurrent;
    const { found, isContinuous, consistencyToken } = registration;
    const known = this.#load();
    const memory = isContinuous ? known : this.#withMissed(known, found);
    const older = memory === known ? known.older : withGapUntil(found.latest, known.older);
    this.#store({ ...memory, consistencyToken: laterToken(known.consistencyToken, consistencyToken) }, older);
    if (memory !== known) this.subscribers.notifyFrom(positionIn(known));
    return true;
  }

  /** Adds what was missed without a watch. If objects are written only while watched, the history is missing and is cleared. */
  #withMissed(known: DeviceMemory, found: DeviceSnapshot): DeviceMemory {
    const joined = known.snapshot ? joinSnapshots(known.snapshot, found) : found;
    if (this.#writes === "live") return withMissedChanges(known, { ...joined, history: [] });
    const { latest, aspects } = joined;
    const isBehind = latest !== known.snapshot?.latest || aspects !== known.snapshot.aspects;
    return isBehind ? withMissedChanges(known, joined) : known;
  }

  #pull(target: LiveTarget, { cursor, isOngoing }: ReadPosition, scope: Scope): Pull {
    const { snapshot, journal, consistencyToken } = this.#load();
    if (target.kind !== "device" || !snapshot) return { kind: "notFound" };
    const dealerIds = scope.role === "dealer" ? scope.dealerIds : null;
    const found = seenDevice(scope, target.deviceKey, snapshot);
    const isOwn = dealerIds === null || (found.dealerId !== null && dealerIds.includes(found.dealerId));
    // A former dealer may not see the current device.
    const device = isOwn ? found : null;
    const changeAt = (revision: number, kind: DeviceItem["kind"], event: DeviceItem["event"] = null): DeviceItem => ({
      deviceKey: target.deviceKey,
      revision,
      cursor: String(revision),
      consistencyToken,
      kind,
      event,
      device,
    });
    const end = String(journal.revision);
    const only = (kind: DeviceItem["kind"]): Pull => {
      if (!isOwn && !isOngoing) return { kind: "notFound" };
      const items = [changeAt(journal.revision, isOwn ? kind : "lost")];
      return { kind: "items", items, cursor: end, isOver: !isOwn };
    };
    if (cursor === null) return only("snapshot");
    const since = changesSince({ snapshot, journal }, parseCursor(cursor), dealerIds);
    if (since.kind === "gap") return only("gap");
    const items = since.changes.map(({ revision, isLost, entry }) =>
      changeAt(revision, isLost ? "lost" : "event", entry && seenEntry(scope, entry)),
    );
    return { kind: "items", items, cursor: end, isOver: since.isOver };
  }

  get #events(): EventsOfValue {
    const { snapshot, older } = this.#load();
    return eventsOfValue(this.ctx.storage.kv, snapshot?.history ?? [], older);
  }

  get #writes(): ObjectWrites {
    return ObjectWrites.parse(this.env.DEVICE_OBJECT_WRITES);
  }

  /** Whether every event of the device is sent to this object. */
  get #isCurrent(): boolean {
    return this.#writes === "always" || this.#watch.isHeld();
  }

  #load(): Stored {
    this.#stored ??= this.ctx.storage.kv.get<Stored>(MEMORY) ?? { ...EMPTY_MEMORY, consistencyToken: null };
    return this.#stored;
  }

  /** @param older what is kept beyond the history; if absent, what was */
  #store({ snapshot, journal, consistencyToken }: Omit<Stored, "older">, older = this.#load().older): void {
    const stored: Stored = { snapshot, journal, consistencyToken, ...(older && { older }) };
    // The field is set after the write: a write that throws must not look done to the next caller.
    this.ctx.storage.kv.put(MEMORY, stored);
    this.#stored = stored;
  }
}

const MEMORY = "memory";

const positionIn = ({ journal }: DeviceMemory): string => String(journal.revision);

/** Marks the parcel as deferred, so that the consumer announces its records again: the first attempt may have crashed before it did. */
const CLAIM_PARCEL = { deferrals: 1 };
