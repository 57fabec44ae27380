import { setTimeout as wait } from "node:timers/promises";
import { Commits } from "./commits.ts";
import type { Send } from "./delivery/boundary.ts";
import { Delivery, type DeliverySettings } from "./delivery/delivery.ts";
import type { Listener } from "./events.ts";
import { type KafkaRecord, nameOf } from "./kafka-record.ts";
import { type PartitionRange, type Session, type Source, StopError } from "./source.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { reportGap, reportLag, reportRetention } from "./watch.ts";

export type SessionSettings = DeliverySettings & {
  /** How long delivered records may wait for their commit. What is delivered and not committed comes again after a crash. */
  readonly commitMs: number;
  /** How often lag is looked up. */
  readonly lagMs: number;
  /** How long a bridge that is asked to end, or that loses its partitions, goes on delivering what it has. */
  readonly drainMs: number;
  /** Ends at the high-water marks that the partitions have at its start. */
  readonly once: boolean;
};

export type Decode = (records: readonly KafkaRecord[], signal: AbortSignal) => Promise<readonly KafkaRecord[]>;

export type SessionDeps = {
  readonly source: Source;
  readonly send: Send;
  /** Replaces what a schema registry can read. It waits for a registry that is away, until the session is over. */
  readonly decode: Decode;
  readonly emit: Listener;
  readonly random: () => number;
};

export type SessionEnd =
  | { readonly kind: "complete" }
  | { readonly kind: "over"; readonly reason: string; readonly failed: boolean };

/** With `once`: nothing came for so long, though offsets are left. The marks of transactions are no records. */
const IDLE_MS = 10_000;
/** How often it is looked whether everything is delivered. */
const LOOK_MS = 200;
/** How often it is told what is in memory. */
const BUFFERED_MS = 1_000;

/**
 * Opens a session, delivers its records and commits what is delivered, until it is over.
 * @param targets where `once` ends: the high-water marks of partitions when they were first ours
 * @throws StopError when no other session could go on
 */
export async function runSession(
  settings: SessionSettings,
  deps: SessionDeps,
  targets: Map<string, number>,
  signal: AbortSignal,
): Promise<SessionEnd> {
  try {
    const session = await deps.source.open(signal);
    try {
      return await deliverSession(session, settings, deps, targets, signal);
    } finally {
      await session.close().catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof StopError) throw error;
    return { kind: "over", reason: error instanceof Error ? error.message : String(error), failed: true };
  }
}

async function deliverSession(
  session: Session,
  settings: SessionSettings,
  { decode, ...deps }: SessionDeps,
  targets: Map<string, number>,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { emit } = deps;
  const ranges = await session.partitions();
  emit({ kind: "session.opened", partitions: ranges });
  for (const range of ranges) {
    reportRetention(range, emit);
    if (range.latest !== null && !targets.has(nameOf(range))) targets.set(nameOf(range), range.latest);
  }

  const delivery = new Delivery(settings, { ...deps, onGap: (gap) => void reportGap(gap, session, emit) });
  const commits = new Commits(session, delivery, emit);
  const complete = new AbortController();
  let lastBatchMs = performance.now();
  const look = () => {
    const isIdle = delivery.pending.records === 0 && performance.now() - lastBatchMs > IDLE_MS;
    if (isIdle || hasReached(targets, ranges, delivery)) complete.abort();
  };
  const reportBuffered = () =>
    emit({ kind: "buffered", records: delivery.pending.records, bytes: delivery.pending.bytes });
  const timers = [
    setInterval(() => void commits.commit(), settings.commitMs),
    setInterval(() => void reportLag(session, emit), settings.lagMs),
    setInterval(reportBuffered, BUFFERED_MS),
    ...(settings.once ? [setInterval(look, LOOK_MS)] : []),
  ];
  const over = AbortSignal.any([signal, session.over, complete.signal, delivery.failed]);
  try {
    const batches = session.records[Symbol.asyncIterator]();
    while (!over.aborted) {
      const batch = await unlessAborted(batches.next(), over);
      if (!batch || batch.done) break;
      if (batch.value.length > 0) {
        lastBatchMs = performance.now();
        emit({ kind: "consumed", records: batch.value });
        const decoded = await unlessAborted(decode(batch.value, over), over);
        if (!decoded) break;
        await unlessAborted(delivery.take(decoded), over);
      }
      if (session.pollEveryMs === undefined) continue;
      await unlessAborted(Promise.race([delivery.drain(), atMost(session.pollEveryMs)]), over);
      await commits.commit();
    }
    if (delivery.failed.aborted) throw delivery.failed.reason;
    if (complete.signal.aborted) return { kind: "complete" };
    if (signal.aborted) await Promise.race([delivery.drain(), atMost(settings.drainMs)]);
    const { reason } = session.over;
    return { kind: "over", reason: String(reason?.message ?? reason ?? "it ended"), failed: reason instanceof Error };
  } finally {
    for (const timer of timers) clearInterval(timer);
    await delivery.close(settings.drainMs);
    await commits.commit();
    reportBuffered();
    await reportLag(session, emit);
  }
}

/** Whether every partition of ours is delivered up to its target. One that none was committed for begins where its log does. */
function hasReached(
  targets: ReadonlyMap<string, number>,
  ranges: readonly PartitionRange[],
  delivery: Delivery,
): boolean {
  const delivered = delivery.delivered();
  return ranges.every((range) => {
    const target = targets.get(nameOf(range));
    const position = delivered.get(nameOf(range)) ?? range.committed ?? range.earliest;
    return target !== undefined && position !== null && position >= target;
  });
}

/** Time that a race is lost after; once it is won, nothing waits for the rest of it, and the process may end. */
const atMost = (ms: number): Promise<void> => wait(ms, undefined, { ref: false });
