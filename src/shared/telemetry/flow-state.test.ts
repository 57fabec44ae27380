import { describe, expect, it } from "vitest";
import { type Seen, toFlowState, toSourceState } from "./flow-state.ts";

const NOW_MS = Date.UTC(2026, 10, 27, 12);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** A topic with an event a minute, of which one has just come. */
const seen = ({ gapMs = 0, ...more }: Partial<Seen> & { gapMs?: number } = {}): Seen => ({
  nowMs: NOW_MS,
  lastReceivedAtMs: NOW_MS - gapMs,
  rhythm: { records: 7 * 24 * 60, spanMs: 7 * DAY, longestGapMs: 0 },
  waiting: 0,
  receivedLately: 0,
  hasSettledLately: true,
  settled: 5,
  deadLettered: 0,
  ...more,
});

describe("a topic with an event a minute", () => {
  it.each([
    [30_000, "flowing"],
    [4 * MINUTE, "quiet"],
    [9 * MINUTE, "quiet"],
    [11 * MINUTE, "late"],
    [40 * DAY, "silent"],
  ])("of which nothing came for %d ms is %s", (gapMs, state) => {
    expect(toFlowState(seen({ gapMs }))).toBe(state);
  });

  it("is late only when its silence is longer than its nights", () => {
    const rhythm = { records: 7 * 24 * 60, spanMs: 7 * DAY, longestGapMs: 9 * HOUR };
    expect(toFlowState(seen({ gapMs: 10 * HOUR, rhythm }))).toBe("quiet");
    expect(toFlowState(seen({ gapMs: 14 * HOUR, rhythm }))).toBe("late");
  });
});

it("a topic with a few events a week has no rhythm to be late by", () => {
  const rhythm = { records: 5, spanMs: 7 * DAY, longestGapMs: 40 * HOUR };
  expect(toFlowState(seen({ gapMs: 6 * DAY, rhythm }))).toBe("quiet");
});

it("a topic that never had a record is silent", () => {
  expect(toFlowState(seen({ lastReceivedAtMs: null, rhythm: { records: 0, spanMs: 0, longestGapMs: 0 } }))).toBe(
    "silent",
  );
});

describe("a topic of which dead letters come", () => {
  it("is failing when all records that settled lately are dead letters", () => {
    expect(toFlowState(seen({ settled: 3, deadLettered: 3 }))).toBe("failing");
  });

  it("is flowing while some of its records pass", () => {
    expect(toFlowState(seen({ settled: 300, deadLettered: 299 }))).toBe("flowing");
    expect(toFlowState(seen({ settled: 0, deadLettered: 0 }))).toBe("flowing");
  });

  it("is quiet or late like any other once no record arrives any more", () => {
    expect(toFlowState(seen({ gapMs: 4 * MINUTE, settled: 3, deadLettered: 3 }))).toBe("quiet");
    expect(toFlowState(seen({ gapMs: 11 * MINUTE, settled: 3, deadLettered: 3 }))).toBe("late");
  });
});

describe("a source", () => {
  it.each([
    [["quiet", "quiet", "silent"], "quiet"],
    [["late", "quiet"], "late"],
    [["late", "flowing", "failing"], "flowing"],
    [["failing", "late", "quiet"], "failing"],
    [["flowing", "stalled"], "stalled"],
    [[], "silent"],
  ] as const)("with topics that are %j is %s", (topics, state) => {
    expect(toSourceState(topics)).toBe(state);
  });
});

describe("records that wait", () => {
  it("are stalled when they arrived minutes ago and nothing settles", () => {
    expect(toFlowState(seen({ waiting: 9, receivedLately: 4, hasSettledLately: false }))).toBe("stalled");
  });

  it("are in flight when they have just arrived", () => {
    expect(toFlowState(seen({ waiting: 4, receivedLately: 4, hasSettledLately: false }))).toBe("flowing");
  });

  it("are being worked off when others settle", () => {
    expect(toFlowState(seen({ waiting: 900, receivedLately: 4 }))).toBe("flowing");
  });

  it("stall a topic that gets no more records, too", () => {
    expect(toFlowState(seen({ gapMs: 20 * MINUTE, waiting: 1, hasSettledLately: false }))).toBe("stalled");
  });
});
