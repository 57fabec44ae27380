import type { OpsUser, SignedInBy } from "./ops-role.ts";
import type { Refusal, TokenIdentity } from "./verify.ts";

/**
 * Who sends a request to the operations API and until when they may (milliseconds since 1970 UTC), or why they may not.
 * `token` is what a token may be revoked by; a session of Access ends at Access.
 */
export type OpsAuthentication =
  | {
      readonly ok: true;
      readonly user: OpsUser;
      readonly by: SignedInBy;
      readonly expiresAtMs: number;
      readonly token: TokenIdentity | null;
    }
  | Refusal;
