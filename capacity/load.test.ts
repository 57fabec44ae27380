import { describe, expect, it } from "vitest";
import { billOf, totalOf } from "./bill.ts";
import { loadOf } from "./load.ts";
import type { Measured } from "./measured.ts";
import { planWith } from "./plan.ts";

/** Round numbers, so that each expected value below was worked out on paper. */
const MEASURED: Measured = {
  note: "",
  devices: 1,
  d1BytesPerDevice: 1_000,
  d1RowBytesOfDevice: 900,
  d1BytesPerDeviceWithRowid: 900,
  d1BytesPerDeviceSearch: 300,
  d1BytesPerAssignment: 100,
  d1BytesPerDealer: 100,
  d1BytesPerCustomer: 200,
  d1BytesPerAlert: 500,
  queueBytesPerRecord: 250,
  statusValueBytes: 200,
  objectBytesFirst: 1_000,
  objectBytesFull: 21_000,
  archiveRawBytesPerRecord: 80,
  archiveRawBytesAlone: 400,
  archiveDayBytesPerRecord: 100,
};

/** 864,000 devices with 100 events a day: 86.4 million records a day, 1,000 a second. */
const PLAN = planWith({
  devices: 864_000,
  eventsPerDeviceDay: 100,
  peakFactor: 2,
  peakHours: 1,
  payloadBytes: 250,
  repeatedShare: 0,
  distinctPerBatch: 100,
  recordsPerRequest: 100,
  statusChangesPerDeviceDay: 2,
  alertsPerDevice: 4,
  dealers: 1_000,
  watchedDealers: 10,
  largestDealerShare: 0.001,
  deviceSubscribers: 8_640,
  pagesPerSecond: 6,
  readCopies: 6,
  objectWrites: "always",
  archiveDays: 10,
  logSampling: 1,
});

const load = loadOf(PLAN, MEASURED);

describe("the load of 1,000 records a second", () => {
  it("comes in requests of a hundred, each one message of 100 × 500 bytes", () => {
    expect(load).toMatchObject({ records: 1_000, peakRecords: 2_000, requests: 10, messages: 10 });
    expect(load).toMatchObject({ recordsPerMessage: 100, messageBytes: 50_000 });
  });

  it("is consumed at peak in batches of ten messages: 2 batches a second, of ten rounds of 100 devices", () => {
    expect(load).toMatchObject({ roundsPerBatch: 10, devicesPerRound: 100 });
    expect(load.peak.batches).toBe(2);
    // 20 requests and 2 batches a second, each of which reports.
    expect(load.peak.metricsReports).toBe(22);
  });

  it("keeps D1 busy for 188 ms of a second: 20 rounds of 4 + 100 × 0.05 ms, and 12 pages of 4 ms over 6 copies", () => {
    expect(load.readBusyMs).toBeCloseTo(8, 9);
    expect(load.d1BusyMs).toBeCloseTo(188, 9);
  });

  it("is settled by 8 consumers, each with 1,000 records in 1.5 s", () => {
    expect(load.consumerRecords).toBeCloseTo(5_333.333, 2);
    expect(load.queueAgeSeconds).toBeCloseTo(1.5, 9);
    expect(load.queueBacklogBytes).toBe(0);
  });

  it("takes 3,600 bytes of a device in D1 and 1,000 dealers of 100, and 33,288 bytes of its object", () => {
    // 1,000 + 300 + 100 + 200 + 4 × 500 = 3,600
    expect(load.d1Bytes).toBe(864_000 * 3_600 + 100_000);
    // Full after a hundred events, and it has 3,000 in a month: 12,288 + 21,000
    expect(load.objectBytes).toBe(864_000 * 33_288);
  });

  it("writes a row for each record, one for a device's new day, and three for each of its two status changes a day", () => {
    expect(load.perDay.d1RowsWritten).toBe(86_400_000 + 864_000 * 7);
    // 7 rows for each record, and 592 for each of 518,400 pages.
    expect(load.perDay.d1RowsRead).toBe(86_400_000 * 7 + 518_400 * 592);
  });

  it("calls each device's object once a record, and feeds for the hundredth of records that ten of 1,000 dealers have", () => {
    expect(load.perDay.deviceObjectCalls).toBe(86_400_000);
    expect(load.perDay.feedCalls).toBeCloseTo(864_000, 3);
    // 864,000 requests and as many batches. Four objects write at most ten rows a second each, which is more.
    expect(load.perDay.metricsReports).toBe(1_728_000);
    expect(load.perDay.objectRowsWritten).toBeCloseTo(86_400_000 + 864_000 + 1_728_000, 3);
  });

  it("makes 864,000 requests, batches and messages a day; each message is 3 operations", () => {
    expect(load.perDay.workerRequests).toBe(864_000 + 864_000 + 518_400);
    expect(load.perDay.queueOperations).toBe(2_592_000);
    // Twice each request and page, since the front door is a Worker too.
    expect(load.perDay.invocations).toBeCloseTo(
      2 * (864_000 + 518_400) + 864_000 + 86_400_000 + 864_000 + 1_728_000,
      3,
    );
  });

  it("writes 864,000 objects a day to the bucket, reads each once, and keeps ten days of 100 bytes a record", () => {
    expect(load.archiveObjects).toBe(10);
    expect(load.perDay.archiveWrites).toBe(864_000 + 1_500);
    expect(load.perDay.archiveReads).toBe(864_000 + 1_500);
    expect(load.archiveBytes).toBe(86_400_000 * 10 * 100);
  });

  it("fills the queue in 13.9 hours at 500 kB a second", () => {
    expect(load.hoursUntilQueueIsFull).toBeCloseTo(25e9 / 500_000 / 3_600, 9);
  });

  it("calls the largest dealer's feed twice a second: with each batch, since each has two of its records", () => {
    expect(load.peak.largestFeedCalls).toBe(2);
  });
});

describe("a plan that differs in one thing", () => {
  const withOne = (change: Partial<typeof PLAN>) => loadOf({ ...PLAN, ...change }, MEASURED);

  it("with 25 different devices among 100 records, writes and calls a fourth as often", () => {
    const coalesced = withOne({ distinctPerBatch: 25 });
    expect(coalesced.perDay.d1RowsWritten).toBe(21_600_000 + 864_000 * 7);
    expect(coalesced.perDay.deviceObjectCalls).toBe(21_600_000);
    // 1,000 records of a batch are 250 devices: three rounds.
    expect(coalesced).toMatchObject({ roundsPerBatch: 3 });
    expect(coalesced.devicesPerRound).toBeCloseTo(250 / 3, 9);
  });

  it("with objects written live, has rounds of 500 devices, and calls the objects of a hundredth of the devices", () => {
    const live = withOne({ objectWrites: "live" });
    expect(live).toMatchObject({ roundsPerBatch: 2, devicesPerRound: 500 });
    expect(live.perDay.deviceObjectCalls).toBeCloseTo(864_000, 3);
    expect(live.objectBytes).toBeCloseTo(8_640 * 33_288, 3);
  });

  it("with a third of its records repeated, writes two thirds of the rows, and reads 3 rows of each repeated one", () => {
    const repeated = withOne({ repeatedShare: 1 / 3 });
    expect(repeated.perDay.d1RowsWritten).toBeCloseTo(57_600_000 + 576_000 * 7, 3);
    expect(repeated.perDay.d1RowsRead).toBeCloseTo(57_600_000 * 7 + 28_800_000 * 3 + 518_400 * 592, 3);
  });

  it("with large values, has fewer of them in a message, and two operations of 64 KB for one that is larger", () => {
    // 10,250 bytes a record: six of them in 63,744 bytes, so a request of 100 is 17 messages.
    const large = withOne({ payloadBytes: 10_000 });
    expect(large.messages).toBeCloseTo(170, 9);
    expect(large.messageBytes).toBeCloseTo((100 / 17) * 10_250, 9);
    const huge = withOne({ payloadBytes: 65_536 });
    expect(huge.recordsPerMessage).toBe(1);
    expect(huge.perDay.queueOperations).toBe(86_400_000 * 3 * 2);
  });

  it("with large values, keeps half of what they have beyond 250 bytes", () => {
    expect(withOne({ payloadBytes: 1_250 }).archiveBytes).toBe(86_400_000 * 10 * (100 + 500));
  });

  it("without an archive, has no operation of R2 and no byte there", () => {
    const without = withOne({ archiveDays: 0 });
    expect(without).toMatchObject({ archiveBytes: 0, archiveObjects: 0 });
    expect(without.perDay).toMatchObject({ archiveWrites: 0, archiveReads: 0 });
  });

  it("with a peak that is more than the consumers settle, lets records wait in the queue", () => {
    // 8,000 a second for an hour, of which 5,333.3 are settled: 9.6 million wait, which takes half an hour.
    const peak = withOne({ peakFactor: 8 });
    expect(peak.queueAgeSeconds).toBeCloseTo(1_800, 6);
    expect(peak.queueBacklogBytes).toBeCloseTo(96_000 * 50_000, -1);
  });

  it("with one event in ten days, changes its day and its status no more often than it writes", () => {
    const rare = withOne({ eventsPerDeviceDay: 0.1 });
    expect(rare.perDay.d1RowsWritten).toBeCloseTo(86_400 * 5, 6);
    // Three events in a month: a history of three hundredths.
    expect(rare.objectBytes).toBeCloseTo(864_000 * (12_288 + 1_000 + 0.03 * 20_000), 3);
  });
});

describe("the bill of 1,000 records a second", () => {
  const lines = billOf(PLAN, load);
  const dollarsOf = (name: string) => lines.find((line) => line.name.startsWith(name))?.dollars;

  it("charges what the plan does not include", () => {
    // 92.448 million rows a day are 2,773.44 million a month, of which 50 are included: $1 a million.
    expect(dollarsOf("D1 rows written")).toBeCloseTo(2_723.44, 6);
    // 2.592 million operations a day are 77.76 a month, less one: $0.40 a million.
    expect(dollarsOf("queue operations")).toBeCloseTo(30.704, 6);
    // 2.246400 million a day are 67.392 a month, less ten: $0.30 a million.
    expect(dollarsOf("requests of Workers")).toBeCloseTo(17.2176, 6);
    // 88.992 million calls a day are 2,669.76 a month, less one: $0.15 a million.
    expect(dollarsOf("requests of objects")).toBeCloseTo(400.314, 6);
    // 0.0015 s of 0.128 GB for each of them are 512,593.92 GB-s, less 400,000: $12.50 a million.
    expect(dollarsOf("objects awake")).toBeCloseTo(1.407424, 6);
    // 2.8513 GB, and five are included.
    expect(dollarsOf("D1 storage")).toBe(0);
    // 28.760832 GB, less five: $0.20 each.
    expect(dollarsOf("storage of objects")).toBeCloseTo(4.7521664, 6);
    // 865,500 a day are 25.965 million a month, less one: $4.50 a million; and less ten: $0.36.
    expect(dollarsOf("R2 writes")).toBeCloseTo(112.3425, 6);
    expect(dollarsOf("R2 reads")).toBeCloseTo(5.7474, 6);
    // 86.4 GB, less ten: $0.015 each.
    expect(dollarsOf("storage of the archive")).toBeCloseTo(1.146, 6);
    expect(dollarsOf("the paid plan")).toBe(5);
  });

  it("adds up to its lines, the dearest first", () => {
    const sorted = lines.map(({ dollars }) => dollars);
    expect(sorted).toEqual(sorted.toSorted((a, b) => b - a));
    expect(totalOf(lines)).toBeCloseTo(
      sorted.reduce((a, b) => a + b),
      9,
    );
  });
});
