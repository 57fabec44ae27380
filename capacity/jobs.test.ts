import { describe, expect, it } from "vitest";
import { dollarsOf, forgettingOf, type JobUse, type MeasuredJobs, nightOf, rebuildOf, rowsOfObjects } from "./jobs.ts";
import { LIMITS } from "./limits.ts";
import { planWith } from "./plan.ts";

/** Round numbers, so that each expected value below was worked out on paper. */
const all = (value: number): JobUse => ({
  ...{ d1RowsRead: value, d1RowsWritten: value, bucketReads: value, bucketWrites: value },
  ...{ objectCalls: value, jobRowsWritten: value, steps: value },
});
const COSTS = { device: all(10), record: all(1), file: all(100), fixed: all(5) };
const JOBS: MeasuredJobs = { verification: COSTS, rebuild: COSTS, forgetting: COSTS, verificationReadsAgain: 0 };

/** 7,000 devices with 10 events a day: 70,000 records a day, 2.1 million in all. */
const PLAN = planWith({ devices: 7_000, eventsPerDeviceDay: 10, archiveDays: 30 });
const TOPICS = LIMITS.archiveTopics.value;

describe("a night's verification", () => {
  it("compares a seventh of the devices, and folds what came of them in a week", () => {
    const night = nightOf(PLAN, JOBS);
    // 1,000 devices, 70,000 records, files of a week.
    expect(night.d1RowsRead).toBe(10_000 + 70_000 + 100 * 7 * TOPICS + 37 * 5);
    // And a read for each 1,000 records.
    expect(night.bucketReads).toBe(night.d1RowsRead + 70);
  });

  it("reads all files, and a seventh of all records, if it reads everything again", () => {
    // 2.1 million are 300,000 a seventh.
    expect(nightOf(PLAN, { ...JOBS, verificationReadsAgain: 1 }).steps).toBe(
      10_000 + 300_000 + 100 * 30 * TOPICS + 37 * 5,
    );
  });

  it("of an archive that is two days old reads these two", () => {
    const { steps } = nightOf({ ...PLAN, archiveDays: 2 }, JOBS);
    expect(steps).toBe(10_000 + 20_000 + 100 * 2 * TOPICS + 37 * 5);
  });
});

it("a rebuild replays all records, and a forgetting looks through all files", () => {
  expect(rebuildOf(PLAN, JOBS).steps).toBe(70_000 + 2_100_000 + 100 * 30 * TOPICS + 5);
  expect(forgettingOf(PLAN, JOBS).steps).toBe(rebuildOf(PLAN, JOBS).steps);
  // A read for each 1,000 records more.
  expect(rebuildOf(PLAN, JOBS).bucketReads - forgettingOf(PLAN, JOBS).bucketReads).toBe(2_100);
});

it("without an archive there is no job", () => {
  for (const of of [nightOf, rebuildOf, forgettingOf]) expect(dollarsOf(of({ ...PLAN, archiveDays: 0 }, JOBS))).toBe(0);
});

it("a step writes three rows of its object, and is a call of it", () => {
  const use = { ...all(0), jobRowsWritten: 4, steps: 2 };
  expect(rowsOfObjects(use)).toBe(10);
  // Ten rows at $1 a million, and two calls at $0.15.
  expect(dollarsOf(use)).toBeCloseTo(10.3e-6, 12);
});
