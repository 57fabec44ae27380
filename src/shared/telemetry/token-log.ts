import type { Refusal, TokenIdentity } from "#auth/verify.ts";
import { log } from "./log.ts";

/** Which token was refused, and why: by the names of its key and its own, never the token. */
export function logRefusal({ reason, kid, jti }: Refusal): void {
  if (reason !== "missing") log("warn", "token.refused", { reason, kid, jti });
}

/** How often an isolate says that a key is in use. Ours: often enough to see that one is not, and no line a request. */
const EVERY_MS = 10 * 60_000;

/** By kid, of which a Worker has a few; that of the former secret is `null`. */
const saidAtMs = new Map<string | null, number>();

/** Says now and then that tokens of a key are in use, for whoever wants to take the key out. */
export function noteKeyUse({ kid }: Pick<TokenIdentity, "kid">, nowMs = Date.now()): void {
  if (nowMs - (saidAtMs.get(kid) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
  saidAtMs.set(kid, nowMs);
  log("info", "token.key_in_use", { kid });
}
