import { Revoked } from "#auth/revocation.ts";
import { withDeadline } from "./read-session.ts";
import { RevocationRepository } from "./revocation.ts";

/** From this age on, one request reads the list anew; the others go on with the old one meanwhile. Ours. */
const FRESH_MS = 20_000;

/** No request goes by a list that is older, as long as D1 answers. Ours; docs/keys.md promises it. */
export const MAX_AGE_MS = 30_000;

/** How long D1 may take, and when it is asked again after it failed. Ours. */
const WITHIN_MS = 1_000;
const RETRY_MS = 5_000;

type Cached = { revoked: Revoked; readAtMs: number; startedAtMs: number; failedAtMs: number };

/** By database: an isolate has one. */
const cache = new WeakMap<object, Cached>();

const NEVER = Number.NEGATIVE_INFINITY;

export type RevocationsDeps = {
  readonly db: D1Database;
  readonly now: () => number;
  /** D1 did not answer, and the list of this age counts on; `null` if there is none. */
  readonly onFault: (thrown: unknown, ageMs: number | null) => void;
};

/**
 * The revoked tokens, as this isolate read them less than half a minute ago: one statement of D1 for all requests of
 * twenty seconds. While D1 does not answer, the last list counts, however old; D1 takes no revocations in that time
 * either. Never throws.
 */
export async function currentRevocations({ db, now, onFault }: RevocationsDeps): Promise<Revoked> {
  const nowMs = now();
  const known = cache.get(db) ?? { revoked: new Revoked([]), readAtMs: NEVER, startedAtMs: NEVER, failedAtMs: NEVER };
  if (isGoodEnough(known, nowMs)) return known.revoked;
  cache.set(db, known);
  known.startedAtMs = nowMs;
  try {
    known.revoked = new Revoked(await withDeadline(WITHIN_MS, new RevocationRepository(db).list()));
    known.readAtMs = nowMs;
  } catch (thrown) {
    known.failedAtMs = nowMs;
    onFault(thrown, known.readAtMs === NEVER ? null : nowMs - known.readAtMs);
  }
  return known.revoked;
}

function isGoodEnough({ readAtMs, startedAtMs, failedAtMs }: Cached, nowMs: number): boolean {
  // A time to come is of a clock that was set back, and says nothing.
  const isWithin = (ms: number, sinceMs: number) => nowMs >= sinceMs && nowMs - sinceMs < ms;
  if (isWithin(FRESH_MS, readAtMs) || isWithin(RETRY_MS, failedAtMs)) return true;
  // Another request is reading. Its promise cannot be shared: it is cancelled with that request.
  return isWithin(MAX_AGE_MS, readAtMs) && isWithin(WITHIN_MS, startedAtMs);
}
