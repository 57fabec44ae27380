import { encodeLines } from "#archive/lines.ts";
import { rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import type { DeviceSink } from "#objects/requests.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { randomOf } from "../../../samples/random.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";

type Random = ReturnType<typeof randomOf>;

/** A batch on its way: what of it is done, and when its next part may be. */
type Batch = {
  readonly id: string;
  readonly records: readonly QueuedRecord[];
  stage: "d1" | "objects" | "archive";
  dueMs: number;
  deliveries: number;
  /** Its object fails for good after D1 has it: its records become dead letters. */
  readonly isDoomed: boolean;
  /** A fault: its object never gets it, and nobody notices. */
  readonly passesObjects?: boolean;
  /** As D1 has merged them. */
  merged?: readonly ConcordEvent[];
};

/** How long a batch may stay between two of its parts, at most. */
const SLOW_MS = 20 * 60_000;

/**
 * A consumer whose every part may be late, or be the last before it dies: a batch is then delivered again from the beginning.
 * What it promises is the consumer's own order: D1, then objects, then the archive.
 */
export class Flow {
  readonly #deps: JobDeps;
  readonly #random: Random;
  readonly #batches: Batch[] = [];
  nowMs: number;
  #accepted = 0;

  constructor(deps: JobDeps, random: Random, nowMs: number) {
    this.#deps = deps;
    this.#random = random;
    this.nowMs = nowMs;
  }

  get isIdle(): boolean {
    return this.#batches.length === 0;
  }

  accept(records: readonly Pick<QueuedRecord, "topic" | "key" | "value">[], isDoomed = false): void {
    this.#accepted += 1;
    this.#batches.push({
      id: `p-${this.#accepted}`,
      records: records.map((record) => ({ ...record, receivedAtMs: this.nowMs })),
      stage: "d1",
      dueMs: this.nowMs,
      deliveries: 0,
      isDoomed,
    });
  }

  /** A consumer's fault. */
  acceptPassingObjects(records: readonly Pick<QueuedRecord, "topic" | "key" | "value">[]): void {
    this.accept(records);
    const last = this.#batches.pop() as Batch;
    this.#batches.push({ ...last, passesObjects: true });
  }

  /** Does the next part of some batch that is due. */
  async tick(): Promise<void> {
    this.nowMs += this.#random.int(0, 20_000);
    const due = this.#batches.filter(({ dueMs }) => dueMs <= this.nowMs);
    if (due.length === 0) return;
    const batch = this.#random.pick(due);
    await this.#do(batch);
    const hasDied = batch.deliveries < 3 && this.#random.chance(0.15);
    if (hasDied) {
      batch.deliveries += 1;
      batch.stage = "d1";
    }
    batch.dueMs = this.nowMs + (this.#random.chance(0.3) ? this.#random.int(0, SLOW_MS) : 0);
  }

  async drain(): Promise<void> {
    while (!this.isIdle) {
      this.nowMs += 60_000;
      await this.tick();
    }
  }

  async #do(batch: Batch): Promise<void> {
    const events = batch.records.map((record) => {
      const parsed = parseStamped(record, this.nowMs);
      return parsed.ok ? parsed.event : null;
    });
    const good = events.filter((event) => event !== null);
    switch (batch.stage) {
      case "d1":
        batch.merged = (await new FleetRepository(this.#deps.db).merge(good)).events;
        batch.stage = "objects";
        return;
      case "objects":
        if (!batch.isDoomed && !batch.passesObjects) await this.#mergeIntoObjects(batch.merged ?? good);
        batch.stage = "archive";
        return;
      case "archive":
        await this.#archive(batch, events);
        this.#batches.splice(this.#batches.indexOf(batch), 1);
        return;
      default:
        batch.stage satisfies never;
    }
  }

  async #mergeIntoObjects(events: readonly ConcordEvent[]): Promise<void> {
    for (const [key, group] of Map.groupBy(events, ({ deviceKey }) => deviceKey)) {
      await objectOf(this.#deps, key).merge(group, null, true);
    }
  }

  async #archive(batch: Batch, events: readonly (ConcordEvent | null)[]): Promise<void> {
    const records = batch.records.map((record, i): ArchivedRecord => {
      const event = events[i] ?? null;
      const outcome = event === null || batch.isDoomed ? "deadLettered" : "applied";
      return toArchived(
        { ...record, receipt: `${batch.id}.${i}`, ...(batch.isDoomed && { merged: "applied" as const }) },
        { event, outcome, settledAtMs: this.nowMs, lane: "live" },
      );
    });
    for (const group of Map.groupBy(records, rawPrefixOf).values()) {
      await this.#deps.bucket.put(await rawKeyOf(group), await encodeLines(group), {
        onlyIf: { etagDoesNotMatch: "*" },
      });
    }
  }
}

export const objectOf = ({ objects }: Pick<JobDeps, "objects">, key: DeviceKey): DeviceSink =>
  objects.devices.getByName(key) as unknown as DeviceSink;
