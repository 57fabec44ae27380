/** How many of each a forgetting has redacted. */
export type ForgetCounts = {
  readonly devices: number;
  readonly databaseRows: number;
  readonly objects: number;
  readonly historyEvents: number;
  readonly lettersRedacted: number;
  readonly lettersEmptied: number;
  readonly auditEntries: number;
  /** Absent in certificates from before these were looked through. */
  readonly operatorsWords?: number;
  /** What verifications and rebuilds had noted that began before. Absent in certificates from before these were removed. */
  readonly jobNotes?: number;
  readonly rawObjects: number;
  readonly rawRecords: number;
  readonly dayFiles: number;
  readonly dayRecords: number;
  readonly seriesSegments: number;
  readonly seriesLines: number;
  /** Files with folds that verification had stored. Absent in certificates from before there were any. */
  readonly foldFiles?: number;
};

/** A file of the archive that was rewritten. */
export type RewrittenFile = {
  readonly before: string;
  /** `null` if it was rewritten under its own name. */
  readonly after: string | null;
  readonly sha256Before: string;
  readonly sha256After: string;
  /** Records or lines of it that changed. */
  readonly records: number;
};

/** A request to forget a customer. Times are ISO; no member has a personal value. */
export type ForgetRequestJson = {
  readonly requestId: string;
  /** `{source}:{customerId}`, in each source in which the id means the same customer. */
  readonly customers: readonly string[];
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  /** When all that was stored had been redacted; `null` until then. */
  readonly completedAt: string | null;
};

/** What the database knows of a customer in one source. No member has a personal value. */
export type KnownCustomer = {
  /** `{source}:{customerId}` */
  readonly customer: string;
  /** Whether it has a record of the customer; one that was forgotten has one that says so. */
  readonly hasRecord: boolean;
  readonly isForgotten: boolean;
  /** Devices that the customer has now. */
  readonly devices: number;
};

/** What is known of a customer, before it is forgotten. */
export type ForgetPreview = {
  /** In each source in which the id means the same customer. */
  readonly customers: readonly KnownCustomer[];
  /** Whether any source has a record or a device of it. The archive may have records of one that is not known. */
  readonly isKnown: boolean;
};

/** What was removed, where and when. */
export type Certificate = ForgetRequestJson & {
  readonly completedAt: string;
  /** Events of these devices are redacted that occurred up to this time; events that name the customer for ever. */
  readonly until: string;
  readonly devices: readonly string[];
  readonly removed: ForgetCounts;
  /** Files of the archive that were rewritten, with their hashes before and after. */
  readonly files: readonly RewrittenFile[];
  /** What still holds the data, and until when. */
  readonly remains: readonly string[];
};

/** What other Workers call on `ArchiveService` for it. */
export interface ArchiveForgetting {
  /** The newest requests first; `null` if the environment has no archive. */
  forgetRequests(): Promise<readonly ForgetRequestJson[] | null>;
  /** The newest certificate of a request; `undefined` if it has none, `null` if the environment has no archive. */
  forgetCertificate(requestId: string): Promise<Certificate | undefined | null>;
}
