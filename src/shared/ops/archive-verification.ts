/** A difference between what is stored and what the archive says. Personal values are masked. */
export type DifferenceJson = {
  /** `device`, `alert`, `assignment`, `dealer`, `customer`, `deviceCount`, `alertCount`, `snapshot` or `history`. */
  readonly place: string;
  /** The device's key, the key of the dealer or customer, or what a count is of. */
  readonly subject: string;
  /** What differs within it: `aspects.profile.name`; `*` for all of it. */
  readonly path: string;
  /** `missing`, `notArchived`, `older`, `newer`, `sameVersion`, `derived`, `search` or `count`. */
  readonly cause: string;
  readonly live: unknown;
  readonly archived: unknown;
  /** The same for operators, without values. */
  readonly sentence: string;
};

/** The last verification of one bucket. */
export type BucketResult = {
  /** Two hex digits; `others` for dealers, customers and counts; a device's key if only it was verified. */
  readonly bucket: string;
  /** RFC 3339. */
  readonly verifiedAt: string;
  readonly run: string;
  readonly devices: number;
  readonly differences: number;
  /**
   * When its records were last read from the archive's beginning, RFC 3339: later runs read on from the fold that was stored
   * then. `null` for a result of an earlier release, and for `others`.
   */
  readonly wholeAt?: string | null;
  /** Hashes of its devices by the archive and in D1; equal exactly if they say the same. */
  readonly archivedHash: string;
  readonly liveHash: string;
};

export type VerificationJson = {
  /** How many buckets the fleet has, how many were ever verified, and when the oldest of their last verifications was. */
  readonly buckets: number;
  readonly verified: number;
  readonly oldestVerifiedAt: string | null;
  /** In all results below. */
  readonly differenceCount: number;
  readonly results: readonly BucketResult[];
  /** The first of them. */
  readonly differences: readonly DifferenceJson[];
};

/** Which results are read: of one bucket, of one device's own run, or of all buckets. */
export type VerificationQuery = { readonly bucket?: string; readonly device?: string };

/** What metrics see of it. */
export type VerificationFigures = {
  /** Buckets that were verified within the last eight days: all of them, if each night does its part. */
  readonly recentBuckets: number;
  /** When the oldest of their last verifications was; `null` if there was none. */
  readonly oldestVerifiedAtMs: number | null;
  readonly differences: number;
};

/** What other Workers call on `ArchiveService` for it. */
export interface ArchiveVerification {
  /** `null` if the environment has no archive. */
  verification(query: VerificationQuery): Promise<VerificationJson | null>;
  verificationFigures(): Promise<VerificationFigures | null>;
}
