import type { ArchiveRpc } from "#ops/archive-service.ts";
import type { VerificationFigures } from "#ops/archive-verification.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Sample } from "#telemetry/prometheus.ts";

/** `null` where there is no archive, or its Worker does not answer. */
export type VerificationOfScrape = { readonly verification: VerificationFigures | null };

const one = (value: number | null | undefined): Sample[] => (value == null ? [] : [{ labels: {}, value }]);

/** What metrics see of the comparison of stored state with the archive. */
export const VERIFICATION_GAUGES = [
  {
    name: "concord_archive_verified_buckets",
    labels: [],
    help: "Of the 256 parts of the fleet, those that were compared with the archive within eight days.",
    samples: ({ verification }: VerificationOfScrape) => one(verification?.recentBuckets),
  },
  {
    name: "concord_archive_verification_oldest_timestamp_seconds",
    labels: [],
    help: "When the part of the fleet was compared with the archive whose last comparison is the longest ago.",
    samples: ({ verification }: VerificationOfScrape) =>
      one(verification?.oldestVerifiedAtMs == null ? null : verification.oldestVerifiedAtMs / 1_000),
  },
  {
    name: "concord_archive_differences",
    labels: [],
    help: "Stored values that differed from the archive when their part of the fleet was last compared.",
    samples: ({ verification }: VerificationOfScrape) => one(verification?.differences),
  },
] as const;

/** A scrape does not fail with the archive. */
export async function readVerificationForScrape(archive: ArchiveRpc | undefined): Promise<VerificationFigures | null> {
  try {
    return (await archive?.verificationFigures()) ?? null;
  } catch (thrown) {
    log("warn", "operations.verification_unread", describeFault(thrown));
    return null;
  }
}
