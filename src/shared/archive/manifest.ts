import type { ArchiveBucket } from "./bucket.ts";
import { manifestKey } from "./names.ts";

/** A Parquet file of a day, with what anyone can check it by. */
export type Part = {
  /** Its name in the bucket. */
  readonly key: string;
  /** Of the manifest that named it first: parts that come later have a greater one. None is 0. */
  readonly generation?: number;
  readonly source: string;
  readonly topic: string;
  readonly records: number;
  readonly bytes: number;
  /** Characters of its keys, values and headers: what it takes in memory. */
  readonly characters: number;
  /** SHA-256 of the file, in hex. */
  readonly sha256: string;
  readonly firstReceivedAtMs: number;
  readonly lastReceivedAtMs: number;
  /** When its first and last event happened, RFC 3339 in UTC; `null` if none of its records is an event. */
  readonly firstOccurredAt: string | null;
  readonly lastOccurredAt: string | null;
};

/** Records of a topic that were removed from a day, since they are not kept longer. */
export type Expired = { readonly topic: string; readonly records: number; readonly removedAtMs: number };

/** What a day consists of. A file of the day that is not in `parts` does not count. */
export type Manifest = {
  readonly day: string;
  /** How often it was written. It is in the names of new files, so that no two writers ever make one of the same name. */
  readonly generation: number;
  readonly parts: readonly Part[];
  /** Raw objects whose records are in the parts, and which are about to be deleted. */
  readonly replaced: readonly string[];
  /** Former parts whose records are in others, and which are about to be deleted. */
  readonly retired: readonly string[];
  readonly expired: readonly Expired[];
  /** Buckets of devices, of whose series segments some of the day's records are missing: two hex digits each, in order. */
  readonly behind: readonly string[];
};

export const emptyManifest = (day: string): Manifest => ({
  day,
  generation: 0,
  parts: [],
  replaced: [],
  retired: [],
  expired: [],
  behind: [],
});

/** The order in which parts came into their day. */
export const comparePlaces = (a: PartPlace, b: PartPlace): number =>
  (a.generation ?? 0) - (b.generation ?? 0) || (a.key < b.key ? -1 : Number(a.key > b.key));

/** Where a part is in the order of its day's parts. */
export type PartPlace = Pick<Part, "key" | "generation">;

export type StoredManifest = {
  readonly manifest: Manifest;
  /** `null` if there is none yet. */
  readonly etag: string | null;
};

/** A day's manifest, empty if there is none. */
export async function readManifest(bucket: Pick<ArchiveBucket, "get">, day: string): Promise<StoredManifest> {
  const stored = await bucket.get(manifestKey(day));
  if (!stored) return { manifest: emptyManifest(day), etag: null };
  return { manifest: { ...emptyManifest(day), ...(await stored.json<Partial<Manifest>>()) }, etag: stored.etag };
}

/** Another writer has written the day's manifest since it was read. What this one wrote is not part of the day. */
export class ManifestConflict extends Error {
  constructor(day: string) {
    super(
      `the manifest of ${day} was written by another job since it was read; nothing of the day was changed by this one`,
    );
    this.name = "ManifestConflict";
  }
}

/**
 * Replaces a day's manifest, if it is still the one that was read.
 * @param change what is different from now on
 * @throws {ManifestConflict}
 */
export async function writeManifest(
  bucket: Pick<ArchiveBucket, "put">,
  { manifest: before, etag }: StoredManifest,
  change: Partial<Omit<Manifest, "day" | "generation">>,
): Promise<StoredManifest> {
  const manifest: Manifest = { ...before, ...change, generation: before.generation + 1 };
  const put = await bucket.put(manifestKey(manifest.day), `${JSON.stringify(manifest, null, 1)}\n`, {
    onlyIf: etag === null ? new Headers({ "if-none-match": "*" }) : { etagMatches: etag },
    httpMetadata: { contentType: "application/json" },
  });
  if (!put) throw new ManifestConflict(manifest.day);
  return { manifest, etag: put.etag };
}
