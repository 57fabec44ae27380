/** The part of what the queue says of itself with every batch that it takes. */
export type Backlog = { readonly backlogBytes: number };

/** The queue refuses at 25 GB (developers.cloudflare.com/queues/platform/limits); we ask clients to wait before that. */
const SOFT_BACKLOG_BYTES = 15e9;
const HARD_BACKLOG_BYTES = 24e9;

/** How long a figure is believed. After that one request goes through, and its answer from the queue is the next figure. */
const BELIEVED_MS = 5_000;

const MIN_WAIT_SECONDS = 5;
const MAX_WAIT_SECONDS = 300;

/** How long clients should wait before they send more, or 0 while there is room. Grows with the backlog. */
export function waitSecondsFor({ backlogBytes }: Backlog): number {
  if (backlogBytes < SOFT_BACKLOG_BYTES) return 0;
  const fill = Math.min(1, (backlogBytes - SOFT_BACKLOG_BYTES) / (HARD_BACKLOG_BYTES - SOFT_BACKLOG_BYTES));
  return Math.ceil(MIN_WAIT_SECONDS + fill * (MAX_WAIT_SECONDS - MIN_WAIT_SECONDS));
}

/**
 * The last backlog that this isolate was told. A hint and no more: isolates come and go, and each learns the figure with
 * its first send.
 */
export class Pressure {
  #last: { readonly backlog: Backlog; readonly atMs: number } | undefined;

  note(backlog: Backlog | undefined, nowMs: number): void {
    if (backlog) this.#last = { backlog, atMs: nowMs };
  }

  waitSeconds(nowMs: number): number {
    if (!this.#last || nowMs - this.#last.atMs > BELIEVED_MS) return 0;
    return waitSecondsFor(this.#last.backlog);
  }
}
