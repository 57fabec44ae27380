import type { RejectionReason } from "#contracts/parse.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import { Distribution, type MetricsReport, Tally } from "./metrics.ts";

/** How a record left the consumer. */
export type Handled = {
  readonly topic: string;
  readonly receivedAtMs: number;
  /** The age of a replayed letter is not counted as latency. */
  readonly isReplay: boolean;
  /** Nor is the time that a record of a backfill waits. */
  readonly isBackfill: boolean;
} & (
  | { readonly kind: "merged"; readonly outcome: MergeOutcome; readonly occurredAtMs: number }
  | { readonly kind: "deadLettered"; readonly reason: RejectionReason | "fault" | "crash" }
  /** Back to the queue after a fault. */
  | { readonly kind: "returned" }
);

/** The result of handling a batch. */
export type HandledBatch = {
  /** Each record that has left the batch. One whose message is retried as it was is counted when the message is. */
  readonly handled: readonly Handled[];
  readonly cost: Pick<
    MetricsReport,
    | "d1RowsRead"
    | "d1RowsWritten"
    | "objectCalls"
    | "objectWrites"
    | "hubOffers"
    | "archiveObjects"
    | "archivedRecords"
    | "archivedBytes"
  >;
};

/**
 * Handles a batch, and counts for each of its contracts the records, their outcomes, their latency and freshness. One
 * report per batch, however many records it has.
 * @param now milliseconds since 1970; in a Worker it only advances with I/O
 */
export async function trackMetrics<Batch extends HandledBatch>(
  now: () => number,
  handle: () => Promise<Batch>,
): Promise<Batch & { readonly report: MetricsReport }> {
  const startedAtMs = now();
  const batch = await handle();
  const report = toReport(batch, { startedAtMs, endedAtMs: now() });
  return { ...batch, report };
}

type Span = { readonly startedAtMs: number; readonly endedAtMs: number };

function toReport({ handled, cost }: HandledBatch, { startedAtMs, endedAtMs }: Span): MetricsReport {
  const outcomes = new Tally();
  const deadLettered = new Tally();
  const retried = new Tally();
  const backfillSettled = new Tally();
  const received = new Distribution("receivedToVisibleMs");
  const occurred = new Distribution("occurredToVisibleMs");
  for (const each of handled) {
    switch (each.kind) {
      case "merged":
        outcomes.add(`${each.topic} ${each.outcome}`);
        if (each.isBackfill) backfillSettled.add(`${each.topic} ${each.outcome}`);
        if (each.isReplay || each.isBackfill) break;
        received.add(endedAtMs - each.receivedAtMs, each.topic);
        occurred.add(endedAtMs - each.occurredAtMs, each.topic);
        break;
      case "deadLettered":
        deadLettered.add(`${each.topic} ${each.reason}`);
        if (each.isBackfill) backfillSettled.add(`${each.topic} ${each.reason}`);
        break;
      case "returned":
        retried.add(each.topic);
        break;
      default:
        each satisfies never;
    }
  }
  const durations = new Distribution("handleMs");
  const live = handled.filter(({ isBackfill }) => !isBackfill);
  for (const topic of new Set(live.map((each) => each.topic))) durations.add(endedAtMs - startedAtMs, topic);
  return {
    outcomes: outcomes.toCounts(),
    deadLettered: deadLettered.toCounts(),
    retried: retried.toCounts(),
    ...(backfillSettled.total > 0 && { backfillSettled: backfillSettled.toCounts() }),
    receivedToVisibleMs: received.toCounts(),
    occurredToVisibleMs: occurred.toCounts(),
    handleMs: durations.toCounts(),
    batches: 1,
    batchRecords: new Distribution("batchRecords").add(handled.length).toCounts(),
    ...cost,
  };
}
