import type { ArchiveBucket } from "#archive/bucket.ts";
import { ManifestConflict, readManifest, type StoredManifest } from "#archive/manifest.ts";
import { expire } from "./expire.ts";
import { crowdOf, foldSmallParts } from "./fold.ts";
import { gather } from "./gather.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { PartMismatch } from "./parts.ts";
import { PartMissing } from "./read-part.ts";
import { finishDeletions, hasDeletions } from "./replace.ts";
import { sweep } from "./sweep.ts";

/** Where the compaction of a day is. A day can always be begun again. */
export type DayPlace =
  | { readonly stage: "gather" }
  | { readonly stage: "expire" }
  | { readonly stage: "fold" }
  | { readonly stage: "sweep"; readonly after: string | null };

export type DayStep = {
  /** `null` once the day is compacted. */
  readonly place: DayPlace | null;
  readonly objects: number;
  readonly records: number;
  /** Records that were removed, since they are not kept any longer. */
  readonly expired: number;
};

export type DayDeps = {
  readonly bucket: ArchiveBucket;
  readonly nowMs: number;
  /** Whether a topic's records of a day are still kept. */
  readonly isKept: (topic: string, day: string) => boolean;
  readonly limits?: Limits;
};

/** The whole of a closed day: raw objects into parts, small parts into larger ones, and what a died step left behind. */
export const DAY_BEGINS: DayPlace = { stage: "gather" };

/**
 * One bounded step of a day's compaction. What it does depends on the bucket alone, so that it may end anywhere and be
 * repeated: the manifest is written once a step, between the writing of new files and the deletion of old ones.
 * @throws {ManifestConflict} if another job wrote the day meanwhile; repeat the step
 */
export async function compactDay(deps: DayDeps, day: string, place: DayPlace): Promise<DayStep> {
  const read = await readManifest(deps.bucket, day);
  try {
    return await stepOf(deps, read, place);
  } catch (error) {
    // Another writer may have retired the part, or swept it before this one could name it.
    if (!(error instanceof PartMissing || error instanceof PartMismatch)) throw error;
    const now = await readManifest(deps.bucket, day);
    throw now.etag === read.etag ? error : new ManifestConflict(day);
  }
}

async function stepOf(deps: DayDeps, read: StoredManifest, place: DayPlace): Promise<DayStep> {
  const { limits = LIMITS, nowMs } = deps;
  const isKept = (topic: string) => deps.isKept(topic, read.manifest.day);
  const stored = hasDeletions(read) ? await finishDeletions(deps.bucket, read) : read;
  switch (place.stage) {
    case "gather": {
      if (await foldSmallParts(deps.bucket, stored, limits, crowdOf(stored.manifest.parts, limits)))
        return nothing(place);
      const { isEnd, objects, records } = await gather(deps.bucket, stored, { isKept, nowMs, limits });
      return { place: isEnd ? { stage: "expire" } : place, objects, records, expired: 0 };
    }
    case "expire": {
      const expired = await expire(deps.bucket, stored, { isKept, nowMs });
      return { place: { stage: "fold" }, objects: 0, records: 0, expired };
    }
    case "fold":
      return nothing((await foldSmallParts(deps.bucket, stored, limits)) ? place : { stage: "sweep", after: null });
    case "sweep":
      return nothing(await sweepOn(deps.bucket, stored, place.after));
    default:
      return place satisfies never;
  }
}

async function sweepOn(bucket: ArchiveBucket, stored: StoredManifest, after: string | null): Promise<DayPlace | null> {
  const swept = await sweep(bucket, stored, after);
  return swept.isEnd ? null : { stage: "sweep", after: swept.after };
}

const nothing = (place: DayPlace | null): DayStep => ({ place, objects: 0, records: 0, expired: 0 });
