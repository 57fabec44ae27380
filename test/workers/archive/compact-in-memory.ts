import { encodeLines } from "#archive/lines.ts";
import { rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import type { CompactionState } from "../../../workers/archive/jobs/compaction.ts";
import type { JobDeps, JobKind } from "../../../workers/archive/jobs/job-kind.ts";
import type { MemoryBucket } from "../../support/memory-bucket.ts";

/** What a compaction uses of its deps: a bucket in memory, and the little that its object remembers. */
export function compactionDeps(bucket: MemoryBucket, nowMs: number): JobDeps {
  const kept = new Map<string, unknown>();
  const kv = {
    get: (key: string) => kept.get(key),
    put: (key: string, value: unknown) => void kept.set(key, value),
  };
  return { bucket, nowMs, storage: { kv } } as unknown as JobDeps;
}

/** Writes raw objects as the consumer does. */
export async function writeRaw(bucket: MemoryBucket, records: readonly ArchivedRecord[]): Promise<void> {
  for (const batch of Map.groupBy(records, rawPrefixOf).values())
    await bucket.put(await rawKeyOf(batch), await encodeLines(batch));
}

/** A whole run of a compaction, each state through JSON as a job stores it. A step that fails by the bucket is repeated. */
export async function compactAll(
  kind: JobKind<unknown, CompactionState>,
  deps: JobDeps,
  params: unknown = {},
): Promise<CompactionState> {
  let state = await kind.begin(params, deps);
  for (let steps = 0; steps < 20_000; steps++) {
    const after = await kind.step(state, deps).catch((thrown: Error) => {
      if (!thrown.message.startsWith("the bucket failed")) throw thrown;
      return { state, isDone: false };
    });
    state = JSON.parse(JSON.stringify(after.state));
    if (after.isDone) return state;
  }
  throw new Error(`the compaction does not end: ${JSON.stringify(state)}`);
}
