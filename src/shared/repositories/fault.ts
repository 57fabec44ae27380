/**
 * Whether a thrown value says that a store is out of reach or overloaded, rather than that this very record breaks
 * something. The platform gives D1's errors as text only; these are the ones it documents as passing:
 * developers.cloudflare.com/d1/observability/debug-d1 and developers.cloudflare.com/durable-objects/best-practices/error-handling
 */
export function isOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { retryable, overloaded } = thrown as { retryable?: boolean; overloaded?: boolean };
  return retryable === true || overloaded === true || OUTAGE.test(messagesOf(thrown));
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
    // A migration is missing: nobody's record can help that.
    "no such table",
    "no such column",
    "not available",
    "database is locked",
  ].join("|"),
  "i",
);

/** Drivers wrap the error that matters. */
function messagesOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} ${messagesOf(error.cause)}` : error.message;
}
