import type { JobDeps } from "../jobs/job-kind.ts";
import { removePieces } from "../jobs/verification/stored-folds.ts";
import { bucketsOf, type Subject } from "./redact-archived.ts";

/** Buckets that one step clears: two calls each. Ours. */
const BUCKETS_A_STEP = 100;

/**
 * Removes the stored folds of the buckets that the customer's devices are in. Verification reads these from the archive's
 * beginning the next time, as it does where pieces are gone.
 * @param after the bucket that was cleared last
 */
export async function removeFolds(
  bucket: JobDeps["bucket"],
  after: string | null,
  subject: Subject,
): Promise<{ readonly last: string | null; readonly files: number }> {
  const left = bucketsOf(subject).filter((each) => after === null || each > after);
  const now = left.slice(0, BUCKETS_A_STEP);
  let files = 0;
  for (const each of now) files += await removePieces(bucket, each);
  return { last: left.length > now.length ? (now.at(-1) ?? null) : null, files };
}
