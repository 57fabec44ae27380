import { OBJECT_OF } from "#ops/archive-api.ts";
import type { VerificationFigures, VerificationJson, VerificationQuery } from "#ops/archive-verification.ts";
import type { Env } from "../env.ts";

/** The last results of verification; `null` where the environment has no archive. */
export async function readVerification(
  { ARCHIVE, JOBS }: Env,
  query: VerificationQuery,
): Promise<VerificationJson | null> {
  if (!ARCHIVE) return null;
  // The RPC type of an object that returns `unknown` members is `never`.
  const job = JOBS.getByName(OBJECT_OF.verification) as unknown as {
    verification(query: VerificationQuery): Promise<VerificationJson>;
  };
  return job.verification(query);
}

/** What metrics see of them. */
export async function readVerificationFigures({ ARCHIVE, JOBS }: Env): Promise<VerificationFigures | null> {
  return ARCHIVE ? JOBS.getByName(OBJECT_OF.verification).verificationFigures() : null;
}
