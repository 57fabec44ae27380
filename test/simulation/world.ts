import { createExecutionContext, evictDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import type { SampleRecord } from "../../samples/record.ts";
import type { MetricsReport } from "../../src/shared/telemetry/metrics.ts";
import dlq from "../../workers/dlq/index.ts";
import type { DeviceObject } from "../../workers/ingest/device-object.ts";
import ingest from "../../workers/ingest/index.ts";
import { Broker, batchOf, type Delivery, type QueueName } from "./broker.ts";
import { type Faults, faultyD1, faultyObjects, NO_FAULTS } from "./faults.ts";

const real = testEnv as unknown as { DB: D1Database; DEVICES: DurableObjectNamespace<DeviceObject> };

/** A device whose record takes the whole Worker down, as running out of memory would. */
export const KILLER = "killer";

/** What a client was promised: the records that some answer called accepted or kept. */
export type Promised = Set<SampleRecord>;

/**
 * The Workers' real handlers around real D1 and real device objects, with the queues and the faults in our hands.
 * Clients push through the HTTP boundary and send again what they were not promised.
 */
export class World {
  readonly broker = new Broker();
  readonly promised: Promised = new Set();
  readonly reports: MetricsReport[] = [];
  /** Whether some fault made the queue hold a record twice, so that it may end twice. */
  duplicated = false;
  #unsent: SampleRecord[][];

  constructor(requests: readonly (readonly SampleRecord[])[]) {
    this.#unsent = requests.map((request) => [...request]);
  }

  get unsent(): number {
    return this.#unsent.length;
  }

  /** Sends the next request, as a connector does: what was not taken comes again, behind the others. */
  async push(faults: Faults): Promise<void> {
    const records = this.#unsent.shift();
    const topic = records?.[0]?.topic;
    if (!records || !topic) return;
    this.#note(faults);
    const body = `{"records":[${records.map(({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value}}`).join()}]}`;
    const request = new Request(`https://concord.example/topics/${topic}`, {
      method: "POST",
      headers: { "Content-Type": "application/vnd.kafka.json.v2+json", Authorization: `Basic ${btoa("dev:dev")}` },
      body,
    });
    const ctx = createExecutionContext();
    const response = await ingest.fetch(request as never, this.#env(faults) as never, ctx);
    await waitOnExecutionContext(ctx);
    const again = response.status === 200 ? this.#promise(records, await response.json()) : records;
    if (response.status !== 200 && response.status !== 503) throw new Error(`the boundary answered ${response.status}`);
    if (again.length > 0) this.#unsent.push(again);
  }

  /** @returns what has to be sent again */
  #promise(records: readonly SampleRecord[], answer: unknown): SampleRecord[] {
    const { offsets } = answer as { offsets: { error_code: number | null }[] };
    const refused = records.filter((_, i) => offsets[i]?.error_code === 50003);
    for (const record of records) if (!refused.includes(record)) this.promised.add(record);
    return refused;
  }

  /** Hands messages to the Worker that consumes a queue. */
  async deliver(queue: QueueName, size: number, from: number, faults: Faults): Promise<void> {
    const deliveries = this.broker.take(queue, size, from);
    if (deliveries.length === 0) return;
    this.#note(faults);
    if (queue !== "deadLetters" && deliveries.some(holdsKiller)) {
      this.broker.settle(queue, deliveries, { crashed: true });
      return;
    }
    const worker = queue === "deadLetters" ? dlq : ingest;
    const ctx = createExecutionContext();
    let crashed = false;
    try {
      await worker.queue?.(batchOf(queue, deliveries) as never, this.#env(faults) as never, ctx);
    } catch {
      crashed = true;
    }
    await waitOnExecutionContext(ctx);
    this.broker.settle(queue, deliveries, { acksLost: faults.acksLost, crashed });
  }

  #note({ events, deadLetters, acksLost }: Faults): void {
    const mayDouble = (fault: string) => fault === "throws after" || fault === "throws half-way";
    if (acksLost || mayDouble(events) || mayDouble(deadLetters)) this.duplicated = true;
  }

  #env(faults: Faults) {
    return {
      ...testEnv,
      TOKEN_SECRET: "x".repeat(32),
      DB: faultyD1(real.DB, () => faults),
      DEVICES: faultyObjects(
        real.DEVICES,
        () => faults,
        async (key) => {
          await evictDurableObject(real.DEVICES.getByName(key)).catch(() => undefined);
        },
      ),
      EVENTS: this.broker.producer("events", () => faults.events),
      SUSPECTS: this.broker.producer("suspects", () => faults.events),
      DEAD_LETTERS: this.broker.producer("deadLetters", () => faults.deadLetters),
      METRICS: { getByName: () => ({ report: async (report: MetricsReport) => void this.reports.push(report) }) },
    };
  }

  /** Lets everything heal and run until the queues are empty. @throws Error when it never comes to rest */
  async rest(): Promise<void> {
    for (let step = 0; this.unsent > 0 || this.broker.waiting > 0; step++) {
      if (step > 3_000) throw new Error(`it never came to rest: ${this.broker.waiting} messages are waiting`);
      if (this.unsent > 0) await this.push(NO_FAULTS);
      if (this.broker.isQuiet) this.broker.advanceToNext();
      await this.deliver("events", 10, 0, NO_FAULTS);
      await this.deliver("suspects", 1, 0, NO_FAULTS);
      await this.deliver("deadLetters", 25, 0, NO_FAULTS);
    }
  }

  /** How often records ended, by kind. */
  sumOf(kind: "accepted" | "outcomes" | "deadLettered"): number {
    return this.reports.reduce((sum, report) => sum + total(report[kind]), 0);
  }

  sum(kind: "d1RowsWritten" | "objectWrites"): number {
    return this.reports.reduce((sum, report) => sum + (report[kind] ?? 0), 0);
  }
}

const holdsKiller = ({ message }: Delivery): boolean => message.body.includes(`\\"${KILLER}`);

const total = (counts: object = {}): number => Object.values(counts).reduce((sum: number, count) => sum + count, 0);
