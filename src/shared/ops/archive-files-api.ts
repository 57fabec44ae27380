/** What the bucket holds, as of a time. */
export type ArchiveFigures = {
  /** When it was looked at. */
  readonly atMs: number;
  /** Raw objects, which are not compacted yet. */
  readonly rawObjects: number;
  readonly rawBytes: number;
  /** The hour whose records have waited longest in raw objects, ISO in UTC: `2026-11-23T13:00:00.000Z`; `null` if none waits. */
  readonly oldestRawHour: string | null;
  /** Days that have day files, the first and the last of them, and what these files hold. */
  readonly days: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly parts: number;
  readonly bytes: number;
  readonly records: number;
  /** False if the archive has more objects than one look counts; then the counts are of its first ones. */
  readonly isWhole: boolean;
};

/** What a part, or a file beside the parts, has that its manifest does not say. */
export type FileProblem = { readonly key: string; readonly problem: string };

/** One page of a check of day files against their manifests. */
export type ArchiveCheck = {
  /** The days of this page, each with what was compared in it. */
  readonly days: readonly {
    readonly day: string;
    readonly parts: number;
    readonly records: number;
    readonly bytes: number;
  }[];
  readonly problems: readonly FileProblem[];
  /** For `after` of the next page; `null` if this was the last. */
  readonly next: string | null;
};

export type CheckRequest = {
  /** Only this day, in UTC. */
  readonly day?: string;
  /** `next` of the page before. */
  readonly after?: string;
};

/** What other Workers call on `ArchiveService` about files. Each is `null` if the environment has no archive. */
export interface ArchiveFiles {
  archiveStatus(): Promise<ArchiveFigures | null>;
  /** The same as of at most ten minutes ago, in one read: for scrapes. `null` too if nothing was looked at yet. */
  archiveFigures(): Promise<ArchiveFigures | null>;
  checkArchive(request: CheckRequest): Promise<ArchiveCheck | null>;
}
