import { MAX_PARCEL_BYTES, MAX_PARCEL_RECORDS } from "#queue/parcel.ts";
import { DEVICES_A_ROUND, LIMITS, PER_RECORD } from "./limits.ts";
import type { Measured } from "./measured.ts";
import type { Plan } from "./plan.ts";

/** What a plan asks of each part. Rates are a second; `peak` is that of the busiest hour, the others are averages. */
export type Load = {
  readonly records: number;
  readonly peakRecords: number;
  /** Records of a message, and its bytes. A message never spans two requests. */
  readonly recordsPerMessage: number;
  readonly messageBytes: number;
  readonly requests: number;
  readonly messages: number;
  readonly peak: {
    readonly requests: number;
    readonly messages: number;
    readonly batches: number;
    /** Calls of the objects that count: at most one for each request and each batch. */
    readonly metricsReports: number;
    readonly pages: number;
    /** Calls of the feed of the largest dealer: one for each batch that has a record of it. */
    readonly largestFeedCalls: number;
  };
  /** Of one batch at peak, when the queue fills batches: rounds, and devices of each. */
  readonly roundsPerBatch: number;
  readonly devicesPerRound: number;
  /** Milliseconds of work in each second of the peak, of the database that is written, and of each copy that is read. */
  readonly d1BusyMs: number;
  readonly readBusyMs: number;
  /** Records a second that the consumers settle at most. */
  readonly consumerRecords: number;
  /** The greatest age of a record in the queue, in seconds, and the bytes that wait, at the end of the peak. */
  readonly queueAgeSeconds: number;
  readonly queueBacklogBytes: number;
  /** How long the queue takes everything while nothing is consumed, at the average rate. */
  readonly hoursUntilQueueIsFull: number;
  readonly d1Bytes: number;
  /** Bytes of all objects. */
  readonly objectBytes: number;
  /** Bytes of the bucket, once it has all the days that the plan keeps. */
  readonly archiveBytes: number;
  /** Objects that consumers write to the bucket in a second, on average. */
  readonly archiveObjects: number;
  readonly perDay: {
    readonly d1RowsWritten: number;
    readonly d1RowsRead: number;
    readonly deviceObjectCalls: number;
    readonly feedCalls: number;
    readonly metricsReports: number;
    readonly objectRowsWritten: number;
    readonly workerRequests: number;
    readonly cpuMs: number;
    readonly queueOperations: number;
    /** Operations of R2 that write or list, and that read. */
    readonly archiveWrites: number;
    readonly archiveReads: number;
    /** Invocations of any Worker or object that the platform logs, before sampling. */
    readonly invocations: number;
  };
};

const DAY_SECONDS = 86_400;
/** The queue bills by 64 KB: as bench/cost.ts does. */
const QUEUE_UNIT_BYTES = 65_536;

export function loadOf(plan: Plan, measured: Measured): Load {
  const records = (plan.devices * plan.eventsPerDeviceDay) / DAY_SECONDS;
  const peakRecords = records * plan.peakFactor;
  const message = messageOf(plan, measured);
  const requests = records / plan.recordsPerRequest;
  const messages = records / message.recordsPerMessage;
  const atPeak = batchOf(plan, message.recordsPerMessage);
  const batches = peakRecords / atPeak.records;
  const consumerRecords = (LIMITS.consumers.value * atPeak.records * 1_000) / (atPeak.rounds * LIMITS.roundMs.value);
  const roundMs = LIMITS.d1CommitMs.value + atPeak.devicesPerRound * LIMITS.d1RowMs.value;
  const pages = plan.pagesPerSecond * plan.peakFactor;
  const readBusyMs = (pages * PER_RECORD.statementsPerPage * LIMITS.d1StatementMs.value) / plan.readCopies;
  const d1BusyMs = batches * atPeak.rounds * roundMs + readBusyMs;
  const d1Records = peakRecords / Math.max(d1BusyMs / LIMITS.d1BusyMs.value, Number.MIN_VALUE);
  const wait = waitOf(plan, peakRecords, Math.min(consumerRecords, d1Records));
  return {
    ...{ records, peakRecords, ...message, requests, messages },
    peak: {
      requests: requests * plan.peakFactor,
      messages: messages * plan.peakFactor,
      batches,
      metricsReports: requests * plan.peakFactor + batches,
      pages,
      largestFeedCalls: plan.watchedDealers > 0 ? Math.min(batches, peakRecords * plan.largestDealerShare) : 0,
    },
    ...{ roundsPerBatch: atPeak.rounds, devicesPerRound: atPeak.devicesPerRound },
    ...{ d1BusyMs, readBusyMs, consumerRecords },
    queueAgeSeconds: wait.ageSeconds || (atPeak.rounds * LIMITS.roundMs.value) / 1_000,
    queueBacklogBytes: (wait.records / message.recordsPerMessage) * message.messageBytes,
    hoursUntilQueueIsFull: LIMITS.queueBacklogBytes.value / (messages * message.messageBytes) / 3_600,
    d1Bytes: d1BytesOf(plan, measured),
    objectBytes: objectBytesOf(plan, measured),
    archiveBytes: archiveBytesOf(plan, measured),
    archiveObjects: plan.archiveDays > 0 ? messages : 0,
    perDay: perDayOf(plan, { requests, messages, ...message }),
  };
}

/** Records of a request are packed into as few messages as their bytes allow, all of about the same size. */
function messageOf(plan: Plan, measured: Measured): { recordsPerMessage: number; messageBytes: number } {
  const recordBytes = plan.payloadBytes + measured.queueBytesPerRecord;
  const fitting = Math.max(1, Math.floor((MAX_PARCEL_BYTES - 256) / recordBytes));
  const messages = Math.ceil(plan.recordsPerRequest / Math.min(MAX_PARCEL_RECORDS, fitting));
  const recordsPerMessage = plan.recordsPerRequest / messages;
  return { recordsPerMessage, messageBytes: recordsPerMessage * recordBytes };
}

/** Records of one device that come together are one row, and one call of its object. */
const coalescing = ({ distinctPerBatch }: Plan): number => 100 / distinctPerBatch;

function batchOf(plan: Plan, recordsPerMessage: number) {
  const records = LIMITS.parcelsPerBatch.value * recordsPerMessage;
  const devices = records / coalescing(plan);
  const rounds = Math.max(1, Math.ceil(devices / DEVICES_A_ROUND[plan.objectWrites]));
  return { records, rounds, devicesPerRound: devices / rounds };
}

/** What has gathered at the end of a peak that brings more than is settled. */
function waitOf({ peakHours }: Plan, arriving: number, settled: number): { records: number; ageSeconds: number } {
  const records = Math.max(0, arriving - settled) * peakHours * 3_600;
  return { records, ageSeconds: records / settled };
}

function d1BytesOf(plan: Plan, measured: Measured): number {
  const perDevice =
    measured.d1BytesPerDevice +
    measured.d1BytesPerDeviceSearch +
    measured.d1BytesPerAssignment +
    measured.d1BytesPerCustomer +
    plan.alertsPerDevice * measured.d1BytesPerAlert;
  return plan.devices * perDevice + plan.dealers * measured.d1BytesPerDealer;
}

/** What is measured are reports of the usual size. */
const USUAL_PAYLOAD_BYTES = 250;

function archiveBytesOf({ payloadBytes, ...plan }: Plan, measured: Measured): number {
  const beyond = Math.max(0, payloadBytes - USUAL_PAYLOAD_BYTES) * PER_RECORD.archiveBytesPerLargeByte;
  return plan.devices * plan.eventsPerDeviceDay * plan.archiveDays * (measured.archiveDayBytesPerRecord + beyond);
}

/** The share of the records whose device's object is written. */
const writtenShare = ({ objectWrites, deviceSubscribers, devices }: Plan): number =>
  objectWrites === "always" ? 1 : Math.min(1, deviceSubscribers / devices);

const HISTORY_DAYS = 30;

/** An object's history is full after a hundred events; until then it grows with them. */
function objectBytesOf(plan: Plan, measured: Measured): number {
  const share = Math.min(1, (plan.eventsPerDeviceDay * HISTORY_DAYS) / 100);
  const stored = measured.objectBytesFirst + share * (measured.objectBytesFull - measured.objectBytesFirst);
  return plan.devices * writtenShare(plan) * (LIMITS.objectMinimumBytes.value + stored);
}

function perDayOf(plan: Plan, rates: { requests: number; messages: number; messageBytes: number }): Load["perDay"] {
  const records = plan.devices * plan.eventsPerDeviceDay;
  const inDay = (rate: number) => rate * DAY_SECONDS;
  const perDevice = records / coalescing(plan);
  const written = perDevice * (1 - plan.repeatedShare);
  const often = (times: number) => Math.min(times, plan.eventsPerDeviceDay);
  const perChange =
    often(1) * PER_RECORD.rowsWrittenPerDay +
    often(plan.statusChangesPerDeviceDay) * PER_RECORD.rowsWrittenPerStatusChange;
  const changes = plan.devices * perChange * (1 - plan.repeatedShare);
  // Outside of the peak a batch has one message: the bench has counted it so.
  const batches = inDay(rates.messages);
  const pages = inDay(plan.pagesPerSecond);
  const archived = plan.archiveDays > 0 ? batches : 0;
  const watchedRecords = (records * Math.min(plan.watchedDealers, plan.dealers)) / plan.dealers;
  const feedCalls = Math.min(watchedRecords, batches * plan.watchedDealers);
  const metricsReports = inDay(rates.requests) + batches;
  const metricsRows = Math.min(metricsReports, inDay(LIMITS.metricsObjects.value * LIMITS.metricsWrites.value));
  const deviceObjectCalls = perDevice * writtenShare(plan);
  return {
    d1RowsWritten: written * PER_RECORD.rowsWrittenPerWrite + changes,
    d1RowsRead:
      written * PER_RECORD.rowsReadPerWrite +
      (perDevice - written) * PER_RECORD.rowsReadPerRepeat +
      pages * PER_RECORD.rowsReadPerPage,
    deviceObjectCalls,
    feedCalls,
    metricsReports,
    objectRowsWritten: written * writtenShare(plan) + feedCalls + metricsRows,
    workerRequests: inDay(rates.requests) + batches + pages,
    cpuMs: records * (PER_RECORD.ingestCpuMs + PER_RECORD.consumerCpuMs) + pages * PER_RECORD.pageCpuMs,
    queueOperations: batches * 3 * Math.ceil(rates.messageBytes / QUEUE_UNIT_BYTES),
    archiveWrites: archived > 0 ? archived + LIMITS.archiveDailyWrites.value : 0,
    // The compaction reads each raw object once, and what it wrote once more.
    archiveReads: archived > 0 ? archived + LIMITS.archiveDailyWrites.value : 0,
    // A request passes the front door, which is a Worker too.
    invocations: 2 * (inDay(rates.requests) + pages) + batches + deviceObjectCalls + feedCalls + metricsReports,
  };
}
