import type { Ledger } from "./ledger.ts";

/** The time in which both sides were seen to agree. */
export type CleanWindow = { readonly fromMs: number; readonly toMs: number };

/**
 * The last time in which nothing differed, apart from what has been proved to be the old side's lag.
 *
 * It ends where the oldest difference was first seen about which nothing is proved yet: with a lag of a day the window
 * is a day behind, and a difference that never ends keeps it from growing. It begins when a difference was last seen
 * that was no lag.
 * @param observedMs from when to when items have been asked for without a longer break, in whole rounds
 * @returns null if there is no such time
 */
export function cleanWindow(ledger: Ledger, observedMs: readonly [from: number, to: number]): CleanWindow | null {
  const [from, to] = observedMs;
  const fromMs = Math.max(from, ledger.lastBadMs ?? 0);
  const toMs = ledger.open().reduce((earliest, { firstSeenMs }) => Math.min(earliest, firstSeenMs), to);
  return toMs > fromMs ? { fromMs, toMs } : null;
}
