import type { Aspects } from "./device.ts";
import type { ConcordEvent } from "./event.ts";
import { HISTORY_LIMIT, type History, type HistoryEntry, hasEntry } from "./history.ts";
import type { MergeOutcome } from "./outcome.ts";
import { compareRegisters } from "./register.ts";
import { type DeviceSnapshot, mergeSnapshot } from "./snapshot.ts";
import { compareVersions, type Version } from "./version.ts";

/** The dealer who has a device, and the latest version since which that is certain. Both null before the first dealer. */
export type Holder = { readonly dealerId: string | null; readonly since: Version | null };

/** An event that changed a device, and the holder after it. */
export type Step = Pick<HistoryEntry, "version" | "topic"> & { readonly holder: Holder };

/**
 * The order in which this replica applied a device's events: its n-th change is revision n. The join itself has no
 * order, but subscribers need one, so that a cursor can say how far they have read. Other replicas have another order.
 */
export type Journal = {
  readonly revision: number;
  /** The newest steps, oldest first and without gaps; the last one led to `revision`. */
  readonly steps: readonly Step[];
  /** The holder before the first of `steps`. */
  readonly base: Holder;
  readonly holder: Holder;
};

const NOBODY: Holder = { dealerId: null, since: null };

export const EMPTY_JOURNAL: Journal = { revision: 0, steps: [], base: NOBODY, holder: NOBODY };

/** What the object of a device stores. */
export type DeviceMemory = { readonly snapshot: DeviceSnapshot | null; readonly journal: Journal };

export const EMPTY_MEMORY: DeviceMemory = { snapshot: null, journal: EMPTY_JOURNAL };

export type Merged = { readonly memory: DeviceMemory; readonly outcomes: readonly MergeOutcome[] };

/** Merges events into the snapshot and adds those that changed something to the journal. @returns `memory` itself if nothing changed */
export function mergeAndJournal(memory: DeviceMemory, events: readonly ConcordEvent[]): Merged {
  const outcomes: MergeOutcome[] = [];
  let { snapshot, journal } = memory;
  for (const event of events) {
    const merged = mergeSnapshot(snapshot, [event]);
    const outcome = merged.outcomes[0] as MergeOutcome;
    journal = withHolder(journal, event, merged.snapshot);
    if (isVisibleChange(event, outcome, merged.snapshot)) journal = withStep(journal, event);
    snapshot = merged.snapshot;
    outcomes.push(outcome);
  }
  const hasAdded = snapshot !== memory.snapshot || journal !== memory.journal;
  return { memory: hasAdded ? { snapshot, journal } : memory, outcomes };
}

/** A snapshot holds no alerts, so an event about one counts as a change if it is recent enough for the history. */
const isVisibleChange = (event: ConcordEvent, outcome: MergeOutcome, snapshot: DeviceSnapshot | null): boolean =>
  outcome === "applied" ||
  (event.change.alert !== undefined && outcome === "superseded" && hasEntry(snapshot?.history ?? [], event));

function withStep({ revision, steps, base, holder }: Journal, { version, topic }: ConcordEvent): Journal {
  const isFull = steps.length >= HISTORY_LIMIT;
  return {
    revision: revision + 1,
    steps: [...(isFull ? steps.slice(1) : steps), { version, topic, holder }],
    base: isFull ? (steps[0] as Step).holder : base,
    holder,
  };
}

/** A late assignment leaves the dealer register as it is, and may still shorten a dealer's interval. */
function withHolder(journal: Journal, event: ConcordEvent, snapshot: DeviceSnapshot | null): Journal {
  const newest = snapshot?.aspects.dealer;
  if (event.change.dealer === undefined || !newest) return journal;
  const holder = holderAfter(journal.holder, event, newest);
  const steps = withCorrectedHolders(journal.steps, event, newest);
  return holder === journal.holder && steps === journal.steps ? journal : { ...journal, steps, holder };
}

/**
 * After a late assignment, the holder of the steps between it and the newest assignment is no longer certain: their
 * `since` becomes null. A subscriber that resumes then does not get events that a query would not show it.
 */
function withCorrectedHolders(
  steps: readonly Step[],
  { version, change }: ConcordEvent,
  newest: NonNullable<Aspects["dealer"]>,
): readonly Step[] {
  const named = change.dealer?.dealerId ?? null;
  const isDoubtful = ({ version: at, holder }: Step) =>
    holder.dealerId !== named && isAfterStart(holder, { version, named }) && compareVersions(version, at) <= 0;
  const isKnown = ({ version: at, holder }: Step) =>
    holder.dealerId === newest.value.dealerId && compareVersions(newest.version, at) <= 0;
  const noted = steps.map((step) => {
    if (step.holder.dealerId === null || (step.holder.since !== null && !isDoubtful(step))) return step;
    const since = isKnown(step) ? newest.version : null;
    return since === step.holder.since ? step : { ...step, holder: { ...step.holder, since } };
  });
  return noted.every((step, i) => step === steps[i]) ? steps : noted;
}

function holderAfter(
  holder: Holder,
  { version, change }: ConcordEvent,
  newest: NonNullable<Aspects["dealer"]>,
): Holder {
  const { dealerId } = newest.value;
  if (dealerId !== holder.dealerId) return { dealerId, since: newest.version };
  // A late assignment: another dealer had the device in between.
  const named = change.dealer?.dealerId ?? null;
  const isInBetween = named !== dealerId && isAfterStart(holder, { version, named });
  return isInBetween ? { dealerId, since: newest.version } : holder;
}

/** Two assignments may claim the same version. The greater content wins, in the order that registers use. */
const isAfterStart = (
  { dealerId, since }: Holder,
  { version, named }: { readonly version: Version; readonly named: string | null },
): boolean =>
  since !== null && compareRegisters<string | null>({ version, value: named }, { version: since, value: dealerId }) > 0;

/**
 * Replaces the snapshot by one with changes that were not journaled. They become one revision without steps, so that
 * subscribers with an older cursor get a gap.
 */
export function withMissedChanges({ journal }: DeviceMemory, snapshot: DeviceSnapshot): DeviceMemory {
  const newest = snapshot.aspects.dealer;
  const holder = newest ? { dealerId: newest.value.dealerId, since: newest.version } : NOBODY;
  return { snapshot, journal: { revision: journal.revision + 1, steps: [], base: holder, holder } };
}

export type Change = {
  readonly revision: number;
  /** The subscriber's dealer has lost the device; always the last change. */
  readonly isLost: boolean;
  /** `null` if the device was not the subscriber's when the event occurred. */
  readonly entry: HistoryEntry | null;
};

export type Changes =
  | { readonly kind: "changes"; readonly changes: readonly Change[]; readonly isOver: boolean }
  /** Some of the changes since that revision are no longer stored. */
  | { readonly kind: "gap" };

/**
 * The changes after a revision, oldest first, as far as a query of the same subscriber would show them now. If its
 * dealer has lost the device, it gets that one change only: it may no longer read what happened before.
 * @param dealerIds the subscriber's; `null` if it may see every device
 */
export function changesSince(
  { journal, snapshot }: DeviceMemory,
  revision: number,
  dealerIds: readonly string[] | null,
): Changes {
  const first = journal.steps.length - (journal.revision - revision);
  if (!Number.isInteger(revision) || revision > journal.revision || first < 0) return { kind: "gap" };
  const isOwn = ({ dealerId }: Holder) => dealerIds === null || (dealerId !== null && dealerIds.includes(dealerId));
  const steps = journal.steps.slice(first);
  const seen = journal.steps[first - 1]?.holder ?? journal.base;
  if (!isOwn(journal.holder)) {
    const lostAt = isOwn(seen) ? steps.findIndex(({ holder }) => !isOwn(holder)) : -1;
    const changes = lostAt < 0 ? [] : [{ revision: revision + lostAt + 1, isLost: true, entry: null }];
    return { kind: "changes", changes, isOver: true };
  }
  const changes: Change[] = [];
  let before = seen;
  for (const [i, step] of steps.entries()) {
    const entry = findEntry(snapshot?.history ?? [], step);
    if (!entry) return { kind: "gap" };
    const isLost = !isOwn(step.holder);
    const isSkipped = isLost && !isOwn(before);
    before = step.holder;
    if (isSkipped) continue;
    const isReadable = !isLost && (dealerIds === null || isHeldAt(step.holder, step.version));
    changes.push({ revision: revision + i + 1, isLost, entry: isReadable ? entry : null });
    if (isLost) return { kind: "changes", changes, isOver: true };
  }
  return { kind: "changes", changes, isOver: false };
}

const isHeldAt = ({ since }: Holder, version: Version): boolean =>
  since !== null && compareVersions(version, since) >= 0;

const findEntry = (history: History, { version, topic }: Step): HistoryEntry | undefined =>
  history.find((entry) => entry.version === version && entry.topic === topic);
