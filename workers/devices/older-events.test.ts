import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import { type DeviceSnapshot, mergeSnapshot } from "#domain/snapshot.ts";
import { compareVersions, toVersion } from "#domain/version.ts";
import {
  everyEvent,
  MAX_PAGES,
  missingTo,
  noteMerge,
  type OlderEvents,
  PAGE_EVENTS,
  type Pages,
  replaceOlder,
  withGapUntil,
} from "./older-events.ts";

const START_MS = Date.UTC(2026, 10, 23);
const topic = "device.elt.status.reported";

/** Event `n` occurred `n` seconds into the day, and was received an hour later. */
const eventOf = (n: number): ConcordEvent => ({
  topic,
  deviceKey: "elt:t-1",
  eventId: `e-${n}`,
  occurredAtMs: START_MS + n * 1_000,
  version: toVersion(START_MS + n * 1_000, `e-${n}`),
  data: { n },
  change: { status: { online: true } },
});
const receivedAtMsOf = (n: number) => START_MS + n * 1_000 + 3_600_000;

/** An object's value and its pages, with the rows that are written. */
class Kept {
  readonly stored = new Map<string, unknown>();
  snapshot: DeviceSnapshot | null = null;
  older: OlderEvents | undefined;
  rows = 0;
  readonly pages = {
    get: (key: string) => this.stored.get(key),
    put: (key: string, value: unknown) => void this.stored.set(key, structuredClone(value)),
    delete: (key: string) => this.stored.delete(key),
  } as unknown as Pages;

  merge(batch: readonly number[]): void {
    const events = batch.map(eventOf);
    const { snapshot } = mergeSnapshot(this.snapshot, events);
    const { older, rowsWritten } = noteMerge(this.pages, this.older, {
      before: this.snapshot?.history ?? [],
      after: snapshot?.history ?? [],
      arrived: events.map(({ version, data }, i) => ({
        entry: { version, topic, data },
        receivedAtMs: receivedAtMsOf(batch[i] as number),
      })),
    });
    this.rows += rowsWritten + Number(snapshot !== this.snapshot || older !== this.older);
    this.snapshot = snapshot;
    this.older = older;
  }

  get numbers(): number[] {
    return this.events.map(({ data }) => (data as { n: number }).n).sort((a, b) => a - b);
  }

  get events() {
    return everyEvent(this.pages, this.snapshot?.history ?? [], this.older);
  }

  get missingTo() {
    return missingTo(this.snapshot?.history ?? [], this.older);
  }
}

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const merged = (batches: readonly (readonly number[])[]): Kept => {
  const kept = new Kept();
  for (const batch of batches) kept.merge(batch);
  return kept;
};

/** So many events, mostly in order, some of them late and some repeated. */
const drawn = fc
  .tuple(
    fc.integer({ min: 1, max: 900 }),
    fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 40 }),
    fc.integer({ min: 1, max: 130 }),
  )
  .map(([count, moves, size]) => {
    const numbers = inOrder(count);
    for (const [from, to] of moves) numbers.splice(to % numbers.length, 0, numbers[from % numbers.length] as number);
    const batches: number[][] = [];
    for (let i = 0; i < numbers.length; i += size) batches.push(numbers.slice(i, i + size));
    return { count, batches };
  });

describe("what an object keeps beyond its history", () => {
  it("is each event that it received, once, with its time, in whatever order and however often they come", () => {
    fc.assert(
      fc.property(drawn, ({ count, batches }) => {
        const kept = merged(batches);
        expect(kept.numbers).toEqual(inOrder(count));
        expect(kept.missingTo).toBeNull();
        for (const { data, receivedAtMs } of kept.events) {
          expect(receivedAtMs).toBe(receivedAtMsOf((data as { n: number }).n));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is not written when events are repeated", () => {
    fc.assert(
      fc.property(drawn, ({ batches }) => {
        const kept = merged(batches);
        const { rows } = kept;
        for (const batch of batches) kept.merge(batch);
        expect(kept.rows).toBe(rows);
      }),
      { numRuns: 60 },
    );
  });

  it("costs one row more for each hundred events", () => {
    const kept = merged(inOrder(HISTORY_LIMIT + 5 * PAGE_EVENTS).map((n) => [n]));
    expect(kept.rows).toBe(HISTORY_LIMIT + 5 * PAGE_EVENTS + 5);
  });

  it("is bounded: the newest events stay, and it says from which version on nothing is missing", () => {
    const count = HISTORY_LIMIT + (MAX_PAGES + 3) * PAGE_EVENTS + 7;
    const kept = merged(inOrder(count).map((n) => [n]));
    const dropped = 3 * PAGE_EVENTS;
    expect(kept.numbers).toEqual(inOrder(count).slice(dropped));
    expect(kept.missingTo).toBe(eventOf(dropped - 1).version);
    expect(kept.stored.size).toBe(MAX_PAGES);
    // Repetitions of what was dropped are not kept, or each would be a write.
    const { rows } = kept;
    for (let n = 0; n < count; n++) kept.merge([n]);
    expect(kept.rows).toBe(rows);
  });

  it("drops the oldest events, also if they came last, as when an archive is replayed topic by topic", () => {
    const count = HISTORY_LIMIT + (MAX_PAGES + 4) * PAGE_EVENTS;
    const half = count / 2;
    const kept = merged([...inOrder(half).map((n) => [half + n]), ...inOrder(half).map((n) => [n])]);
    const missing = kept.missingTo;
    expect(missing).not.toBeNull();
    const after = inOrder(count).filter((n) => missing !== null && compareVersions(eventOf(n).version, missing) > 0);
    expect(after.length).toBeGreaterThanOrEqual(MAX_PAGES * PAGE_EVENTS);
    expect(kept.numbers).toEqual(expect.arrayContaining(after));
  });

  it("fills pages by their size too, so that no value outgrows the platform's limit", () => {
    const wide = "x".repeat(20_000);
    const kept = new Kept();
    for (const n of inOrder(HISTORY_LIMIT + 30)) {
      const { snapshot } = mergeSnapshot(kept.snapshot, [{ ...eventOf(n), data: { n, wide } }]);
      const sides = { before: kept.snapshot?.history ?? [], after: snapshot?.history ?? [], arrived: [] };
      kept.older = noteMerge(kept.pages, kept.older, sides).older;
      kept.snapshot = snapshot;
    }
    expect(kept.numbers).toEqual(inOrder(HISTORY_LIMIT + 30));
    expect(JSON.stringify(kept.older).length).toBeLessThan(100_000);
    for (const page of kept.stored.values()) expect(JSON.stringify(page).length).toBeLessThan(100_000);
  });

  it("says of an object from before that it may miss what its full history had no room for", () => {
    const full = mergeSnapshot(null, inOrder(HISTORY_LIMIT).map(eventOf)).snapshot;
    expect(missingTo(full?.history ?? [], undefined)).toBe(eventOf(0).version);
    expect(missingTo((full?.history ?? []).slice(1), undefined)).toBeNull();
    const kept = new Kept();
    kept.snapshot = full;
    kept.merge([HISTORY_LIMIT]);
    expect(kept.numbers).toEqual(inOrder(HISTORY_LIMIT + 1));
    expect(kept.missingTo).toBe(eventOf(0).version);
  });

  it("has a gap until the newest event of those that did not reach it", () => {
    const { version } = eventOf(7);
    expect(withGapUntil(version, undefined).droppedTo).toBe(version);
    expect(withGapUntil(eventOf(3).version, withGapUntil(version, undefined)).droppedTo).toBe(version);
  });

  it("can be replaced, event by event, and safely again", () => {
    const kept = merged([inOrder(HISTORY_LIMIT + 250)]);
    const hidden = { ...eventOf(20), data: "hidden" };
    const hide = (event: ReturnType<typeof everyEvent>[number]) =>
      compareVersions(event.version, hidden.version) < 0 && event.data !== "hidden"
        ? { ...event, data: "hidden" }
        : event;
    const first = replaceOlder(kept.pages, kept.older, hide);
    kept.older = first.older;
    expect(first.replaced).toBe(20);
    expect(replaceOlder(kept.pages, kept.older, hide)).toEqual({ older: kept.older, replaced: 0 });
    expect(kept.events.filter(({ data }) => data === "hidden")).toHaveLength(20);
  });
});
