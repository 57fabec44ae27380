/** Longest wait between attempts, in seconds. Our choice; the queue allows 24 h: developers.cloudflare.com/queues/platform/limits */
export const MAX_BACKOFF_SECONDS = 900;

/**
 * Exponential backoff with jitter: from 2 s, doubling up to the ceiling. Half of it is random, so that records that
 * failed together do not come back together.
 */
export function backoffSeconds(failures: number, random: number): number {
  const ceiling = Math.min(MAX_BACKOFF_SECONDS, 2 ** Math.min(failures, 20));
  return Math.ceil(ceiling / 2 + (ceiling / 2) * random);
}
