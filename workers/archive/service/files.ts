import type { ArchiveCheck, ArchiveFigures, CheckRequest } from "#ops/archive-files-api.ts";
import type { Env } from "../env.ts";
import { checkArchive } from "../files/check.ts";
import { countArchive, keepFigures, readFigures } from "../files/figures.ts";

/** What the bucket holds now; `null` where the environment has no archive. */
export const readStatus = async ({ ARCHIVE }: Env): Promise<ArchiveFigures | null> =>
  ARCHIVE ? countArchive(ARCHIVE, Date.now()) : null;

/** What it held when the cron trigger last looked. */
export const readKept = async ({ ARCHIVE }: Env): Promise<ArchiveFigures | null> =>
  ARCHIVE ? readFigures(ARCHIVE) : null;

export const checkFiles = async ({ ARCHIVE }: Env, request: CheckRequest): Promise<ArchiveCheck | null> =>
  ARCHIVE ? checkArchive(ARCHIVE, request) : null;

/** Of the cron trigger: counts, for the scrapes until the next time. */
export const keepCounts = async ({ ARCHIVE }: Env): Promise<void> => {
  if (ARCHIVE) await keepFigures(ARCHIVE, Date.now());
};
