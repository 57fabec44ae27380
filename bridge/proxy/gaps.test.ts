import { describe, expect, it } from "vitest";
import { Gaps } from "./gaps.ts";

const records = (...offsets: readonly number[]) =>
  offsets.map((offset) => ({
    topic: "t",
    partition: 0,
    offset,
    timestampMs: null,
    key: null,
    value: null,
    headers: [],
  }));

describe("a gap in a partition's offsets", () => {
  it("ends the instance that it came from", () => {
    const gaps = new Gaps();
    gaps.check(records(4, 5));
    expect(() => gaps.check(records(8))).toThrow("No record came for the offsets of t-0 from 6 to 7");
  });

  it("is the log's own if another instance has it too, and the topic's gaps cost no instance after that", () => {
    const gaps = new Gaps();
    gaps.check(records(4, 5));
    expect(() => gaps.check(records(8))).toThrow();
    gaps.restart();
    gaps.check(records(5, 8, 9));
    gaps.check(records(12));
  });

  it("is the log's own if another instance begins behind it", () => {
    const gaps = new Gaps();
    gaps.check(records(4, 5));
    expect(() => gaps.check(records(8))).toThrow();
    gaps.restart();
    gaps.expect("t-0", 6);
    gaps.check(records(8, 9, 11));
  });

  it("was a loss if another instance brings records of it, so that the next gap is looked into as well", () => {
    const gaps = new Gaps();
    gaps.check(records(4, 5));
    expect(() => gaps.check(records(8))).toThrow();
    gaps.restart();
    gaps.check(records(6, 7, 8));
    expect(() => gaps.check(records(10))).toThrow("from 9 to 9");
  });

  it("before the first record says nothing of the topic's other gaps, since retention makes it", () => {
    const gaps = new Gaps();
    gaps.expect("t-0", 0);
    expect(() => gaps.check(records(100))).toThrow("from 0 to 99");
    gaps.restart();
    gaps.expect("t-0", 0);
    gaps.check(records(100, 101));
    expect(() => gaps.check(records(103))).toThrow("from 102 to 102");
  });

  it("is none where records come again, as they do after a rebalance", () => {
    const gaps = new Gaps();
    gaps.check(records(4, 5, 6));
    gaps.check(records(4, 5, 6, 7));
  });
});
