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
 * - fold: the archive is folded, device by device, into storage
 * - rows: each device of the fold is compared with its rows and its object
 * - unknown: devices in D1 that the fold does not have
 * - parties: dealers and customers
 * - strangers: dealers and customers in D1 that the fold does not have, in a run over all buckets
 * - counts: kept counts
 * - wait, tail, judge, judgeParties: what was newer than the fold is looked up in what has been archived since, in rounds
 * - results: the result of each bucket is kept
 * - sweep: what the results replace is removed, and what the run had in storage
 */
export type Phase =
  | "clear"
  | "fold"
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
  | "sweep"
  | "done";

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
  readonly startedAtMs: number;
  /** Inclusive, 0 to 255. */
  readonly range: { readonly from: number; readonly to: number };
  /** If only one device is verified. */
  readonly device: DeviceKey | null;
  /** Since when every record is archived; what may be older is compared only with what the archive has. `null`: since ever. */
  readonly archivedSince: Moment | null;
  readonly phase: Phase;
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
