import { expect, it } from "vitest";
import type { BridgeEvent } from "../events.ts";
import type { PartitionRange } from "../source.ts";
import type { StartFrom } from "../source-settings.ts";
import { knownRangesOf, type OffsetLookup, StartPositions } from "./positions.ts";

const TOPIC = "device.elt.status.reported";

const range = (members: Partial<PartitionRange> = {}): PartitionRange => ({
  topic: TOPIC,
  partition: 0,
  committed: null,
  earliest: 10,
  latest: 50,
  ...members,
});

const lookup = (since: readonly (readonly [string, number])[] = []): OffsetLookup => ({
  committed: async () => new Map(),
  earliest: async () => new Map(),
  latest: async () => new Map(),
  since: async () => new Map(since),
});

function starts(from: StartFrom, counts: readonly (readonly [string, number])[] = [[TOPIC, 1]]) {
  const events: BridgeEvent[] = [];
  const positions = new StartPositions(from, (event) => events.push(event));
  positions.learn(new Map(counts));
  return { positions, events };
}

const begin = async (from: StartFrom, found: PartitionRange) => {
  const { positions, events } = starts(from);
  const [start] = await positions.of([found], lookup([[`${TOPIC}-0`, 33]]));
  return { offset: start?.offset, isMoved: start?.isMoved, events };
};

it.each([
  ["earliest", 10, false],
  ["latest", 50, true],
  [{ timestampMs: 7 }, 33, true],
] as const)("a partition without a position begins at %j", async (from, offset, isMoved) => {
  expect(await begin(from, range())).toEqual({ offset, isMoved, events: [] });
});

it("a committed position counts before anything else", async () => {
  expect(await begin("latest", range({ committed: 20 }))).toEqual({ offset: 20, isMoved: false, events: [] });
});

it("a position that retention has run over moves to what is left", async () => {
  expect(await begin("latest", range({ committed: 4 }))).toMatchObject({ offset: 10, isMoved: true });
});

it("a position behind the end begins again, and that is reported", async () => {
  const { offset, isMoved, events } = await begin("latest", range({ committed: 70 }));
  expect({ offset, isMoved }).toEqual({ offset: 10, isMoved: true });
  expect(events).toEqual([{ kind: "position.reset", topic: TOPIC, partition: 0, committed: 70, to: 10 }]);
});

it("a start at the end does not move on with the end while nothing is committed", async () => {
  const { positions } = starts("latest");
  await positions.of([range({ latest: 50 })], lookup());
  const [again] = await positions.of([range({ latest: 90 })], lookup());
  expect(again?.offset).toBe(50);
});

it("topics and partitions that are made later begin at their beginning", async () => {
  const { positions } = starts("latest");
  const later = await positions.of([range({ partition: 1 }), range({ topic: "device.elt.alert.raised" })], lookup());
  expect(later.map(({ offset }) => offset)).toEqual([10, 10]);
});

it("a log without a known end is an error, and not a position", async () => {
  const { positions } = starts("latest");
  await expect(positions.of([range({ latest: null })], lookup())).rejects.toThrow(`${TOPIC}-0`);
});

it("what cannot be looked up is not known, and the rest is", async () => {
  const failing = {
    ...lookup(),
    latest: () => Promise.reject(new Error("no leader")),
    committed: async () => new Map([[`${TOPIC}-0`, 3]]),
  };
  expect(await knownRangesOf(failing, [{ topic: TOPIC, partition: 0 }])).toEqual([
    range({ committed: 3, earliest: null, latest: null }),
  ]);
});
