import type { Lane } from "#queue/lane.ts";

/** The part of the queue's backlog that we use. The queue reports it with every batch that it takes. */
export type Backlog = { readonly backlogBytes: number };

/**
 * From which backlog on clients wait, and with which they wait longest. The queue refuses batches at 25 GB
 * (developers.cloudflare.com/queues/platform/limits); backpressure starts before that. A backfill waits in its files
 * rather than in the queue, where it could not be stopped any more. Its limits are ours.
 */
const BACKLOG_BYTES: Readonly<Record<Lane, { readonly soft: number; readonly hard: number }>> = {
  live: { soft: 15e9, hard: 24e9 },
  backfill: { soft: 0.5e9, hard: 2e9 },
};

/** How long a reported backlog is valid. After that, a request goes through and its response reports the next one. */
const VALID_MS = 5_000;

const MIN_WAIT_SECONDS = 5;
const MAX_WAIT_SECONDS = 300;

/** How long clients should wait before they send more: 0 below the soft limit, then growing with the backlog. */
export function waitSecondsFor({ backlogBytes }: Backlog, lane: Lane): number {
  const { soft, hard } = BACKLOG_BYTES[lane];
  if (backlogBytes < soft) return 0;
  const fill = Math.min(1, (backlogBytes - soft) / (hard - soft));
  return Math.ceil(MIN_WAIT_SECONDS + fill * (MAX_WAIT_SECONDS - MIN_WAIT_SECONDS));
}

/**
 * Backpressure by the last backlog that the queue reported to this isolate. Best effort: each new isolate learns it with
 * its first batch.
 */
export class Pressure {
  readonly #lane: Lane;
  #last: { readonly backlog: Backlog; readonly atMs: number } | undefined;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  note(backlog: Backlog | undefined, nowMs: number): void {
    if (backlog) this.#last = { backlog, atMs: nowMs };
  }

  waitSeconds(nowMs: number): number {
    // In either direction: a clock that was set back must not keep clients waiting until it has caught up.
    if (!this.#last || Math.abs(nowMs - this.#last.atMs) > VALID_MS) return 0;
    return waitSecondsFor(this.#last.backlog, this.#lane);
  }
}
