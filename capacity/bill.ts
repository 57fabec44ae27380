import { MONTHLY, PRICES } from "../bench/prices.ts";
import { dollarsOf, nightOf } from "./jobs.ts";
import { PER_RECORD } from "./limits.ts";
import type { Load } from "./load.ts";
import type { Plan } from "./plan.ts";

/** A line of a month's bill. */
export type BillLine = {
  readonly name: string;
  /** In a month, before what the plan includes. */
  readonly amount: number;
  readonly unit: "million" | "GB" | "month";
  readonly dollars: number;
};

export const DAYS_A_MONTH = 30;

/** What a month costs, the dearest line first. Prices and what is included: bench/prices.ts. */
export function billOf(plan: Plan, load: Load): BillLine[] {
  const { perDay } = load;
  const { included } = MONTHLY;
  const objectCalls = perDay.deviceObjectCalls + perDay.feedCalls + perDay.metricsReports;
  const gigabyteSeconds = objectCalls * PER_RECORD.objectCallSeconds * PER_RECORD.objectGigabytes;
  const lines = [
    counted("requests of Workers", perDay.workerRequests, PRICES.workerRequests, included.workerRequests),
    counted("CPU of Workers, in ms", perDay.cpuMs, MONTHLY.cpu, included.cpu),
    counted("queue operations", perDay.queueOperations, PRICES.queueOperations, included.queueOperations),
    counted("D1 rows written", perDay.d1RowsWritten, PRICES.d1RowsWritten, included.d1RowsWritten),
    counted("D1 rows read", perDay.d1RowsRead, PRICES.d1RowsRead, included.d1RowsRead),
    stored("D1 storage", load.d1Bytes, MONTHLY.d1Gigabyte, included.d1Gigabytes),
    counted("requests of objects", objectCalls, PRICES.objectRequests, included.objectRequests),
    counted("rows of objects", perDay.objectRowsWritten, PRICES.objectRowsWritten, included.objectRowsWritten),
    counted("objects awake, in GB-s", gigabyteSeconds, PRICES.objectGigabyteSeconds, included.objectGigabyteSeconds),
    stored("storage of objects", load.objectBytes, MONTHLY.objectGigabyte, included.objectGigabytes),
    counted("R2 writes", perDay.archiveWrites, MONTHLY.bucketWrites, included.bucketWrites),
    counted("R2 reads", perDay.archiveReads, MONTHLY.bucketReads, included.bucketReads),
    stored("storage of the archive", load.archiveBytes, MONTHLY.bucketGigabyte, included.bucketGigabytes),
    counted("logged invocations", perDay.invocations * plan.logSampling, MONTHLY.logs, included.logs),
    verified(plan),
    { name: "the paid plan", amount: 1, unit: "month" as const, dollars: MONTHLY.plan },
  ];
  return lines.sort((a, b) => b.dollars - a.dollars);
}

export const totalOf = (lines: readonly BillLine[]): number => lines.reduce((sum, { dollars }) => sum + dollars, 0);

/** At list prices: what the plan includes is taken off above. */
function verified(plan: Plan): BillLine {
  const night = nightOf(plan);
  const dollars = dollarsOf(night) * DAYS_A_MONTH;
  return {
    name: "steps of verification, with their rows and reads",
    amount: (night.steps * DAYS_A_MONTH) / 1e6,
    unit: "million",
    dollars,
  };
}

function counted(name: string, aDay: number, dollarsAMillion: number, included: number): BillLine {
  const inMonth = aDay * DAYS_A_MONTH;
  const dollars = (Math.max(0, inMonth - included) / 1e6) * dollarsAMillion;
  return { name, amount: inMonth / 1e6, unit: "million", dollars };
}

function stored(name: string, bytes: number, dollarsAGigabyte: number, included: number): BillLine {
  const gigabytes = bytes / 1e9;
  return { name, amount: gigabytes, unit: "GB", dollars: Math.max(0, gigabytes - included) * dollarsAGigabyte };
}
