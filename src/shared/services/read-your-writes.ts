import { parseConsistencyToken } from "#repositories/consistency.ts";
import type { ReadSession } from "#repositories/read-session.ts";
import { describeFault, log } from "#telemetry/log.ts";

/** Reads from the primary, to check a caller's right to a write: a replica may still have the former dealer. */
export function readFromPrimary<T>(session: ReadSession, read: () => Promise<T>): Promise<T> {
  session.restart({ kind: "strong" });
  return read();
}

type AfterWrite<T> = { readonly read: () => Promise<T>; readonly fallback: T };

/**
 * Reads the state after a write, and makes the rest of the request see it too. The write has succeeded, so a read that
 * fails is no error: then, or if D1 has not stored the write yet, it returns `fallback`.
 */
export async function readAfterWrite<T>(
  session: ReadSession,
  consistencyToken: string | null,
  { read, fallback }: AfterWrite<T>,
): Promise<T> {
  const consistency = consistencyToken === null ? undefined : parseConsistencyToken(consistencyToken);
  if (!consistency) return fallback;
  session.restart(consistency);
  try {
    return await read();
  } catch (thrown) {
    log("warn", "write.not_read_again", describeFault(thrown));
    return fallback;
  }
}
