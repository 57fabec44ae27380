import * as fc from "fast-check";
import type { Change } from "#domain/change.ts";
import { type ConcordEvent, deviceKeyOf } from "#domain/event.ts";
import { HISTORY_LIMIT, hasEntry } from "#domain/history.ts";
import { changesSince, type DeviceMemory, EMPTY_MEMORY, mergeAndJournal } from "#domain/journal.ts";
import { type DeviceSnapshot, mergeSnapshot } from "#domain/snapshot.ts";
import { compareText, compareVersions, type Version } from "#domain/version.ts";
import { canonical, event, eventOf, START_MS } from "./arbitraries.ts";
import { cases } from "./property-budget.ts";

export const RUNS = cases(500);
/** Each over more than a hundred events. */
export const LONG_RUNS = cases(50);

export const dealer = (id: string | null): Change => ({ dealer: id === null ? null : { dealerId: id, name: id } });
export const profile = (name: string): Change => ({ profile: { name } });
export const at = (step: number, change: Change): ConcordEvent =>
  eventOf({ occurredAtMs: START_MS + step, eventId: `evt-${step}`, change });
/** As many events as asked for, each of which changes something. */
export const steady = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => at(from + i, profile(`name ${from + i}`)));

const oneDevice = event.map((drawn) => ({ ...drawn, deviceKey: deviceKeyOf("elt", "1") }));
/** Of few kinds and moments, so that a device goes to and fro, and events come late from between; four to a moment. */
const handover = fc
  .tuple(fc.nat({ max: 6 }), fc.constantFrom(...[null, "D", "D", "E"].map(dealer), ...["x", "y"].map(profile)))
  .map(([step, change]) => eventOf({ occurredAtMs: START_MS + (step >> 2), eventId: `evt-${step}`, change }));
export const events = fc.oneof(
  fc.array(oneDevice, { maxLength: 16 }),
  fc.array(handover, { minLength: 4, maxLength: 12 }),
);
/** Among so many others that steps fall off, or late events are older than all that the history holds. */
export const longEvents = fc
  .tuple(events, events, fc.constantFrom(-1000, 1000), fc.integer({ min: HISTORY_LIMIT - 16, max: HISTORY_LIMIT + 4 }))
  .map(([before, behind, from, count]) => [...before, ...steady(from, count), ...behind]);
export const SUBSCRIBERS = [[], ["D"], ["E"], ["D!"], ["D", "E"]];

export const memoryOf = (taken: readonly ConcordEvent[]): DeviceMemory => mergeAndJournal(EMPTY_MEMORY, taken).memory;

/** What a reader of the registers sees, without its versions. */
const contentOf = (snapshot: DeviceSnapshot | null): string =>
  canonical(Object.entries(snapshot?.aspects ?? {}).map(([name, { value }]) => [name, value]));

/** The events that change something when they are merged, each with all events up to it. */
export function changesIn(taken: readonly ConcordEvent[]): { event: ConcordEvent; known: readonly ConcordEvent[] }[] {
  let snapshot: DeviceSnapshot | null = null;
  return taken.flatMap((event, i) => {
    const before: DeviceSnapshot | null = snapshot;
    snapshot = mergeSnapshot(before, [event]).snapshot;
    const isChange = event.change.alert
      ? !hasEntry(before?.history ?? [], event) && hasEntry(snapshot?.history ?? [], event)
      : contentOf(before) !== contentOf(snapshot);
    return isChange ? [{ event, known: taken.slice(0, i + 1) }] : [];
  });
}

/** Assignments, oldest first; of two with the same version the winning one comes last. */
export const assignmentsIn = (known: readonly ConcordEvent[]) =>
  known
    .filter(({ change }) => change.dealer !== undefined)
    .map(({ version, change }) => ({ version, dealerId: change.dealer?.dealerId ?? null }))
    .sort(
      (a, b) =>
        compareVersions(a.version, b.version) || compareText(JSON.stringify(a.dealerId), JSON.stringify(b.dealerId)),
    );
/** The dealer who has the device after these events, or had it at a version. */
export const holderIn = (known: readonly ConcordEvent[], version?: Version): string | null =>
  assignmentsIn(known).findLast((one) => version === undefined || compareVersions(one.version, version) <= 0)
    ?.dealerId ?? null;

export const changesFor = (dealerIds: readonly string[] | null, memory: DeviceMemory, revision: number) => {
  const found = changesSince(memory, revision, dealerIds);
  if (found.kind === "gap") throw new Error("unexpected gap");
  return found;
};
