import type { Aspects } from "./device.ts";
import type { ConcordEvent } from "./event.ts";
import { HISTORY_LIMIT, type History, type HistoryEntry, remembers } from "./history.ts";
import type { MergeOutcome } from "./outcome.ts";
import { compareRegisters } from "./register.ts";
import { type DeviceSnapshot, mergeSnapshot } from "./snapshot.ts";
import { compareVersions, type Version } from "./version.ts";

/** Who has a device, and since when at the latest. Both null before anybody had it. */
export type Holder = { readonly dealerId: string | null; readonly since: Version | null };

/** An event that changed what is known of a device, and who had the device behind it. */
export type Step = Pick<HistoryEntry, "version" | "topic"> & { readonly holder: Holder };

/**
 * The order in which a device took its events: its n-th change is revision n. A device is a join and has no order of
 * its own; whoever watches it needs one, to say how far he has seen it. Unlike the join it is this one replica's.
 */
export type Journal = {
  readonly revision: number;
  /** The newest steps without a hole between them, oldest first; the last one led to `revision`. */
  readonly steps: readonly Step[];
  /** Who had the device in front of the steps. */
  readonly base: Holder;
  readonly holder: Holder;
};

const NOBODY: Holder = { dealerId: null, since: null };

export const EMPTY_JOURNAL: Journal = { revision: 0, steps: [], base: NOBODY, holder: NOBODY };

/** What one device remembers of itself. */
export type DeviceMemory = { readonly snapshot: DeviceSnapshot | null; readonly journal: Journal };

export const EMPTY_MEMORY: DeviceMemory = { snapshot: null, journal: EMPTY_JOURNAL };

export type Remembered = { readonly memory: DeviceMemory; readonly outcomes: readonly MergeOutcome[] };

/** Merges events and notes each that changed something. `memory` comes back itself when the events add nothing. */
export function remember(memory: DeviceMemory, events: readonly ConcordEvent[]): Remembered {
  const outcomes: MergeOutcome[] = [];
  let { snapshot, journal } = memory;
  for (const event of events) {
    const merged = mergeSnapshot(snapshot, [event]);
    const outcome = merged.outcomes[0] as MergeOutcome;
    journal = noteHolder(journal, event, merged.snapshot);
    if (isNews(event, outcome, merged.snapshot)) journal = noteStep(journal, event);
    snapshot = merged.snapshot;
    outcomes.push(outcome);
  }
  const hasAdded = snapshot !== memory.snapshot || journal !== memory.journal;
  return { memory: hasAdded ? { snapshot, journal } : memory, outcomes };
}

/** A snapshot holds no alerts, so an event about one is news when the history takes it in. */
const isNews = (event: ConcordEvent, outcome: MergeOutcome, snapshot: DeviceSnapshot | null): boolean =>
  outcome === "applied" ||
  (event.change.alert !== undefined && outcome === "superseded" && remembers(snapshot?.history ?? [], event));

function noteStep({ revision, steps, base, holder }: Journal, { version, topic }: ConcordEvent): Journal {
  const isFull = steps.length >= HISTORY_LIMIT;
  return {
    revision: revision + 1,
    steps: [...(isFull ? steps.slice(1) : steps), { version, topic, holder }],
    base: isFull ? (steps[0] as Step).holder : base,
    holder,
  };
}

/** An assignment that comes too late to change anything may still shorten somebody's time. */
function noteHolder(journal: Journal, event: ConcordEvent, snapshot: DeviceSnapshot | null): Journal {
  const newest = snapshot?.aspects.dealer;
  if (event.change.dealer === undefined || !newest) return journal;
  const holder = holderAfter(journal.holder, event, newest);
  const steps = stepsAfter(journal.steps, event, newest);
  return holder === journal.holder && steps === journal.steps ? journal : { ...journal, steps, holder };
}

/**
 * A late assignment says that from then on somebody else had the device. Whose the steps behind it were is known again
 * from the newest assignment on; those in between are nobody's, so that a subscriber who comes back is not told of what
 * a query denies.
 */
function stepsAfter(
  steps: readonly Step[],
  { version, change }: ConcordEvent,
  newest: NonNullable<Aspects["dealer"]>,
): readonly Step[] {
  const named = change.dealer?.dealerId ?? null;
  const isDoubtful = ({ version: at, holder }: Step) =>
    holder.dealerId !== named && isBehindStart(holder, { version, named }) && compareVersions(version, at) <= 0;
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
  // It was somebody else's in between, as we hear only now.
  const named = change.dealer?.dealerId ?? null;
  const isInBetween = named !== dealerId && isBehindStart(holder, { version, named });
  return isInBetween ? { dealerId, since: newest.version } : holder;
}

/** Two assignments may claim one version; content decides, in the very order that registers use. */
const isBehindStart = (
  { dealerId, since }: Holder,
  { version, named }: { readonly version: Version; readonly named: string | null },
): boolean =>
  since !== null && compareRegisters<string | null>({ version, value: named }, { version: since, value: dealerId }) > 0;

/**
 * Takes in what a device came to while nobody noted its steps: one revision for all of it, without a step, so that
 * whoever saw less is told of the gap.
 */
export function catchUp({ journal }: DeviceMemory, snapshot: DeviceSnapshot): DeviceMemory {
  const newest = snapshot.aspects.dealer;
  const holder = newest ? { dealerId: newest.value.dealerId, since: newest.version } : NOBODY;
  return { snapshot, journal: { revision: journal.revision + 1, steps: [], base: holder, holder } };
}

export type ToldStep = {
  readonly revision: number;
  /** `isLost` is told to whom the device was taken from, as the last thing. */
  readonly isLost: boolean;
  /** `null` where it occurred while the device was not the listener's. */
  readonly entry: HistoryEntry | null;
};

export type Told =
  | { readonly kind: "steps"; readonly steps: readonly ToldStep[]; readonly isOver: boolean }
  /** Something behind that revision is not remembered any more. */
  | { readonly kind: "gap" };

/**
 * What happened behind a revision, oldest first, as far as a query would show it to the same listener by now. Whoever
 * has lost the device is told of that and of nothing else: what occurred before is not his to read any more.
 * @param dealerIds of the listener; `null` for one who sees every device
 */
export function tellBehind(
  { journal, snapshot }: DeviceMemory,
  revision: number,
  dealerIds: readonly string[] | null,
): Told {
  const first = journal.steps.length - (journal.revision - revision);
  if (!Number.isInteger(revision) || revision > journal.revision || first < 0) return { kind: "gap" };
  const isOwn = ({ dealerId }: Holder) => dealerIds === null || (dealerId !== null && dealerIds.includes(dealerId));
  const steps = journal.steps.slice(first);
  const seen = journal.steps[first - 1]?.holder ?? journal.base;
  if (!isOwn(journal.holder)) {
    const lostAt = isOwn(seen) ? steps.findIndex(({ holder }) => !isOwn(holder)) : -1;
    const told = lostAt < 0 ? [] : [{ revision: revision + lostAt + 1, isLost: true, entry: null }];
    return { kind: "steps", steps: told, isOver: true };
  }
  const told: ToldStep[] = [];
  let before = seen;
  for (const [i, step] of steps.entries()) {
    const entry = entryOf(snapshot?.history ?? [], step);
    if (!entry) return { kind: "gap" };
    const isLost = !isOwn(step.holder);
    const isPassedOver = isLost && !isOwn(before);
    before = step.holder;
    if (isPassedOver) continue;
    const isHeard = !isLost && (dealerIds === null || isSince(step.holder, step.version));
    told.push({ revision: revision + i + 1, isLost, entry: isHeard ? entry : null });
    if (isLost) return { kind: "steps", steps: told, isOver: true };
  }
  return { kind: "steps", steps: told, isOver: false };
}

const isSince = ({ since }: Holder, version: Version): boolean =>
  since !== null && compareVersions(version, since) >= 0;

const entryOf = (history: History, { version, topic }: Step): HistoryEntry | undefined =>
  history.find((entry) => entry.version === version && entry.topic === topic);
