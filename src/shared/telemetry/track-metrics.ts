import type { RejectionReason } from "../contracts/parse.ts";
import type { MergeOutcome } from "../domain/outcome.ts";
import { Distribution, type MetricsReport, Tally } from "./metrics.ts";

/** How a record left the consumer. */
export type Handled = {
  readonly topic: string;
  readonly receivedAtMs: number;
  /** A replayed letter's days among the dead letters say nothing about how fast we are. */
  readonly isReplay: boolean;
} & (
  | { readonly kind: "merged"; readonly outcome: MergeOutcome; readonly occurredAtMs: number }
  | { readonly kind: "deadLettered"; readonly reason: RejectionReason | "fault" | "crash" }
  /** Back to the queue after a fault. */
  | { readonly kind: "returned" }
);

/** A batch as its handler left it. */
export type HandledBatch = {
  /** Each record that has left it; one whose message must come back as it was is counted when it does. */
  readonly handled: readonly Handled[];
  readonly cost: Pick<MetricsReport, "d1RowsRead" | "d1RowsWritten" | "objectCalls" | "objectWrites">;
};

/**
 * Runs the handling of a batch, and counts for each contract in it what came, how it ended, how long that took and how
 * fresh it is. One report a batch, however many records it has.
 * @param now milliseconds since 1970; in a Worker it stands still between I/O
 */
export async function trackMetrics<Batch extends HandledBatch>(
  now: () => number,
  handle: () => Promise<Batch>,
): Promise<Batch & { readonly report: MetricsReport }> {
  const startedAtMs = now();
  const batch = await handle();
  const report = reportOf(batch, { startedAtMs, endedAtMs: now() });
  return { ...batch, report };
}

type Span = { readonly startedAtMs: number; readonly endedAtMs: number };

function reportOf({ handled, cost }: HandledBatch, { startedAtMs, endedAtMs }: Span): MetricsReport {
  const outcomes = new Tally();
  const deadLettered = new Tally();
  const retried = new Tally();
  const received = new Distribution("receivedToVisibleMs");
  const occurred = new Distribution("occurredToVisibleMs");
  for (const each of handled) {
    switch (each.kind) {
      case "merged":
        outcomes.add(`${each.topic} ${each.outcome}`);
        if (each.isReplay) break;
        received.add(endedAtMs - each.receivedAtMs, each.topic);
        occurred.add(endedAtMs - each.occurredAtMs, each.topic);
        break;
      case "deadLettered":
        deadLettered.add(`${each.topic} ${each.reason}`);
        break;
      case "returned":
        retried.add(each.topic);
        break;
      default:
        each satisfies never;
    }
  }
  const durations = new Distribution("handleMs");
  for (const topic of new Set(handled.map((each) => each.topic))) durations.add(endedAtMs - startedAtMs, topic);
  return {
    outcomes: outcomes.toCounts(),
    deadLettered: deadLettered.toCounts(),
    retried: retried.toCounts(),
    receivedToVisibleMs: received.toCounts(),
    occurredToVisibleMs: occurred.toCounts(),
    handleMs: durations.toCounts(),
    batches: 1,
    batchRecords: new Distribution("batchRecords").add(handled.length).toCounts(),
    ...cost,
  };
}
