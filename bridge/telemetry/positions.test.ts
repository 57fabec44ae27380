import { beforeEach, describe, expect, it } from "vitest";
import { committed, consumed, opened, rangeOf, recordAt, TOPIC } from "./events-in-tests.ts";
import { Positions } from "./positions.ts";
import { runsOf } from "./runs.ts";

let nowMs: number;
let positions: Positions;
beforeEach(() => {
  nowMs = 100_000;
  positions = new Positions(() => nowMs, true);
});

describe("the lag of a partition", () => {
  it("is what lies between its committed offset and its high-water mark", () => {
    positions.on(opened(rangeOf({ committed: 3, latest: 10 }), rangeOf({ partition: 1, committed: 5, latest: 5 })));
    expect(positions.standings().map(({ lag }) => lag)).toEqual([7, 0]);
    expect(positions.lag).toBe(7);
    positions.on(committed(8));
    expect(positions.lag).toBe(2);
  });

  it("grows by what is read beyond the mark that is known", () => {
    positions.on(opened(rangeOf({ committed: 3, latest: 4 })));
    positions.on(consumed(recordAt(3), recordAt(4), recordAt(5)));
    expect(positions.lag).toBe(3);
  });

  it("does not go back to an offset that was looked up before a commit", () => {
    positions.on(opened(rangeOf({ committed: 3, latest: 10 })));
    positions.on(committed(10));
    positions.on({ kind: "lag", partitions: [rangeOf({ committed: 3, latest: 10 })] });
    expect(positions.lag).toBe(0);
  });

  it("without a committed offset begins at the log's beginning, or is unknown where reading does not begin there", () => {
    const range = rangeOf({ committed: null, earliest: 4, latest: 10 });
    positions.on(opened(range));
    expect(positions.lag).toBe(6);
    const latest = new Positions(() => nowMs, false);
    latest.on(opened(range));
    expect(latest.lag).toBeNull();
  });

  it("is unknown where the source cannot tell the mark", () => {
    positions.on(opened(rangeOf({ committed: 3, latest: null })));
    expect(positions.lag).toBeNull();
  });

  it("is that of the partitions of this session alone", () => {
    positions.on(opened(rangeOf({ latest: 10 })));
    positions.on({ kind: "session.ended", reason: "a rebalance", failed: false, retryInMs: 0 });
    expect(positions.standings()).toEqual([]);
  });
});

describe("the age of a topic's oldest record that is not committed", () => {
  it("counts since it was read, and since its own time", () => {
    positions.on(opened(rangeOf({ latest: 0 })));
    positions.on(consumed(recordAt(0, { timestampMs: 90_000 })));
    nowMs += 2_000;
    positions.on(consumed(recordAt(1, { timestampMs: 101_000 })));
    expect(positions.ages().get(TOPIC)).toEqual({ waitingMs: 2_000, recordMs: 12_000 });
    positions.on(committed(1));
    expect(positions.ages().get(TOPIC)).toEqual({ waitingMs: 0, recordMs: 1_000 });
    positions.on(committed(2));
    expect(positions.ages().get(TOPIC)).toEqual({ waitingMs: 0, recordMs: 0 });
  });

  it("is that of the partition whose record is the oldest", () => {
    positions.on(opened(rangeOf(), rangeOf({ partition: 1 })));
    positions.on(consumed(recordAt(0, { timestampMs: 99_000 }), recordAt(0, { partition: 1, timestampMs: 60_000 })));
    expect(positions.ages().get(TOPIC)?.recordMs).toBe(40_000);
  });
});

it("a batch is divided into runs of one partition", () => {
  const records = [recordAt(4), recordAt(6), recordAt(0, { partition: 1 }), recordAt(7)];
  const shape = runsOf(records).map(({ partition, records, from, to }) => [partition, records, from, to]);
  expect(shape).toEqual([
    [0, 2, 4, 6],
    [1, 1, 0, 0],
    [0, 1, 7, 7],
  ]);
  expect(runsOf([])).toEqual([]);
});
