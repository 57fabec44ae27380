import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { START_MS } from "../../../test/support/arbitraries.ts";
import {
  assignmentsIn,
  at,
  changesFor,
  changesIn,
  dealer,
  events,
  holderIn,
  memoryOf,
  profile,
  RUNS,
  SUBSCRIBERS,
  steady,
} from "../../../test/support/journal-model.ts";
import { HISTORY_LIMIT } from "./history.ts";
import type { DeviceMemory } from "./journal.ts";
import { compareVersions } from "./version.ts";

describe("changesSince, for a dealer,", () => {
  it("gives the changes while the dealer has the device, with its gain and its first loss", () => {
    fc.assert(
      fc.property(events, fc.constantFrom(...SUBSCRIBERS), fc.nat(), (taken, dealerIds, any) => {
        const memory = memoryOf(taken);
        const holders = [null, ...changesIn(taken).map(({ known }) => holderIn(known))];
        const isOwn = holders.map((holder) => holder !== null && dealerIds.includes(holder));
        const from = any % isOwn.length;
        const own = [...isOwn.keys()].filter((n) => n > from && (isOwn[n] || isOwn[n - 1]));
        const lost = own.find((n) => !isOwn[n]);
        const isStillOwn = isOwn.at(-1);
        const { changes, isOver } = changesFor(dealerIds, memory, from);
        // A dealer who no longer has the device gets the loss alone, and only if it had the device at its cursor.
        const visible = isStillOwn
          ? own.filter((n) => lost === undefined || n <= lost)
          : isOwn[from] && lost !== undefined
            ? [lost]
            : [];
        expect(changes.map(({ revision, isLost }) => ({ revision, isLost }))).toEqual(
          visible.map((revision) => ({ revision, isLost: revision === lost })),
        );
        expect(isOver).toBe(!isStillOwn || lost !== undefined);
      }),
      RUNS,
    );
  });

  it("shows no event that a query of the dealer would hide now, and all since the newest assignment", () => {
    fc.assert(
      fc.property(events, (taken) => {
        const memory = memoryOf(taken);
        const expected = changesIn(taken);
        const newest = assignmentsIn(taken).at(-1)?.version;
        const changes = SUBSCRIBERS.flatMap((dealerIds) =>
          [...expected.keys()].flatMap((from) =>
            changesFor(dealerIds, memory, from).changes.map((step) => ({ dealerIds, ...step })),
          ),
        );
        for (const { dealerIds, revision, isLost, entry } of changes) {
          const step = expected[revision - 1];
          if (!step) throw new Error("a change that is not in the journal");
          if (!entry) {
            // Hidden too: events that were another dealer's as far as was known on arrival, and the loser of two with one version.
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

  /** What D receives after a revision: the time of each event, `·` for one without content, `!` for the loss. */
  const received = (memory: DeviceMemory, revision = 0): string => {
    const { changes, isOver } = changesFor(["D"], memory, revision);
    const marks = changes.map(({ isLost, entry }) =>
      isLost ? "!" : entry ? String(Date.parse(entry.version.split("/")[0] as string) - START_MS) : "·",
    );
    return [...marks, ...(isOver ? ["over"] : [])].join(" ");
  };

  it.each([
    ["its own from the start", "1 2", [at(1, dealer("D")), at(2, profile("x"))]],
    ["now another dealer's", "over", [at(1, dealer("D")), at(2, dealer("E")), at(3, profile("x"))]],
    ["now no dealer's", "over", [at(1, dealer("D")), at(2, dealer(null))]],
    ["lost and given back", "1 ! over", [at(1, dealer("D")), at(2, dealer("E")), at(3, dealer("D"))]],
    ["never its own", "over", [at(1, dealer("E")), at(2, profile("x"))]],
    ["another dealer's at first", "2 3", [at(1, dealer("E")), at(2, dealer("D")), at(3, profile("x"))]],
    ["its own now, with a late event from before", "5 ·", [at(5, dealer("D")), at(3, profile("x"))]],
    [
      "its own, after a late event that gives it to another dealer before",
      "5 6",
      [at(5, dealer("D")), at(3, dealer("E")), at(6, profile("x"))],
    ],
    [
      "its own twice, with a late event that gives it to another dealer in between",
      "1 · 6",
      [at(1, dealer("D")), at(5, dealer("D")), at(3, dealer("E")), at(4, profile("x")), at(6, profile("y"))],
    ],
    [
      "its own twice, with a late event that gives it to no dealer in between",
      "1 · 6",
      [at(1, dealer("D")), at(5, dealer("D")), at(3, dealer(null)), at(4, profile("x")), at(6, profile("y"))],
    ],
    [
      "its own twice, with a removal of the same version as the first assignment",
      "· · 6",
      [at(1, dealer("D")), at(5, dealer("D")), at(1, dealer(null)), at(4, profile("x")), at(6, profile("y"))],
    ],
  ])("for a device that is %s: %s", (_, expected, taken) => {
    expect(received(memoryOf(taken))).toBe(expected);
  });

  it("gives the loss alone to a dealer who has lost the device since its cursor", () => {
    const memory = memoryOf([at(1, dealer("D")), at(2, profile("x")), at(3, profile("y")), at(4, dealer("E"))]);
    expect([0, 1, 2, 3, 4].map((revision) => received(memory, revision))).toEqual([
      "over",
      "! over",
      "! over",
      "! over",
      "over",
    ]);
  });

  it("hides an event from another dealer's time, even if it was delivered before that assignment arrived", () => {
    const early = [at(1, dealer("D")), at(4, profile("x"))];
    expect(received(memoryOf(early), 1)).toBe("4");
    expect(received(memoryOf([...early, at(5, dealer("D")), at(3, dealer("E"))]), 1)).toBe("·");
    expect(received(memoryOf([...early, at(3, dealer("E")), at(5, dealer("D"))]), 1)).toBe("· ! over");
  });

  it("continues for a device that the dealer got back, after the events in between", () => {
    const memory = memoryOf([at(1, dealer("D")), at(2, dealer("E")), at(3, profile("x")), at(4, dealer("D"))]);
    expect(received(memory, 2)).toBe("4");
  });

  it("gives the loss even if it is the oldest step in the journal", () => {
    const taken = [at(1, dealer("D")), ...steady(2, 9), at(11, dealer("E")), ...steady(12, HISTORY_LIMIT - 1)];
    expect(received(memoryOf(taken), 10)).toBe("! over");
  });
});
