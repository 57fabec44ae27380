import type { Revoked } from "#auth/revocation.ts";
import type { TokenIdentity } from "#auth/verify.ts";
import { currentRevocations } from "#repositories/current-revocations.ts";
import { describeFault, log } from "./log.ts";

/** The list of revoked tokens of this isolate. A failure to read it is logged, and the last list counts. */
export const revokedIn = (db: D1Database): Promise<Revoked> =>
  currentRevocations({
    db,
    now: Date.now,
    onFault: (thrown, ageMs) => log("error", "token.revocations_unread", { ...describeFault(thrown), ageMs }),
  });

/** For `TokenTrust`. */
export const revocationCheck =
  (db: D1Database) =>
  async (token: TokenIdentity): Promise<boolean> =>
    (await revokedIn(db)).has(token);
