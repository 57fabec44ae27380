import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameOf, type Position } from "../kafka-record.ts";
import type { Encoded } from "./encode.ts";
import { Lanes, type Parcel } from "./lanes.ts";

const LIMITS = { records: 5, bytes: 100, lingerMs: 20 };
const entry = (at: Position, bytes = 10): Encoded => ({ at, text: "", bytes });
const at = (offset: number, partition = 0, topic = "t"): Position => ({ topic, partition, offset });
const offsetsOf = (parcel: Parcel | undefined): number[] | undefined => parcel?.entries.map((each) => each.at.offset);
const all = (parcel: Parcel): boolean[] => parcel.entries.map(() => true);

function lanesWith(...positions: Position[]): Lanes {
  const lanes = new Lanes(LIMITS);
  for (const position of positions) lanes.add(entry(position), 0);
  return lanes;
}

describe("a parcel", () => {
  it("waits for others until its oldest record has waited long enough", () => {
    const lanes = lanesWith(at(0), at(1));
    expect(lanes.dueAtMs).toBe(20);
    expect(lanes.take(19)).toBeUndefined();
    expect(offsetsOf(lanes.take(20))).toEqual([0, 1]);
  });

  it("goes at once when it is full of records, or of bytes, or when it is the last", () => {
    expect(offsetsOf(lanesWith(...[0, 1, 2, 3, 4, 5].map((n) => at(n))).take(0))).toEqual([0, 1, 2, 3, 4]);
    const large = new Lanes(LIMITS);
    for (const offset of [0, 1, 2]) large.add(entry(at(offset), 45), 0);
    expect(offsetsOf(large.take(0))).toEqual([0, 1]);
    expect(offsetsOf(lanesWith(at(0)).take(0, true))).toEqual([0]);
  });

  it("has one record that is larger than a request should be, since it has to travel somehow", () => {
    const lanes = new Lanes(LIMITS);
    lanes.add(entry(at(0), 1_000), 0);
    lanes.add(entry(at(1), 1), 0);
    expect(offsetsOf(lanes.take(0))).toEqual([0]);
  });

  it("takes small partitions together, and leaves others free for a request beside it", () => {
    const lanes = lanesWith(at(0, 0), at(0, 1), ...[0, 1, 2, 3, 4, 5].map((n) => at(n, 2)), at(0, 3));
    const first = lanes.take(20);
    expect(first?.entries.map(({ at: { partition } }) => partition)).toEqual([0, 1, 2, 2, 2]);
    expect(lanes.take(20)?.entries.map(({ at: { partition } }) => partition)).toEqual([3]);
    expect(lanes.take(20)).toBeUndefined();
  });

  it("is of each topic in turn", () => {
    const lanes = lanesWith(...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => at(n, 0, "a")), at(0, 0, "b"), at(1, 1, "b"));
    const topics = [20, 20].map((now) => lanes.take(now)?.topic);
    expect(topics).toEqual(["a", "b"]);
  });
});

describe("a partition", () => {
  it("is delivered up to the first record that was not kept, and the others go again", () => {
    const lanes = lanesWith(at(3), at(4), at(5));
    const parcel = lanes.take(20) as Parcel;
    lanes.settle(parcel, [true, false, true]);
    expect(lanes.uncommitted()).toEqual([at(4)]);
    expect(lanes.records).toBe(2);
    expect(offsetsOf(lanes.take(20))).toEqual([4, 5]);
  });

  it("has nothing to commit when all of that is committed", () => {
    const lanes = lanesWith(at(3));
    lanes.settle(lanes.take(20) as Parcel, [true]);
    lanes.committed([at(4)]);
    expect(lanes.uncommitted()).toEqual([]);
    expect(lanes.delivered()).toEqual(new Map([["t-0", 4]]));
  });

  it("tells of offsets that were skipped, but not before its first record", () => {
    const lanes = new Lanes(LIMITS);
    expect(lanes.add(entry(at(7)), 0)).toBeUndefined();
    expect(lanes.add(entry(at(8)), 0)).toBeUndefined();
    expect(lanes.add(entry(at(12)), 0)).toEqual({ topic: "t", partition: 0, from: 9, to: 12 });
    expect(lanes.add(entry(at(8)), 0), "records that come again").toBeUndefined();
  });
});

describe("any order of records, requests and answers", () => {
  type Step =
    | { readonly do: "add"; readonly topic: string; readonly partition: number; readonly bytes: number }
    | { readonly do: "take"; readonly isLast: boolean }
    | { readonly do: "settle"; readonly which: number; readonly kept: readonly boolean[] };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      do: fc.constant("add" as const),
      topic: fc.constantFrom("a", "b"),
      partition: fc.nat(2),
      bytes: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({ do: fc.constant("take" as const), isLast: fc.boolean() }),
    fc.record({
      do: fc.constant("settle" as const),
      which: fc.nat(5),
      kept: fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.boolean()), {
        minLength: 5,
        maxLength: 5,
      }),
    }),
  );

  it("leaves no position behind that says more than what was kept, and no record behind", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const lanes = new Lanes(LIMITS);
        const next = new Map<string, number>();
        const kept = new Map<string, Set<number>>();
        const inFlight: Parcel[] = [];
        let waiting = 0;
        const settle = (parcel: Parcel, answers: readonly boolean[]) => {
          parcel.entries.forEach(({ at: position }, index) => {
            if (!answers[index]) return;
            const name = nameOf(position);
            kept.set(name, (kept.get(name) ?? new Set()).add(position.offset));
          });
          const before = lanes.records;
          lanes.settle(parcel, answers);
          waiting -= before - lanes.records;
        };
        const check = () => {
          for (const position of lanes.uncommitted()) {
            for (let offset = 0; offset < position.offset; offset++)
              expect(kept.get(nameOf(position))?.has(offset), `${nameOf(position)} ${offset}`).toBe(true);
          }
          expect(lanes.records).toBe(waiting);
          const partitions = inFlight.flatMap(({ entries }) => [...new Set(entries.map((each) => nameOf(each.at)))]);
          expect(new Set(partitions).size, "a partition is in one request at a time").toBe(partitions.length);
        };
        for (const each of steps) {
          if (each.do === "add") {
            const offset = next.get(nameOf(each)) ?? 0;
            next.set(nameOf(each), offset + 1);
            lanes.add(entry(at(offset, each.partition, each.topic), each.bytes), 0);
            waiting += 1;
          } else if (each.do === "take") {
            const parcel = lanes.take(0, each.isLast);
            if (!parcel) continue;
            expect(parcel.entries.length).toBeLessThanOrEqual(LIMITS.records);
            if (parcel.entries.length > 1) expect(parcel.bytes).toBeLessThanOrEqual(LIMITS.bytes);
            inFlight.push(parcel);
          } else {
            const [parcel] = inFlight.splice(each.which % Math.max(1, inFlight.length), 1);
            if (parcel) settle(parcel, each.kept);
          }
          check();
        }
        for (const parcel of inFlight.splice(0)) settle(parcel, all(parcel));
        for (let parcel = lanes.take(0, true); parcel; parcel = lanes.take(0, true)) settle(parcel, all(parcel));
        check();
        expect([lanes.records, lanes.bytes]).toEqual([0, 0]);
        expect(lanes.delivered()).toEqual(next);
      }),
    );
  });
});
