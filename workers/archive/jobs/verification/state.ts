import type { LiveDevice } from "#archive/compare/device.ts";
import type { LiveParty } from "#archive/compare/party.ts";
import type { LogPosition } from "#archive/log.ts";
import type { Device } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Part } from "#domain/parts.ts";
import type { Register } from "#domain/register.ts";
import type { Moment } from "#domain/time.ts";

/**
 * - clear: what an earlier run left in storage is removed
 * - load: folds that earlier runs have stored are read, bucket by bucket
 * - fold: what the archive has besides is folded, device by device, into storage
 * - gather: what the buckets say of dealers and customers is joined
 * - rows: each device of the fold is compared with its rows and its object
 * - unknown: devices in D1 that the fold does not have
 * - parties: dealers and customers
 * - strangers: dealers and customers in D1 that the fold does not have, in a run over all buckets
 * - counts: kept counts
 * - wait, tail, judge, judgeParties: what was newer than the fold is looked up in what has been archived since, in rounds
 * - results: the result of each bucket is kept
 * - keep: the folds of buckets that are right are stored for the next run
 * - sweep: what the results replace is removed, and what the run had in storage
 */
export type Phase =
  | "clear"
  | "load"
  | "fold"
  | "gather"
  | "rows"
  | "unknown"
  | "parties"
  | "strangers"
  | "counts"
  | "wait"
  | "tail"
  | "judge"
  | "judgeParties"
  | "results"
  | "keep"
  | "sweep"
  | "done";

/** Buckets, inclusive: 0 to 255. */
export type Range = { readonly from: number; readonly to: number };

/** A stored fold: it has everything that was written to the bucket before `throughMs`, read whole at `wholeAtMs`. */
export type Loaded = { readonly throughMs: number; readonly wholeAtMs: number };

/** A part of the archive: of some buckets, what was written since; `null` for everything. */
export type FoldRead = { readonly buckets: readonly Range[]; readonly writtenSinceMs: number | null };

/** The state of one bucket in a run: two texts of digits are equal exactly if archive and D1 say the same. */
export type BucketSum = {
  readonly devices: number;
  readonly differences: number;
  /** XOR of 64 bits of SHA-256 for each device, in hex. */
  readonly archived: string;
  readonly live: string;
};

export type VerificationState = {
  readonly run: string;
  /** Of the release that has folded: what two have folded is not stored. */
  readonly foldVersion: string;
  readonly startedAtMs: number;
  readonly range: Range;
  /** If only one device is verified. */
  readonly device: DeviceKey | null;
  /** Since when every record is archived; what may be older is compared only with what the archive has. `null`: since ever. */
  readonly archivedSince: Moment | null;
  readonly phase: Phase;
  /** Which buckets are read from the archive's beginning whatever is stored of them: `"oldest"` is one of a night's. */
  readonly reread: "all" | "oldest" | "none";
  /** The stored folds that the run has begun with, by bucket. */
  readonly loaded: Readonly<Record<string, Loaded>>;
  /** Which fold is being loaded or kept, by the number of its bucket, and where in it. */
  readonly place: { readonly bucket: number; readonly after: string | null; readonly pieces: number } | null;
  /** What of the archive is read beside what was loaded: the first one now. */
  readonly reads: readonly FoldRead[];
  readonly position: LogPosition | null;
  /** Where the reading of what was archived since is. */
  readonly tail: LogPosition | null;
  /** Where the phase goes on: a key in storage or in D1. */
  readonly cursor: string | null;
  /** When what is compared had been read, and how often what came later was looked through since. */
  readonly comparedAtMs: number | null;
  readonly round: number;
  /** Open ones that the step before has counted. The next step removes them. */
  readonly closed: { readonly devices: readonly string[]; readonly parties: readonly string[] };
  readonly figures: Figures;
  readonly buckets: Readonly<Record<string, BucketSum>>;
  /** Buckets with merged records that today's contracts refuse. */
  readonly unreadable: readonly string[];
  /** Dealers and customers that differ: of buckets that say something of them no fold is stored. Of none where one is `"all"`. */
  readonly doubted: readonly string[];
  /** Of dealers, customers and counts, which belong to no bucket. */
  readonly others: number;
};

export type Figures = {
  /** Records of the archive that were folded, the later ones included. */
  readonly records: number;
  /** Merged records that today's contracts refuse. */
  readonly unreadable: number;
  readonly devices: number;
  readonly parties: number;
  readonly objects: number;
  readonly rowsRead: number;
  readonly differences: number;
  /** Differences that are kept; further ones are only counted. */
  readonly kept: number;
  /** Devices, dealers and customers that are newer than what has been read of the archive. */
  readonly open: number;
  /** Dealers with more devices than are counted, or whose counts were being filled. */
  readonly uncounted: number;
  /** Devices that were left out since somebody is being forgotten. */
  readonly forgetting: number;
};

export const NO_FIGURES: Figures = {
  records: 0,
  unreadable: 0,
  devices: 0,
  parties: 0,
  objects: 0,
  rowsRead: 0,
  differences: 0,
  kept: 0,
  open: 0,
  uncounted: 0,
  forgetting: 0,
};

/** The fold of a device: of what was merged, and apart from it the parts of dead letters, which a store may have merged. */
export type DeviceFold = { readonly device: Device | null; readonly uncertain: readonly Part[] };

/** The same of a dealer or a customer. */
export type PartyFold = {
  readonly register: Register<unknown> | null;
  readonly uncertain: readonly Register<unknown>[];
};

/** A device that is newer than the fold, and the parts that later events have explained. */
export type OpenDevice = { readonly live: LiveDevice; readonly explained: readonly string[] };
export type OpenParty = { readonly live: LiveParty; readonly isExplained: boolean };

export const add = (figures: Figures, more: Partial<Figures>): Figures =>
  Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, value + (more[name as keyof Figures] ?? 0)]),
  ) as Figures;
