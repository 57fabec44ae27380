/** Usage. Rows are counted as they are billed: one more for each index entry. */
export type Usage = {
  /** HTTP requests and queue batches. Calls between Workers of one request are free. */
  readonly workerRequests: number;
  /** Per 64 KB of a message: to write it, to read it and to delete it. */
  readonly queueOperations: number;
  readonly d1RowsRead: number;
  readonly d1RowsWritten: number;
  readonly objectRequests: number;
  readonly objectRowsWritten: number;
  /** Of 128 MB each, while a call is in progress. */
  readonly objectGigabyteSeconds: number;
};

/**
 * US dollars per million, as of 2026-11. From
 * developers.cloudflare.com/{workers,queues,d1,durable-objects}/platform/pricing.
 */
export const PRICES: { readonly asOf: string } & Readonly<Record<keyof Usage, number>> = {
  asOf: "2026-11",
  workerRequests: 0.3,
  queueOperations: 0.4,
  d1RowsRead: 0.001,
  d1RowsWritten: 1,
  objectRequests: 0.15,
  objectRowsWritten: 1,
  objectGigabyteSeconds: 12.5,
};

/**
 * US dollars a month, of the paid plan, as of the same date and from the same pages: what is kept by the gigabyte, what
 * `Usage` does not count, and what the plan has in it before anything is charged.
 */
export const MONTHLY = {
  plan: 5,
  /** Per million milliseconds of CPU. */
  cpu: 0.02,
  /** Per million logged invocations: developers.cloudflare.com/workers/observability/logs/workers-logs */
  logs: 0.6,
  d1Gigabyte: 0.75,
  objectGigabyte: 0.2,
  /** Per million operations of R2 that write or list, and of those that read; deleting is free: developers.cloudflare.com/r2/pricing */
  bucketWrites: 4.5,
  bucketReads: 0.36,
  bucketGigabyte: 0.015,
  included: {
    workerRequests: 10e6,
    cpu: 30e6,
    queueOperations: 1e6,
    d1RowsRead: 25e9,
    d1RowsWritten: 50e6,
    d1Gigabytes: 5,
    objectRequests: 1e6,
    objectRowsWritten: 50e6,
    objectGigabyteSeconds: 400_000,
    objectGigabytes: 5,
    bucketWrites: 1e6,
    bucketReads: 10e6,
    bucketGigabytes: 10,
    logs: 20e6,
  },
} as const;

/**
 * The price of three batch jobs a day into a warehouse with views and an API on top. It is an estimate, since it cannot
 * be measured here. Credits per hour by warehouse size and their list price, which depends on edition and region:
 * docs.snowflake.com/en/user-guide/cost-understanding-compute. Sizes and hours are ours, one on the low and one on the
 * high side. Storage, egress and the API's own requests are not included.
 */
const WAREHOUSE = {
  pointsADay: 9_000_000,
  jobsADay: 3,
  low: { dollarsACredit: 2, jobCreditsAnHour: 4, jobHours: 1 / 3, servingCreditsAnHour: 1, servingHoursADay: 12 },
  high: { dollarsACredit: 3, jobCreditsAnHour: 8, jobHours: 1 / 2, servingCreditsAnHour: 2, servingHoursADay: 12 },
} as const;

/** US dollars per million points that a warehouse ingests and serves. */
export function warehouseDollarsPerMillion(side: "low" | "high"): number {
  const { pointsADay, jobsADay } = WAREHOUSE;
  const { dollarsACredit, jobCreditsAnHour, jobHours, servingCreditsAnHour, servingHoursADay } = WAREHOUSE[side];
  const credits = jobsADay * jobCreditsAnHour * jobHours + servingCreditsAnHour * servingHoursADay;
  return (credits * dollarsACredit * 1_000_000) / pointsADay;
}

const UNITS = Object.keys(PRICES).filter((name) => name !== "asOf") as (keyof Usage)[];

/** US dollars per million events, if these many had this usage. */
export const dollarsPerMillion = (usage: Usage, events: number): number =>
  UNITS.reduce((sum, unit) => sum + (usage[unit] / events) * PRICES[unit], 0);
