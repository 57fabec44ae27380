/** What one step of a compaction holds at most. Tests of what happens at a limit have smaller ones. */
export type Limits = {
  /** Of a part. One record may be larger alone. */
  readonly partRecords: number;
  readonly partCharacters: number;
  /** Of the raw objects that one step takes: it takes no further one once any of these is reached. */
  readonly rawObjects: number;
  readonly rawRecords: number;
  readonly rawCharacters: number;
  /** Names of raw objects among which one step looks for those that were written first. */
  readonly rawListed: number;
  /** Small parts that one step makes one of. While raw objects come in, so many of a topic are folded before more are added. */
  readonly foldedParts: number;
};

/**
 * Ours, so that a step's raw records, or a part's and what they are compared with, fit the 128 MB of a Worker, and its reads
 * fit 1,000 subrequests.
 */
export const LIMITS: Limits = {
  partRecords: 20_000,
  partCharacters: 6_000_000,
  rawObjects: 300,
  rawRecords: 10_000,
  rawCharacters: 6_000_000,
  rawListed: 10_000,
  foldedParts: 100,
};
