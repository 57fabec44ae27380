import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import type { SampleRecord } from "../../samples/record.ts";
import dlq from "../../workers/dlq/index.ts";
import ingest from "../../workers/ingest/index.ts";
import { Broker, batchOf, type Delivery, type ProducerFault, type QueueName } from "../simulation/broker.ts";
import { ARCHIVE, DB, DEVICES, type objectsWith } from "./stores.ts";

/** The largest batch of each consumer, as the Workers' configurations set it. */
const BATCH_SIZE: Record<QueueName, number> = { events: 10, backfill: 25, suspects: 1, deadLetters: 25 };

/** How a delivery ends other than by the handler's return. */
export type Death = {
  /** The Worker dies when this resolves. What it awaits never settles. */
  readonly at?: Promise<unknown>;
  /** The Worker dies after its last effect: its acknowledgements are lost. */
  readonly acksLost?: boolean;
};

/** Both Workers' real handlers around real D1, R2 and device objects. The test controls queues, time and faults. */
export class Platform {
  readonly broker = new Broker();
  readonly #reports: MetricsReport[] = [];
  db: D1Database = DB;
  objects: ReturnType<typeof objectsWith> | typeof DEVICES = DEVICES;
  archive: Pick<R2Bucket, "put"> = ARCHIVE;
  /** What a producer does with its next call. */
  nextFault: Record<QueueName, () => ProducerFault> = {
    events: () => "none",
    backfill: () => "none",
    suspects: () => "none",
    deadLetters: () => "none",
  };
  /** A text that kills the consumer of events before it has done anything, as running out of memory would. */
  killer: string | undefined;

  /** Pushes records through the HTTP boundary, one request per topic. @returns the answers */
  async push(records: readonly SampleRecord[]): Promise<Response[]> {
    const byTopic = Map.groupBy(records, ({ topic }) => topic);
    return Promise.all([...byTopic].map(([topic, group]) => this.#post(topic, group)));
  }

  #post(topic: string, records: readonly SampleRecord[]): Promise<Response> {
    const texts = records.map(({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value}}`);
    return this.send(`/topics/${topic}`, "application/vnd.kafka.json.v2+json", `{"records":[${texts}]}`);
  }

  /** Posts a body to the HTTP boundary, as it is. */
  async send(path: string, type: string, body: BodyInit): Promise<Response> {
    const request = new Request(`https://concord.example${path}`, {
      method: "POST",
      headers: { "Content-Type": type, Authorization: `Basic ${btoa("dev:dev")}` },
      body,
    });
    const ctx = createExecutionContext();
    const response = await ingest.fetch(request as never, this.#env as never, ctx);
    await waitOnExecutionContext(ctx);
    return response;
  }

  /** What an operator does: sends a letter's record to the consumer again. */
  async replay(letterId: string | undefined): Promise<Response> {
    const request = new Request(`https://concord.example/ops/api/dead-letters/${letterId}/replay`, {
      method: "POST",
      headers: { Authorization: `Bearer ${await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "1h")}` },
    });
    return dlq.fetch(request as never, this.#env as never, createExecutionContext());
  }

  /** Delivers the visible messages of a queue to its consumer, in one batch. */
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

  /** Runs until the queues are empty. @throws Error if they never are */
  async rest(): Promise<void> {
    for (let step = 0; this.broker.waiting > 0; step++) {
      if (step > 500) throw new Error(`the queues never became empty: ${this.broker.waiting} messages are waiting`);
      if (this.broker.isQuiet) this.broker.advanceToNext();
      await this.deliver("events");
      await this.deliver("backfill");
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
      ARCHIVE: this.archive,
      EVENTS: this.#producer("events"),
      BACKFILL: this.#producer("backfill"),
      SUSPECTS: this.#producer("suspects"),
      DEAD_LETTERS: this.#producer("deadLetters"),
      METRICS: { getByName: () => ({ report: async (report: MetricsReport) => void this.#reports.push(report) }) },
    };
  }

  /** A slow producer, which shows whether its caller waits for it. */
  #producer(queue: QueueName) {
    const producer = this.broker.producer(queue, () => this.nextFault[queue]());
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
    const bodies = (["events", "backfill", "deadLetters"] as const).flatMap((queue) => this.broker.bodies(queue));
    return new Set(bodies.flatMap((body) => recordsIn(JSON.parse(body))).map(({ value }) => value));
  }
}

type QueuedBody = {
  readonly records?: readonly { value: string }[];
  readonly letters?: readonly { record: { value: string } }[];
};

const recordsIn = ({ records = [], letters = [] }: QueuedBody) => [...records, ...letters.map(({ record }) => record)];
