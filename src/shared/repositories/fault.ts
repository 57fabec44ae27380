/**
 * Whether a thrown value means that a store is unavailable or overloaded, and not that the record itself causes the
 * failure. The platform reports D1's errors as text only; these are the ones that it documents as transient:
 * developers.cloudflare.com/d1/observability/debug-d1 and developers.cloudflare.com/durable-objects/best-practices/error-handling
 */
export function isOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { retryable, overloaded } = thrown as { retryable?: boolean; overloaded?: boolean };
  return retryable === true || overloaded === true || OUTAGE.test(allMessages(thrown));
}

const OUTAGE = new RegExp(
  [
    "network connection lost",
    "storage caused object to be reset",
    "reset because its code was updated",
    "transient issue",
    "internal error",
    "overloaded",
    "too many requests",
    "exceeded timeout",
    "timed out",
    "storage operation exceeded",
    "memory limit and was reset",
    "cpu time limit and was reset",
    "long-running export",
    "failed to parse body as json",
    "too many api requests",
    "maximum db size",
    "disconnected",
    "exceeded d1's",
    "back off and try again",
    "no longer active",
    // A migration is missing: no record causes that.
    "no such table",
    "no such column",
    "not available",
    "database is locked",
  ].join("|"),
  "i",
);

/** The messages of an error and its causes: drivers wrap the original error. */
function allMessages(error: Error): string {
  return error.cause instanceof Error ? `${error.message} ${allMessages(error.cause)}` : error.message;
}
