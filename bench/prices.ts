/** What is used, counted. Rows are counted as they are billed: one more for each index entry. */
export type Usage = {
  /** HTTP requests and queue batches. Calls between Workers of one request are free. */
  readonly workerRequests: number;
  /** For each 64 KB of a message: to write it, to read it and to delete it. */
  readonly queueOperations: number;
  readonly d1RowsRead: number;
  readonly d1RowsWritten: number;
  readonly objectRequests: number;
  readonly objectRowsWritten: number;
  /** Of 128 MB each, while a call is under way. */
  readonly objectGigabyteSeconds: number;
};

/** US dollars for a million, as of 2026-11. From developers.cloudflare.com/{workers,queues,d1,durable-objects}/platform/pricing. */
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

const UNITS = Object.keys(PRICES).filter((name) => name !== "asOf") as (keyof Usage)[];

/** US dollars for a million events, if these many used that much. */
export const dollarsPerMillion = (usage: Usage, events: number): number =>
  UNITS.reduce((sum, unit) => sum + (usage[unit] / events) * PRICES[unit], 0);
