import type { Refusal } from "#auth/verify.ts";
import { log } from "./log.ts";

/** Which token was refused, and why: by the names of its key and its own, never the token. */
export function logRefusal({ reason, kid, jti }: Refusal): void {
  if (reason !== "missing") log("warn", "token.refused", { reason, kid, jti });
}
