import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { withTimeout } from "#base/deadline.ts";
import { textOfBytes } from "#base/utf8.ts";
import { describeRejection, type Rejection } from "#contracts/parse.ts";
import { isTopic } from "#contracts/topic.ts";
import { findRejection } from "#queue/rejection.ts";
import type { Listener } from "./events.ts";
import { type KafkaRecord, nameOf, type TopicPartition } from "./kafka-record.ts";
import type { Decode } from "./session.ts";
import type { SourceSettings } from "./settings/assemble.ts";
import type { PartitionRange, Session, Source } from "./source.ts";
import { StopError } from "./source.ts";
import { unlessAborted } from "./unless-aborted.ts";

export type DryRunReport = {
  /** Whether the high-water marks were reached. */
  readonly isComplete: boolean;
  readonly topics: readonly TopicReport[];
  /** What kept the source from being read, where the run ended for that. */
  readonly failure?: string;
};

/** What would become of the records of a topic. */
export type TopicReport = {
  readonly topic: string;
  readonly records: number;
  readonly accepted: number;
  readonly deadLetters: readonly LetterReport[];
};

/** Records that would become dead letters for the same reason, with the first of them. */
export type LetterReport = {
  readonly reason: Rejection["reason"];
  readonly count: number;
  readonly first: { readonly partition: number; readonly offset: number; readonly issue: string };
};

export type DryRunDeps = {
  readonly source: Source;
  readonly decode: Decode;
  readonly emit: Listener;
  readonly now: () => number;
  /** How long sessions may fail one after the other without a new record, until the run ends. By default 15 seconds. */
  readonly giveUpMs?: number;
};

/** A broker that restarts is back by then. Who runs a check waits for its answer, while a bridge tries on for ever. */
const GIVE_UP_MS = 15_000;

/** Nothing came for so long, though offsets are left: marks of transactions are no records, and some sources know no marks. */
const IDLE_MS = 10_000;

/** The same source, by a group of its own that never commits: the group itself is not disturbed. */
export function forDryRun<S extends SourceSettings>(source: S): S {
  const { settings } = source;
  return { ...source, settings: { ...settings, group: `${settings.group}-dry-run-${randomUUID().slice(0, 8)}` } };
}

/**
 * Reads records as a bridge of a new group would, to the high-water marks, and checks each as the boundary does.
 * Nothing is sent, and nothing is committed. It ends by itself too when the source cannot be read for `giveUpMs`: then the
 * report has what was read before, and the `failure`.
 * @throws StopError when it cannot go on
 */
export async function dryRun(deps: DryRunDeps, signal: AbortSignal): Promise<DryRunReport> {
  const reading = new Reading(deps.now);
  let failure: string | undefined;
  try {
    let [readBefore, stuckSinceMs] = [0, performance.now()];
    while (!signal.aborted) {
      const end = await readSession(reading, deps, signal);
      // Whoever ends the run while the source is out of reach is told why nothing was read.
      if (signal.aborted) break;
      failure = end.kind === "failed" ? end.reason : undefined;
      if (end.kind === "ended") break;
      if (reading.records > readBefore) [readBefore, stuckSinceMs] = [reading.records, performance.now()];
      if (end.kind === "again") continue;
      if (performance.now() - stuckSinceMs >= (deps.giveUpMs ?? GIVE_UP_MS)) break;
      deps.emit({ kind: "session.ended", reason: end.reason, failed: true, retryInMs: RETRY_MS });
      await wait(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await deps.source.close();
  }
  return { isComplete: reading.isComplete, topics: reading.topics(), ...(failure !== undefined && { failure }) };
}

const RETRY_MS = 1_000;

/** How a session ended: with nothing more to read, for another one, or by a failure. */
type SessionEnd =
  | { readonly kind: "ended" }
  | { readonly kind: "again" }
  | { readonly kind: "failed"; readonly reason: string };

async function readSession(reading: Reading, deps: DryRunDeps, signal: AbortSignal): Promise<SessionEnd> {
  const { source, emit } = deps;
  let session: Session | undefined;
  try {
    session = await source.open(signal);
    const ranges = await session.partitions();
    emit({ kind: "session.opened", partitions: ranges });
    reading.expect(ranges);
    return { kind: (await readRecords(session, reading, deps, signal)) ? "ended" : "again" };
  } catch (error) {
    if (error instanceof StopError) throw error;
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await session?.close().catch(() => undefined);
  }
}

/** @returns whether there is nothing more to read */
async function readRecords(
  session: Session,
  reading: Reading,
  { decode, emit }: DryRunDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const batches = session.records[Symbol.asyncIterator]();
  const over = AbortSignal.any([signal, session.over]);
  let idleSinceMs = performance.now();
  let next: ReturnType<typeof batches.next> | undefined;
  while (!over.aborted && !reading.isComplete) {
    // Asked for only when it is waited for: at the end of the session nothing is left that could fail unseen.
    next ??= batches.next();
    const idleMs = performance.now() - idleSinceMs;
    const batch = await unlessAborted(withTimeout(IDLE_MS - idleMs, next), over);
    if (batch === "too late") return true;
    if (!batch || batch.done) return false;
    next = undefined;
    if (batch.value.length === 0) continue;
    idleSinceMs = performance.now();
    emit({ kind: "consumed", records: batch.value });
    for (const record of await decode(batch.value, over)) reading.check(record);
  }
  return reading.isComplete;
}

/** What was read so far. Each offset counts once, however often it comes. */
class Reading {
  readonly #now: () => number;
  readonly #targets = new Map<string, { readonly latest: number | null; readonly earliest: number | null }>();
  readonly #next = new Map<string, number>();
  readonly #topics = new Map<string, { records: number; letters: Map<Rejection["reason"], LetterReport> }>();
  /** How many records were read, of all topics. */
  records = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Reading ends at the high-water marks that the partitions have now. */
  expect(ranges: readonly PartitionRange[]): void {
    for (const range of ranges) {
      this.#topicOf(range.topic);
      if (!this.#targets.has(nameOf(range))) this.#targets.set(nameOf(range), range);
    }
  }

  get isComplete(): boolean {
    return (
      this.#targets.size > 0 &&
      [...this.#targets].every(([name, { latest, earliest }]) => {
        const next = this.#next.get(name) ?? earliest;
        return latest !== null && next !== null && next >= latest;
      })
    );
  }

  check(record: KafkaRecord): void {
    const target = this.#targets.get(nameOf(record))?.latest ?? Number.POSITIVE_INFINITY;
    if (record.offset < (this.#next.get(nameOf(record)) ?? 0) || record.offset >= target) return;
    this.#next.set(nameOf(record), record.offset + 1);
    const topic = this.#topicOf(record.topic);
    topic.records += 1;
    this.records += 1;
    const rejection = findRejection({ record: asRead(record) }, this.#now());
    if (!rejection) return;
    const { partition, offset } = record;
    const known = topic.letters.get(rejection.reason);
    const first = known?.first ?? { partition, offset, issue: describeRejection(rejection) };
    topic.letters.set(rejection.reason, { reason: rejection.reason, count: (known?.count ?? 0) + 1, first });
  }

  topics(): TopicReport[] {
    return [...this.#topics]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([topic, { records, letters }]) => {
        const deadLetters = [...letters.values()];
        return {
          topic,
          records,
          accepted: records - deadLetters.reduce((sum, { count }) => sum + count, 0),
          deadLetters,
        };
      });
  }

  #topicOf(topic: TopicPartition["topic"]) {
    if (!isTopic(topic))
      throw new StopError(
        `the topic ${topic} is not named as Concord's (device.{sourceType}.{entity}.{action}), and Concord would refuse it. Nothing was sent. Leave it out with --topics or --pattern.`,
      );
    const known = this.#topics.get(topic) ?? { records: 0, letters: new Map() };
    this.#topics.set(topic, known);
    return known;
  }
}

/** The record as the boundary reads it from a request in format binary. */
function asRead(record: KafkaRecord): Parameters<typeof findRejection>[0]["record"] {
  const { topic, partition, offset, timestampMs, key, value, headers } = record;
  return {
    ...{ topic, partition, offset },
    key: key && keyOf(key),
    value: value && textOfBytes(value),
    ...(timestampMs !== null && timestampMs >= 0 && { timestampMs }),
    ...(headers.length > 0 && {
      headers: headers.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")] as const),
    }),
  };
}

/** Keys are text to the boundary; one that is not UTF-8 stays base64. */
function keyOf(bytes: Uint8Array): string {
  const text = textOfBytes(bytes);
  return text.isWellFormed() ? text : Buffer.from(bytes).toString("base64");
}
