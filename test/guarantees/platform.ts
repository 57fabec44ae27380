import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import type { SampleRecord } from "../../samples/record.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../../src/shared/auth/token.ts";
import type { MetricsReport } from "../../src/shared/telemetry/metrics.ts";
import dlq from "../../workers/dlq/index.ts";
import ingest from "../../workers/ingest/index.ts";
import { Broker, batchOf, type Delivery, type ProducerFault, type QueueName } from "../simulation/broker.ts";
import { DB, DEVICES, type objectsWith } from "./stores.ts";

/** How many messages a consumer is handed at most, as the Workers' configurations say. */
const BATCH_SIZE: Record<QueueName, number> = { events: 10, suspects: 1, deadLetters: 25 };

/** How a delivery ends, other than by the handler's return. */
export type Death = {
  /** The Worker dies when this resolves; what it was waiting for never comes. */
  readonly at?: Promise<unknown>;
  /** The Worker dies behind its last effect: the queue hears nothing of what it said. */
  readonly acksLost?: boolean;
};

/** Both Workers' real handlers around real D1 and device objects; queues, time and faults are in the test's hands. */
export class Platform {
  readonly broker = new Broker();
  readonly #reports: MetricsReport[] = [];
  db: D1Database = DB;
  objects: ReturnType<typeof objectsWith> | typeof DEVICES = DEVICES;
  /** What a producer does with its next call. */
  faultOf: Record<QueueName, () => ProducerFault> = {
    events: () => "none",
    suspects: () => "none",
    deadLetters: () => "none",
  };
  /** A text in whose presence the consumer of events dies before it has done anything, as it would out of memory. */
  killer: string | undefined;

  /** Pushes records through the HTTP boundary, one request a topic. @returns the answers */
  async push(records: readonly SampleRecord[]): Promise<Response[]> {
    const byTopic = Map.groupBy(records, ({ topic }) => topic);
    return Promise.all([...byTopic].map(([topic, group]) => this.#post(topic, group)));
  }

  async #post(topic: string, records: readonly SampleRecord[]): Promise<Response> {
    const request = new Request(`https://concord.example/topics/${topic}`, {
      method: "POST",
      headers: { "Content-Type": "application/vnd.kafka.json.v2+json", Authorization: `Basic ${btoa("dev:dev")}` },
      body: `{"records":[${records.map(({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value}}`)}]}`,
    });
    const ctx = createExecutionContext();
    const response = await ingest.fetch(request as never, this.#env as never, ctx);
    await waitOnExecutionContext(ctx);
    return response;
  }

  /** What an operator does: sends a letter's record to the consumer once more. */
  async replay(letterId: string | undefined): Promise<Response> {
    const request = new Request(`https://concord.example/ops/api/dead-letters/${letterId}/replay`, {
      method: "POST",
      headers: { Authorization: `Bearer ${await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "1h")}` },
    });
    return dlq.fetch(request as never, this.#env as never, createExecutionContext());
  }

  /** Hands what is visible in a queue to its consumer, in one batch. */
  async deliver(queue: QueueName, { size = BATCH_SIZE[queue], at, acksLost = false }: Death & { size?: number } = {}) {
    const deliveries = this.broker.take(queue, size, 0);
    if (deliveries.length === 0) return;
    const isKilled = queue !== "deadLetters" && deliveries.some((delivery) => this.#kills(delivery));
    const crashed =
      isKilled || (await Promise.race([this.#dies(queue, deliveries), ...(at ? [at.then(() => true)] : [])]));
    this.broker.settle(queue, deliveries, { crashed, acksLost });
  }

  #kills({ message }: Delivery): boolean {
    return this.killer !== undefined && message.body.includes(this.killer);
  }

  /** @returns whether the handler threw */
  async #dies(queue: QueueName, deliveries: readonly Delivery[]): Promise<boolean> {
    const worker = queue === "deadLetters" ? dlq : ingest;
    const ctx = createExecutionContext();
    try {
      await worker.queue(batchOf(queue, deliveries) as never, this.#env as never, ctx);
      await waitOnExecutionContext(ctx);
      return false;
    } catch {
      return true;
    }
  }

  /** Runs until the queues are empty. @throws Error when they never are */
  async rest(): Promise<void> {
    for (let step = 0; this.broker.waiting > 0; step++) {
      if (step > 500) throw new Error(`it never came to rest: ${this.broker.waiting} messages are waiting`);
      if (this.broker.isQuiet) this.broker.advanceToNext();
      await this.deliver("events");
      await this.deliver("suspects");
      await this.deliver("deadLetters");
    }
  }

  get #env() {
    return {
      ...testEnv,
      TOKEN_SECRET: LOCAL_TOKEN_SECRET,
      DB: this.db,
      DEVICES: this.objects,
      EVENTS: this.#producer("events"),
      SUSPECTS: this.#producer("suspects"),
      DEAD_LETTERS: this.#producer("deadLetters"),
      METRICS: { getByName: () => ({ report: async (report: MetricsReport) => void this.#reports.push(report) }) },
    };
  }

  /** A producer that takes its time, so that it shows who does not wait for it. */
  #producer(queue: QueueName) {
    const producer = this.broker.producer(queue, () => this.faultOf[queue]());
    return {
      sendBatch: async (messages: Iterable<never>) => {
        await scheduler.wait(1);
        return producer.sendBatch(messages);
      },
    };
  }

  /** How many records the Workers counted, of any topic. */
  sumOf(kind: "accepted" | "outcomes" | "deadLettered"): number {
    const counts = this.#reports.flatMap((report) => Object.values(report[kind] ?? {}));
    return counts.reduce((sum: number, count) => sum + (count ?? 0), 0);
  }

  /** The values of the records in the queues, in parcels and in letters. */
  queuedValues(): Set<string> {
    const bodies = (["events", "deadLetters"] as const).flatMap((queue) => this.broker.bodies(queue));
    return new Set(bodies.flatMap((body) => recordsIn(JSON.parse(body))).map(({ value }) => value));
  }
}

type QueuedBody = {
  readonly records?: readonly { value: string }[];
  readonly letters?: readonly { record: { value: string } }[];
};

const recordsIn = ({ records = [], letters = [] }: QueuedBody) => [...records, ...letters.map(({ record }) => record)];
