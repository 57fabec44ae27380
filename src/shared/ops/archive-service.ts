import type { DeviceArchive } from "#domain/device-archive.ts";
import type { ArchiveJobs } from "./archive-api.ts";
import type { ArchiveFiles } from "./archive-files-api.ts";
import type { ArchiveForgetting } from "./archive-forgetting.ts";
import type { ArchiveRecent } from "./archive-recent.ts";
import type { ArchiveVerification } from "./archive-verification.ts";

/**
 * What other Workers call on `ArchiveService` of the archive Worker, over their binding ARCHIVE_SERVICE. Every method may
 * throw what the platform throws when that Worker or its stores are out of reach.
 */
export type ArchiveRpc = ArchiveFiles &
  ArchiveForgetting &
  ArchiveJobs &
  ArchiveRecent &
  ArchiveVerification &
  DeviceArchive;
