import { type StreamRow, toStreamRow } from "#archive/stream/stream-row.ts";
import { withTimeout } from "#base/deadline.ts";
import { packBySize } from "#json/pack.ts";
import { laneOf } from "#queue/lane.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Ending } from "./ending.ts";

/** The part of a stream's binding that is used. It answers when the stream has the rows. */
export type Stream = { send(rows: StreamRow[]): Promise<void> };

/**
 * Sends merged records to the stream of analysts' tables, if one is bound. It is a copy for convenience, and best effort:
 * it is sent after everything is settled and is never awaited by the queue, a row that cannot be sent is logged and lost,
 * and a record that is delivered again may be sent again. What is complete is the archive.
 * @returns when all of it is sent or given up; never throws
 */
export async function streamSettled(stream: Stream, endings: readonly Ending[], settledAtMs: number): Promise<void> {
  try {
    await sendAll(stream, rowsOf(endings, settledAtMs));
  } catch (thrown) {
    log("error", "stream.fault", describeFault(thrown));
  }
}

const rowsOf = (endings: readonly Ending[], settledAtMs: number): StreamRow[] =>
  endings.flatMap((ending): StreamRow[] => {
    if (ending.kind !== "merged") return [];
    const { record, event, parcel } = ending.arrival;
    return [toStreamRow({ record, event, outcome: ending.outcome, settledAtMs, lane: laneOf(parcel) })];
  });

async function sendAll(stream: Stream, rows: readonly StreamRow[]): Promise<void> {
  for (const some of packBySize(rows, { maxBytes: MAX_BYTES, maxItems: rows.length })) {
    try {
      const sent = await withTimeout(DEADLINE_MS, stream.send(some));
      if (sent === "too late") throw new Error(`the stream took more than ${DEADLINE_MS} ms`);
    } catch (thrown) {
      log("warn", "stream.not_sent", { rows: some.length, ...describeFault(thrown) });
    }
  }
}

/** A stream takes 5 MB at once, and took 1 MB before: developers.cloudflare.com/pipelines/platform/limits */
const MAX_BYTES = 900_000;

/** The consumer's invocation stays open for it. Our choice. */
const DEADLINE_MS = 10_000;
