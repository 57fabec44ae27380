import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, event, eventOf, reshuffled, START_MS } from "../../../test/support/arbitraries.ts";
import type { Change } from "./change.ts";
import { type ConcordEvent, deviceKeyOf } from "./event.ts";
import { HISTORY_LIMIT, remembers } from "./history.ts";
import { catchUp, type DeviceMemory, EMPTY_MEMORY, remember, tellBehind } from "./journal.ts";
import { type DeviceSnapshot, mergeSnapshot } from "./snapshot.ts";
import { compareText, compareVersions, type Version } from "./version.ts";

const RUNS = { numRuns: 500 };
/** Each over more than a hundred events. */
const LONG_RUNS = { numRuns: 50 };

const dealer = (id: string | null): Change => ({ dealer: id === null ? null : { dealerId: id, name: id } });
const profile = (name: string): Change => ({ profile: { name } });
const at = (step: number, change: Change): ConcordEvent =>
  eventOf({ occurredAtMs: START_MS + step, eventId: `evt-${step}`, change });
/** As many events as asked for, each of which changes something. */
const steady = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => at(from + i, profile(`name ${from + i}`)));

const oneDevice = event.map((drawn) => ({ ...drawn, deviceKey: deviceKeyOf("elt", "1") }));
/** Of few kinds and moments, so that a device goes to and fro, and events come late from between; four to a moment. */
const handover = fc
  .tuple(fc.nat({ max: 6 }), fc.constantFrom(...[null, "D", "D", "E"].map(dealer), ...["x", "y"].map(profile)))
  .map(([step, change]) => eventOf({ occurredAtMs: START_MS + (step >> 2), eventId: `evt-${step}`, change }));
const events = fc.oneof(fc.array(oneDevice, { maxLength: 16 }), fc.array(handover, { minLength: 4, maxLength: 12 }));
/** Among so many others that steps fall off, or late events are older than all that the history holds. */
const longEvents = fc
  .tuple(events, events, fc.constantFrom(-1000, 1000), fc.integer({ min: HISTORY_LIMIT - 16, max: HISTORY_LIMIT + 4 }))
  .map(([before, behind, from, count]) => [...before, ...steady(from, count), ...behind]);
const LISTENERS = [[], ["D"], ["E"], ["D!"], ["D", "E"]];

const memoryOf = (taken: readonly ConcordEvent[]): DeviceMemory => remember(EMPTY_MEMORY, taken).memory;
const cuts = (items: readonly ConcordEvent[]) => fc.subarray(items.map((_, i) => i));

/** What a reader of the registers sees, without its versions. */
const contentOf = (snapshot: DeviceSnapshot | null): string =>
  canonical(Object.entries(snapshot?.aspects ?? {}).map(([name, { value }]) => [name, value]));

/** The events that are news where they stand, each with all that were taken up to it. */
function newsIn(taken: readonly ConcordEvent[]): { event: ConcordEvent; known: readonly ConcordEvent[] }[] {
  let snapshot: DeviceSnapshot | null = null;
  return taken.flatMap((event, i) => {
    const before: DeviceSnapshot | null = snapshot;
    snapshot = mergeSnapshot(before, [event]).snapshot;
    const isNews = event.change.alert
      ? !remembers(before?.history ?? [], event) && remembers(snapshot?.history ?? [], event)
      : contentOf(before) !== contentOf(snapshot);
    return isNews ? [{ event, known: taken.slice(0, i + 1) }] : [];
  });
}

/** Assignments in order of time; of those that claim one version, the one that counts comes last. */
const assignmentsIn = (known: readonly ConcordEvent[]) =>
  known
    .filter(({ change }) => change.dealer !== undefined)
    .map(({ version, change }) => ({ version, dealerId: change.dealer?.dealerId ?? null }))
    .sort(
      (a, b) =>
        compareVersions(a.version, b.version) || compareText(JSON.stringify(a.dealerId), JSON.stringify(b.dealerId)),
    );
/** Who has the device by what is known, or had it when something of that version occurred. */
const holderIn = (known: readonly ConcordEvent[], version?: Version): string | null =>
  assignmentsIn(known).findLast((one) => version === undefined || compareVersions(one.version, version) <= 0)
    ?.dealerId ?? null;

const toldTo = (dealerIds: readonly string[] | null, memory: DeviceMemory, revision: number) => {
  const told = tellBehind(memory, revision, dealerIds);
  if (told.kind === "gap") throw new Error("it told of a gap");
  return told;
};

describe("remembering events", () => {
  it("gives the same memory and outcomes one by one and in any batches", () => {
    fc.assert(
      fc.property(
        events.chain((taken) => fc.tuple(fc.constant(taken), cuts(taken))),
        ([taken, starts]) => {
          const whole = remember(EMPTY_MEMORY, taken);
          for (const from of [starts, [...taken.keys()]]) {
            let memory = EMPTY_MEMORY;
            const outcomes = [0, ...from].flatMap((start, i) => {
              const batch = remember(memory, taken.slice(start, from[i] ?? taken.length));
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

  it("gives the very memory back when it took them all before", () => {
    fc.assert(
      fc.property(
        fc.oneof(events, longEvents).chain((taken) => fc.tuple(fc.constant(taken), reshuffled(taken))),
        ([taken, again]) => {
          const memory = memoryOf(taken);
          expect(remember(memory, structuredClone(again)).memory).toBe(memory);
        },
      ),
      LONG_RUNS,
    );
  });

  it("gives the very memory back for an assignment that had lost to another of its version", () => {
    const memory = memoryOf([at(1, dealer("D")), at(1, dealer(null)), at(2, dealer(null))]);
    expect(remember(memory, [at(1, dealer("D"))]).memory).toBe(memory);
  });

  it("counts one revision for each that changes what can be seen, and for each alert that is new", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const { journal } = memoryOf(taken);
        const news = newsIn(taken);
        expect(journal.revision).toBe(news.length);
        expect(journal.steps.map(({ version, topic }) => ({ version, topic }))).toEqual(
          news.map(({ event: { version, topic } }) => ({ version, topic })),
        );
        expect(journal.holder.dealerId).toBe(holderIn(taken));
      }),
      RUNS,
    );
  });

  const known = [at(4, profile("one")), at(5, dealer("D"))];
  const alert: Change = { alert: { alertId: "A", progress: { kind: "raised" } } };
  it.each([
    ["says something new", 3, at(6, profile("two"))],
    ["says what was known", 2, at(6, profile("one"))],
    ["was taken before", 2, at(4, profile("one"))],
    ["was overtaken", 2, at(3, profile("two"))],
    ["takes the device away", 3, at(6, dealer(null))],
    ["names the same dealer again", 2, at(6, dealer("D"))],
    ["assigns it late, and not to the last", 2, at(3, dealer("E"))],
    ["is about an alert", 3, at(6, alert)],
    ["is late and about an alert", 3, at(1, alert)],
  ])("of which the last %s gives revision %i", (_, revision, last) => {
    expect(memoryOf([...known, last]).journal.revision).toBe(revision);
  });

  it("takes an alert once, and not at all when it is older than what the history holds", () => {
    expect(memoryOf([at(6, alert), at(6, alert)]).journal.revision).toBe(1);
    expect(memoryOf([...steady(7, HISTORY_LIMIT), at(6, alert)]).journal.revision).toBe(HISTORY_LIMIT);
  });
});

describe("telling whoever sees everything", () => {
  it("is of a gap, or of each step behind the revision once, in order, with its event", () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: events }, longEvents), (taken) => {
        const memory = memoryOf(taken);
        const news = newsIn(taken);
        const history = memory.snapshot?.history ?? [];
        for (let revision = 0; revision <= memory.journal.revision; revision++) {
          const behind = news.slice(revision).map(({ event: { version, topic } }, i) => ({
            revision: revision + i + 1,
            isLost: false,
            entry: history.find((entry) => entry.version === version && entry.topic === topic),
          }));
          const isWhole = behind.length <= HISTORY_LIMIT && behind.every(({ entry }) => entry);
          expect(tellBehind(memory, revision, null)).toEqual(
            isWhole ? { kind: "steps", steps: behind, isOver: false } : { kind: "gap" },
          );
        }
      }),
      LONG_RUNS,
    );
  });

  it("in two parts is telling in one", () => {
    fc.assert(
      fc.property(fc.oneof(events, longEvents), fc.nat(), fc.nat(), (taken, a, b) => {
        const memory = memoryOf(taken);
        const { revision } = memory.journal;
        const [from = 0, cut = 0] = [a % (revision + 1), b % (revision + 1)].sort((x, y) => x - y);
        const whole = tellBehind(memory, from, null);
        const rest = tellBehind(memory, cut, null);
        if (whole.kind === "gap") return;
        const seen = whole.steps.slice(0, cut - from);
        expect(rest).toEqual({ ...whole, steps: whole.steps.slice(cut - from) });
        expect(seen.at(-1)?.revision ?? from).toBe(cut);
      }),
      LONG_RUNS,
    );
  });

  it("goes on where the last telling ended, whatever came since", () => {
    fc.assert(
      fc.property(events, events, (first, then) => {
        const before = memoryOf(first);
        const { memory } = remember(before, then);
        const { steps } = toldTo(null, memory, before.journal.revision);
        const rises = newsIn([...first, ...then]).length - newsIn(first).length;
        expect(steps.map(({ revision }) => revision)).toEqual(
          Array.from({ length: rises }, (_, i) => before.journal.revision + i + 1),
        );
      }),
      RUNS,
    );
  });
});

describe("telling a dealer", () => {
  it("is of each step into his hands, in them and out of them, up to where he first loses the device", () => {
    fc.assert(
      fc.property(events, fc.constantFrom(...LISTENERS), fc.nat(), (taken, dealerIds, any) => {
        const memory = memoryOf(taken);
        const holders = [null, ...newsIn(taken).map(({ known }) => holderIn(known))];
        const isOwn = holders.map((holder) => holder !== null && dealerIds.includes(holder));
        const from = any % isOwn.length;
        const his = [...isOwn.keys()].filter((n) => n > from && (isOwn[n] || isOwn[n - 1]));
        const lost = his.find((n) => !isOwn[n]);
        const isStillHis = isOwn.at(-1);
        const { steps, isOver } = toldTo(dealerIds, memory, from);
        // Whoever has lost it for good hears of that alone, and only if it was his where he left off.
        const told = isStillHis
          ? his.filter((n) => lost === undefined || n <= lost)
          : isOwn[from] && lost !== undefined
            ? [lost]
            : [];
        expect(steps.map(({ revision, isLost }) => ({ revision, isLost }))).toEqual(
          told.map((revision) => ({ revision, isLost: revision === lost })),
        );
        expect(isOver).toBe(!isStillHis || lost !== undefined);
      }),
      RUNS,
    );
  });

  it("shows no event that a query would deny him by now, and each that occurred since the newest assignment", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const memory = memoryOf(taken);
        const news = newsIn(taken);
        const newest = assignmentsIn(taken).at(-1)?.version;
        const told = LISTENERS.flatMap((dealerIds) =>
          [...news.keys()].flatMap((from) =>
            toldTo(dealerIds, memory, from).steps.map((step) => ({ dealerIds, ...step })),
          ),
        );
        for (const { dealerIds, revision, isLost, entry } of told) {
          const step = news[revision - 1];
          if (!step) throw new Error("it told of a step that never was");
          if (!entry) {
            // Unless it was another's as it was known when it came; or two claim one version, of which one counts.
            const order = newest === undefined ? 1 : compareVersions(step.event.version, newest);
            const wasAnothers = holderIn(step.known, step.event.version) !== holderIn(taken, step.event.version);
            expect(isLost || order <= 0 || wasAnothers).toBe(true);
            continue;
          }
          expect(isLost).toBe(false);
          expect([entry.version, entry.topic]).toEqual([step.event.version, step.event.topic]);
          expect(dealerIds).toContain(holderIn(taken));
          expect(dealerIds).toContain(holderIn(taken, entry.version));
        }
      }),
      RUNS,
    );
  });

  /** What D is told behind a revision: of what occurred when, or that something did (·), or that it is lost (!). */
  const heard = (memory: DeviceMemory, revision = 0): string => {
    const { steps, isOver } = toldTo(["D"], memory, revision);
    const marks = steps.map(({ isLost, entry }) =>
      isLost ? "!" : entry ? String(Date.parse(entry.version.split("/")[0] as string) - START_MS) : "·",
    );
    return [...marks, ...(isOver ? ["over"] : [])].join(" ");
  };

  it.each([
    ["his from the first", "1 2", [at(1, dealer("D")), at(2, profile("x"))]],
    ["lost to another", "over", [at(1, dealer("D")), at(2, dealer("E")), at(3, profile("x"))]],
    ["taken from him and given to nobody", "over", [at(1, dealer("D")), at(2, dealer(null))]],
    ["lost and given back", "1 ! over", [at(1, dealer("D")), at(2, dealer("E")), at(3, dealer("D"))]],
    ["never his", "over", [at(1, dealer("E")), at(2, profile("x"))]],
    ["another's first", "2 3", [at(1, dealer("E")), at(2, dealer("D")), at(3, profile("x"))]],
    ["his by now, with a late event from before", "5 ·", [at(5, dealer("D")), at(3, profile("x"))]],
    [
      "his, and another's before as is heard late",
      "5 6",
      [at(5, dealer("D")), at(3, dealer("E")), at(6, profile("x"))],
    ],
    [
      "another's between two times of his, as is heard late",
      "1 · 6",
      [at(1, dealer("D")), at(5, dealer("D")), at(3, dealer("E")), at(4, profile("x")), at(6, profile("y"))],
    ],
    [
      "nobody's between two times of his, as is heard late",
      "1 · 6",
      [at(1, dealer("D")), at(5, dealer("D")), at(3, dealer(null)), at(4, profile("x")), at(6, profile("y"))],
    ],
    [
      "nobody's between two times of his, by another event of the first one's version",
      "· · 6",
      [at(1, dealer("D")), at(5, dealer("D")), at(1, dealer(null)), at(4, profile("x")), at(6, profile("y"))],
    ],
  ])("of a device that is %s says: %s", (_, said, taken) => {
    expect(heard(memoryOf(taken))).toBe(said);
  });

  it("is of the loss alone to whoever left off while it was his", () => {
    const memory = memoryOf([at(1, dealer("D")), at(2, profile("x")), at(3, profile("y")), at(4, dealer("E"))]);
    expect([0, 1, 2, 3, 4].map((revision) => heard(memory, revision))).toEqual([
      "over",
      "! over",
      "! over",
      "! over",
      "over",
    ]);
  });

  it("keeps what occurred in another's time to itself, though he was told of it before that was known", () => {
    const early = [at(1, dealer("D")), at(4, profile("x"))];
    expect(heard(memoryOf(early), 1)).toBe("4");
    expect(heard(memoryOf([...early, at(5, dealer("D")), at(3, dealer("E"))]), 1)).toBe("·");
    expect(heard(memoryOf([...early, at(3, dealer("E")), at(5, dealer("D"))]), 1)).toBe("· ! over");
  });

  it("goes on with a device that came back, behind what came between", () => {
    const memory = memoryOf([at(1, dealer("D")), at(2, dealer("E")), at(3, profile("x")), at(4, dealer("D"))]);
    expect(heard(memory, 2)).toBe("4");
  });

  it("says that it is lost even in the oldest step that is remembered", () => {
    const taken = [at(1, dealer("D")), ...steady(2, 9), at(11, dealer("E")), ...steady(12, HISTORY_LIMIT - 1)];
    expect(heard(memoryOf(taken), 10)).toBe("! over");
  });
});

describe("a gap", () => {
  const hundredAndTen = memoryOf(steady(1, HISTORY_LIMIT + 10));

  it.each([
    ["above the journal's", 111],
    ["of no number", Number.NaN],
    ["between two", 109.5],
    ["below nothing", -1],
    ["behind which a step fell off", 9],
  ])("is behind a revision %s", (_, revision) => {
    expect(tellBehind(hundredAndTen, revision, null)).toEqual({ kind: "gap" });
  });

  it.each([
    [10, HISTORY_LIMIT],
    [110, 0],
  ])("is not behind revision %i, where %i steps are remembered", (revision, count) => {
    expect(toldTo(null, hundredAndTen, revision).steps).toHaveLength(count);
  });

  it("is where an event changed something and is older than all that the history holds", () => {
    const { memory, outcomes } = remember(memoryOf(steady(10, HISTORY_LIMIT)), [at(1, { status: { online: true } })]);
    expect(outcomes).toEqual(["applied"]);
    expect(memory.journal.revision).toBe(HISTORY_LIMIT + 1);
    expect(tellBehind(memory, HISTORY_LIMIT, null)).toEqual({ kind: "gap" });
    expect(toldTo(null, memory, HISTORY_LIMIT + 1).steps).toEqual([]);
  });
});

describe("catching up", () => {
  const missed = memoryOf([at(1, dealer("D")), at(2, profile("one")), at(3, profile("two"))])
    .snapshot as DeviceSnapshot;
  const caughtUp = catchUp(memoryOf([at(1, dealer("D"))]), missed);

  it("is a gap to whoever saw less, and nothing to whoever begins there", () => {
    expect(caughtUp.journal.revision).toBe(2);
    for (const dealerIds of [null, ["D"]]) {
      expect(tellBehind(caughtUp, 0, dealerIds)).toEqual({ kind: "gap" });
      expect(tellBehind(caughtUp, 1, dealerIds)).toEqual({ kind: "gap" });
      expect(tellBehind(caughtUp, 2, dealerIds)).toEqual({ kind: "steps", steps: [], isOver: false });
    }
    expect(tellBehind(caughtUp, 2, ["E"])).toEqual({ kind: "steps", steps: [], isOver: true });
  });

  it("takes the snapshot as it was given", () => {
    expect(caughtUp.snapshot).toBe(missed);
  });

  it("knows since when the dealer has the device at the latest", () => {
    const { memory } = remember(caughtUp, [at(0, { status: { online: true } }), at(4, profile("three"))]);
    expect(toldTo(["D"], memory, 2).steps.map(({ entry }) => entry?.version ?? null)).toEqual([
      null,
      at(4, profile("three")).version,
    ]);
  });

  it("is followed by steps as ever, and by the loss of the device", () => {
    const { memory } = remember(caughtUp, [at(4, dealer("E"))]);
    expect(toldTo(null, memory, 2).steps).toHaveLength(1);
    expect(tellBehind(memory, 2, ["D"])).toEqual({
      kind: "steps",
      steps: [{ revision: 3, isLost: true, entry: null }],
      isOver: true,
    });
  });
});
