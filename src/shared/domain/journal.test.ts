import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, reshuffled } from "../../../test/support/arbitraries.ts";
import {
  at,
  changesFor,
  changesIn,
  dealer,
  events,
  holderIn,
  LONG_RUNS,
  longEvents,
  memoryOf,
  profile,
  RUNS,
  steady,
} from "../../../test/support/journal-model.ts";
import type { Change } from "./change.ts";
import type { ConcordEvent } from "./event.ts";
import { HISTORY_LIMIT } from "./history.ts";
import { changesSince, EMPTY_MEMORY, mergeAndJournal, withMissedChanges } from "./journal.ts";
import type { DeviceSnapshot } from "./snapshot.ts";

const cuts = (items: readonly ConcordEvent[]) => fc.subarray(items.map((_, i) => i));

describe("mergeAndJournal", () => {
  it("gives the same memory and outcomes for single events and for any batches of them", () => {
    fc.assert(
      fc.property(
        events.chain((taken) => fc.tuple(fc.constant(taken), cuts(taken))),
        ([taken, starts]) => {
          const whole = mergeAndJournal(EMPTY_MEMORY, taken);
          for (const from of [starts, [...taken.keys()]]) {
            let memory = EMPTY_MEMORY;
            const outcomes = [0, ...from].flatMap((start, i) => {
              const batch = mergeAndJournal(memory, taken.slice(start, from[i] ?? taken.length));
              memory = batch.memory;
              return batch.outcomes;
            });
            expect(canonical(memory)).toBe(canonical(whole.memory));
            expect(outcomes).toEqual(whole.outcomes);
          }
        },
      ),
      RUNS,
    );
  });

  it("returns the same object if it has merged all events before", () => {
    fc.assert(
      fc.property(
        fc.oneof(events, longEvents).chain((taken) => fc.tuple(fc.constant(taken), reshuffled(taken))),
        ([taken, again]) => {
          const memory = memoryOf(taken);
          expect(mergeAndJournal(memory, structuredClone(again)).memory).toBe(memory);
        },
      ),
      LONG_RUNS,
    );
  });

  it("returns the same memory for a repeated assignment that had lost to another of the same version", () => {
    const memory = memoryOf([at(1, dealer("D")), at(1, dealer(null)), at(2, dealer(null))]);
    expect(mergeAndJournal(memory, [at(1, dealer("D"))]).memory).toBe(memory);
  });

  it("adds one revision for each event that changes what readers see, and for each new event about an alert", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const { journal } = memoryOf(taken);
        const expected = changesIn(taken);
        expect(journal.revision).toBe(expected.length);
        expect(journal.steps.map(({ version, topic }) => ({ version, topic }))).toEqual(
          expected.map(({ event: { version, topic } }) => ({ version, topic })),
        );
        expect(journal.holder.dealerId).toBe(holderIn(taken));
      }),
      RUNS,
    );
  });

  const known = [at(4, profile("one")), at(5, dealer("D"))];
  const alert: Change = { alert: { alertId: "A", progress: { kind: "raised" } } };
  it.each([
    ["has a new value", 3, at(6, profile("two"))],
    ["repeats the current value", 2, at(6, profile("one"))],
    ["is a duplicate", 2, at(4, profile("one"))],
    ["is superseded", 2, at(3, profile("two"))],
    ["removes the device from its dealer", 3, at(6, dealer(null))],
    ["names the same dealer again", 2, at(6, dealer("D"))],
    ["is a late assignment to an earlier dealer", 2, at(3, dealer("E"))],
    ["is about an alert", 3, at(6, alert)],
    ["is late and about an alert", 3, at(1, alert)],
  ])("a last event that %s gives revision %i", (_, revision, last) => {
    expect(memoryOf([...known, last]).journal.revision).toBe(revision);
  });

  it("counts an event about an alert once, and not at all if it is older than the history", () => {
    expect(memoryOf([at(6, alert), at(6, alert)]).journal.revision).toBe(1);
    expect(memoryOf([...steady(7, HISTORY_LIMIT), at(6, alert)]).journal.revision).toBe(HISTORY_LIMIT);
  });
});

describe("changesSince, for a subscriber who sees every device,", () => {
  it("is a gap, or each change after the revision once, in order, with its event", () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: events }, longEvents), (taken) => {
        const memory = memoryOf(taken);
        const expected = changesIn(taken);
        const history = memory.snapshot?.history ?? [];
        for (let revision = 0; revision <= memory.journal.revision; revision++) {
          const behind = expected.slice(revision).map(({ event: { version, topic } }, i) => ({
            revision: revision + i + 1,
            isLost: false,
            entry: history.find((entry) => entry.version === version && entry.topic === topic),
          }));
          const isWhole = behind.length <= HISTORY_LIMIT && behind.every(({ entry }) => entry);
          expect(changesSince(memory, revision, null)).toEqual(
            isWhole ? { kind: "changes", changes: behind, isOver: false } : { kind: "gap" },
          );
        }
      }),
      LONG_RUNS,
    );
  });

  it("gives the same changes in two calls as in one", () => {
    fc.assert(
      fc.property(fc.oneof(events, longEvents), fc.nat(), fc.nat(), (taken, a, b) => {
        const memory = memoryOf(taken);
        const { revision } = memory.journal;
        const [from = 0, cut = 0] = [a % (revision + 1), b % (revision + 1)].sort((x, y) => x - y);
        const whole = changesSince(memory, from, null);
        const rest = changesSince(memory, cut, null);
        if (whole.kind === "gap") return;
        const seen = whole.changes.slice(0, cut - from);
        expect(rest).toEqual({ ...whole, changes: whole.changes.slice(cut - from) });
        expect(seen.at(-1)?.revision ?? from).toBe(cut);
      }),
      LONG_RUNS,
    );
  });

  it("continues after the last revision that was read, whatever has been merged since", () => {
    fc.assert(
      fc.property(events, events, (first, then) => {
        const before = memoryOf(first);
        const { memory } = mergeAndJournal(before, then);
        const { changes } = changesFor(null, memory, before.journal.revision);
        const rises = changesIn([...first, ...then]).length - changesIn(first).length;
        expect(changes.map(({ revision }) => revision)).toEqual(
          Array.from({ length: rises }, (_, i) => before.journal.revision + i + 1),
        );
      }),
      RUNS,
    );
  });
});

describe("a gap", () => {
  const hundredAndTen = memoryOf(steady(1, HISTORY_LIMIT + 10));

  it.each([
    ["above that of the journal", 111],
    ["that is no number", Number.NaN],
    ["that is no integer", 109.5],
    ["below zero", -1],
    ["whose next step has been dropped", 9],
  ])("is the answer to a revision %s", (_, revision) => {
    expect(changesSince(hundredAndTen, revision, null)).toEqual({ kind: "gap" });
  });

  it.each([
    [10, HISTORY_LIMIT],
    [110, 0],
  ])("is not the answer to revision %i, after which %i steps are stored", (revision, count) => {
    expect(changesFor(null, hundredAndTen, revision).changes).toHaveLength(count);
  });

  it("is the answer where an event changed something and is older than the history", () => {
    const { memory, outcomes } = mergeAndJournal(memoryOf(steady(10, HISTORY_LIMIT)), [
      at(1, { status: { online: true } }),
    ]);
    expect(outcomes).toEqual(["applied"]);
    expect(memory.journal.revision).toBe(HISTORY_LIMIT + 1);
    expect(changesSince(memory, HISTORY_LIMIT, null)).toEqual({ kind: "gap" });
    expect(changesFor(null, memory, HISTORY_LIMIT + 1).changes).toEqual([]);
  });
});

describe("withMissedChanges", () => {
  const missed = memoryOf([at(1, dealer("D")), at(2, profile("one")), at(3, profile("two"))])
    .snapshot as DeviceSnapshot;
  const caughtUp = withMissedChanges(memoryOf([at(1, dealer("D"))]), missed);

  it("is a gap for an older cursor, and nothing for one that begins there", () => {
    expect(caughtUp.journal.revision).toBe(2);
    for (const dealerIds of [null, ["D"]]) {
      expect(changesSince(caughtUp, 0, dealerIds)).toEqual({ kind: "gap" });
      expect(changesSince(caughtUp, 1, dealerIds)).toEqual({ kind: "gap" });
      expect(changesSince(caughtUp, 2, dealerIds)).toEqual({ kind: "changes", changes: [], isOver: false });
    }
    expect(changesSince(caughtUp, 2, ["E"])).toEqual({ kind: "changes", changes: [], isOver: true });
  });

  it("stores the snapshot as it is", () => {
    expect(caughtUp.snapshot).toBe(missed);
  });

  it("takes the holder and the start of its time from the newest assignment", () => {
    const { memory } = mergeAndJournal(caughtUp, [at(0, { status: { online: true } }), at(4, profile("three"))]);
    expect(changesFor(["D"], memory, 2).changes.map(({ entry }) => entry?.version ?? null)).toEqual([
      null,
      at(4, profile("three")).version,
    ]);
  });

  it("is followed by further changes, and by the loss of the device", () => {
    const { memory } = mergeAndJournal(caughtUp, [at(4, dealer("E"))]);
    expect(changesFor(null, memory, 2).changes).toHaveLength(1);
    expect(changesSince(memory, 2, ["D"])).toEqual({
      kind: "changes",
      changes: [{ revision: 3, isLost: true, entry: null }],
      isOver: true,
    });
  });
});
