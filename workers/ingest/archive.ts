import { encodeLines } from "#archive/lines.ts";
import { rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import { type ArchivedRecord, oneOfCopies, toArchived } from "#archive/record.ts";
import { withTimeout } from "#base/deadline.ts";
import { pause } from "#base/pause.ts";
import { laneOf } from "#queue/lane.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { type MetricsReport, Tally } from "#telemetry/metrics.ts";
import { deferred, type Ending } from "./ending.ts";
import { type Settled, settle } from "./settle.ts";

/** The part of the bucket's binding that the consumer uses. */
export type ArchiveBucket = {
  put(
    key: string,
    value: Uint8Array,
    options: Required<Pick<R2PutOptions, "onlyIf" | "customMetadata">>,
  ): Promise<unknown | null>;
};

export type Archive = {
  readonly bucket: ArchiveBucket;
  /** How long one attempt may take, in milliseconds. */
  readonly deadlineMs: number;
};

export type ArchivedBatch = {
  /** Those that were given, of which the records that could not be archived are deferred. */
  readonly endings: readonly Ending[];
  readonly report: Pick<MetricsReport, "archiveObjects" | "archivedRecords" | "archivedBytes">;
};

/**
 * Writes to the archive what a batch has settled: merged records and dead letters, one object for each hour in which they
 * were received, which is one but for a batch that spans two. It has to be called before anything of the batch is sent on
 * or acknowledged. A record whose object cannot be written is deferred, with the outcome that it has: an outage of R2 counts
 * as no attempt and makes no letter.
 */
export async function archiveBatch(
  archive: Archive | undefined,
  endings: readonly Ending[],
  nowMs: number,
): Promise<ArchivedBatch> {
  if (archive === undefined) return { endings, report: {} };
  const settled = endings.flatMap((ending) => (isSettled(ending) ? [{ ending, record: toRecord(ending, nowMs) }] : []));
  if (settled.length === 0) return { endings, report: {} };
  const objects = [...Map.groupBy(settled, ({ record }) => rawPrefixOf(record)).values()];
  const faults = new Map<Ending, unknown>();
  const outcomes = new Tally<"written" | "known" | "failed">();
  let archivedRecords = 0;
  let archivedBytes = 0;
  await Promise.all(
    objects.map(async (members) => {
      const put = await settle(write(archive, once(members.map(({ record }) => record))));
      outcomes.add(put.ok ? put.value.outcome : "failed");
      if (put.ok) {
        archivedRecords += put.value.records;
        archivedBytes += put.value.bytes;
        return;
      }
      log("error", "consume.not_archived", { records: members.length, ...describeFault(put.thrown) });
      for (const { ending } of members) faults.set(ending, put.thrown);
    }),
  );
  return {
    endings: endings.map((ending) => (faults.has(ending) ? unarchived(ending) : ending)),
    report: { archiveObjects: outcomes.toCounts(), archivedRecords, archivedBytes },
  };
}

const unarchived = (ending: Ending): Ending =>
  ending.kind === "merged"
    ? { arrival: deferred(ending).arrival, kind: "deferred", unarchived: ending.outcome }
    : deferred(ending);

type SettledEnding = Extract<Ending, { kind: "merged" | "deadLettered" }>;

const isSettled = (ending: Ending): ending is SettledEnding =>
  ending.kind === "merged" || ending.kind === "deadLettered";

function toRecord(ending: SettledEnding, settledAtMs: number): ArchivedRecord {
  const { record, parcel, ...arrival } = ending.arrival;
  return toArchived(record, {
    event: arrival.kind === "event" ? arrival.event : null,
    outcome: ending.kind === "merged" ? ending.outcome : "deadLettered",
    settledAtMs,
    lane: laneOf(parcel),
  });
}

/** A message may be twice in one batch. */
function once(records: readonly ArchivedRecord[]): ArchivedRecord[] {
  const byReceipt = new Map<string, ArchivedRecord>();
  for (const record of records) {
    const known = byReceipt.get(record.receipt);
    byReceipt.set(record.receipt, known ? oneOfCopies(known, record) : record);
  }
  return [...byReceipt.values()];
}

type Put = { readonly outcome: "written" | "known"; readonly records: number; readonly bytes: number };

/** Most failures of a store are short. An attempt that was taken without our knowing it makes the second one `known`. */
async function write({ bucket, deadlineMs }: Archive, records: readonly ArchivedRecord[]): Promise<Put> {
  const [key, bytes] = await Promise.all([rawKeyOf(records), encodeLines(records)]);
  const attempt = async () => {
    const put = await withTimeout(
      deadlineMs,
      bucket.put(key, bytes, { onlyIf: { etagDoesNotMatch: "*" }, customMetadata: { records: `${records.length}` } }),
    );
    if (put === "too late") throw new Error(`R2 took more than ${deadlineMs} ms`);
    return put;
  };
  let put: Settled<unknown> = await settle(attempt());
  if (!put.ok) {
    await pause(RETRY_AFTER_MS);
    put = await settle(attempt());
  }
  if (!put.ok) throw put.thrown;
  // A repeated delivery of the same batch: the object is there, with the outcomes of the first time.
  if (put.value === null) return { outcome: "known", records: 0, bytes: 0 };
  return { outcome: "written", records: records.length, bytes: bytes.byteLength };
}

const RETRY_AFTER_MS = 50;
