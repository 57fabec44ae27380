import type { ReaderSettings } from "#auth/reader-settings.ts";
import { authenticate } from "#auth/token.ts";
import { clientAddress, isWithinLimit, LONG_WAIT_SECONDS } from "#base/rate-limit.ts";
import { revocationCheck } from "#telemetry/revocations.ts";
import { logRefusal, noteKeyUse } from "#telemetry/token-log.ts";
import type { Sender } from "./answer.ts";
import type { Env } from "./env.ts";
import { refuse, tooMany } from "./refusals.ts";

/**
 * Who sent a request, by its bearer token and by nothing else; or the refusal.
 * @throws IssuerUnreachable if the issuer's keys cannot be fetched
 */
export async function readSender(request: Request, env: Env, { trust }: ReaderSettings): Promise<Sender | Response> {
  const isRevoked = revocationCheck(env.DB);
  const caller = await authenticate(request.headers.get("Authorization"), { ...trust, isRevoked });
  const address = clientAddress(request.headers);
  if (!caller.ok) {
    const refused = await refuseStranger(request, env);
    if (refused) return refused;
    logRefusal(caller);
    if (caller.status === 403) return refuse(request, 403, ["FORBIDDEN", caller.message]);
    return refuse(request, 401, ["UNAUTHENTICATED", caller.message], { headers: { "WWW-Authenticate": "Bearer" } });
  }
  noteKeyUse(caller.token);
  const { scope, expiresAtMs, caller: name, token } = caller;
  return { scope, expiresAtMs, caller: name, token, address };
}

/** Counts a request that nobody vouches for. @returns the refusal of one too many */
export async function refuseStranger(request: Request, env: Env): Promise<Response | undefined> {
  const isFew = await isWithinLimit(env.FAILED_SIGN_INS, clientAddress(request.headers));
  return isFew ? undefined : tooMany(request, LONG_WAIT_SECONDS);
}
