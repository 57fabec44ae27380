import { parseConsistencyToken } from "../repositories/consistency.ts";
import type { ReadSession } from "../repositories/read-session.ts";
import { faultOf, log } from "../telemetry/log.ts";

/** Reads from the primary what decides over a write: on a replica, who may do so may be long out of date. */
export function readStrongly<T>(session: ReadSession, read: () => Promise<T>): Promise<T> {
  session.restart({ kind: "strong" });
  return read();
}

type Reading<T> = { readonly read: () => Promise<T>; readonly otherwise: T };

/**
 * Reads what a write did, and so does the rest of the request; where D1 did not take it, there is nothing new to read.
 * The write is safe by now: a read that fails does not make an error of it, but leaves what was there before.
 */
export async function readAgain<T>(
  session: ReadSession,
  consistencyToken: string | null,
  { read, otherwise }: Reading<T>,
): Promise<T> {
  const consistency = consistencyToken === null ? undefined : parseConsistencyToken(consistencyToken);
  if (!consistency) return otherwise;
  session.restart(consistency);
  try {
    return await read();
  } catch (thrown) {
    log("warn", "write.not_read_again", faultOf(thrown));
    return otherwise;
  }
}
