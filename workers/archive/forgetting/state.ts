import type { PartyKey } from "#domain/party.ts";
import type { ForgetCounts } from "#ops/archive-forgetting.ts";

/** What a forgetting does, in this order. After `wait` it goes through the stores once more. */
export const PHASES = [
  "note",
  "find",
  "share",
  "jobs",
  "rows",
  "search",
  "objects",
  "letters",
  "audit",
  "words",
  "raw",
  "days",
  "series",
  "folds",
  "wait",
  "certificate",
] as const;
export type Phase = (typeof PHASES)[number];

/** Where a scan of the archive is: `null` at its beginning. */
export type ScanPlace = { readonly store: "raw" | "days"; readonly after: string | null } | null;

export const NO_COUNTS: ForgetCounts = {
  devices: 0,
  databaseRows: 0,
  objects: 0,
  historyEvents: 0,
  lettersRedacted: 0,
  lettersEmptied: 0,
  auditEntries: 0,
  operatorsWords: 0,
  jobNotes: 0,
  rawObjects: 0,
  rawRecords: 0,
  dayFiles: 0,
  dayRecords: 0,
  seriesSegments: 0,
  seriesLines: 0,
  foldFiles: 0,
};

/** One request to forget a customer. It is kept in the archive, without any personal value. */
export type ForgetRequest = {
  readonly requestId: string;
  /** The customer in each source in which its id means the same one. */
  readonly customers: readonly PartyKey[];
  readonly reason: string;
  readonly actor: string;
  readonly requestedAtMs: number;
  /** Events of the customer's devices are personal if they occurred up to then. */
  readonly untilMs: number;
};

export type ForgettingState = {
  /** `null` for a scheduled run that found nothing to do. */
  readonly request: ForgetRequest | null;
  readonly phase: Phase;
  readonly pass: 1 | 2;
  /** Where the phase is. */
  readonly at: string | number | null;
  readonly scan: ScanPlace;
  readonly counts: ForgetCounts;
  /** Whether pass 2 goes through the stores with devices that the pass before did not know. */
  readonly hasFoundMore: boolean;
  readonly completedAtMs: number | null;
  /** When its devices were noted last: only from then on no consumer looks that does not know them. */
  readonly sharedAtMs: number | null;
  /** How long after that it goes through the stores once more. */
  readonly waitMs: number;
};

export const withCounts = (counts: ForgetCounts, more: Partial<ForgetCounts>): ForgetCounts =>
  Object.fromEntries(
    // Counts of a request that an earlier release began may lack some.
    Object.entries({ ...NO_COUNTS, ...counts }).map(([name, count]) => [
      name,
      count + (more[name as keyof ForgetCounts] ?? 0),
    ]),
  ) as ForgetCounts;
