/** Longest wait between attempts, in seconds. Ours; the queue's own ceiling is 24 h: developers.cloudflare.com/queues/platform/limits */
export const MAX_BACKOFF_SECONDS = 900;

/** Doubles from 2 s up to the ceiling; half of it is chance, so that what failed together does not come back together. */
export function backoffSeconds(failures: number, random: number): number {
  const ceiling = Math.min(MAX_BACKOFF_SECONDS, 2 ** Math.min(failures, 20));
  return Math.ceil(ceiling / 2 + (ceiling / 2) * random);
}
