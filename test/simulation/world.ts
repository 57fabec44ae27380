import { createExecutionContext, evictDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { LANE_HEADER, type Lane } from "#queue/lane.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import type { SampleRecord } from "../../samples/record.ts";
import type { DeviceObject } from "../../workers/devices/device-object.ts";
import dlq from "../../workers/dlq/index.ts";
import ingest from "../../workers/ingest/index.ts";
import type { Audience } from "./audience.ts";
import { Broker, batchOf, type Delivery, type ProducerFault, type QueueName } from "./broker.ts";
import { DOUBLING, type FaultKind, type Faults, NO_FAULTS, UNHEARD } from "./faults.ts";
import { faultyHubs, type HubCare } from "./faulty-hubs.ts";
import { faultyR2 } from "./faulty-r2.ts";
import type { Figures } from "./figures.ts";
import { Ledger } from "./ledger.ts";
import { type End, Run } from "./run.ts";
import { faultyD1, faultyObjects, mortalQueue } from "./stand-ins.ts";

const real = testEnv as unknown as {
  DB: D1Database;
  ARCHIVE: R2Bucket;
  DEVICES: DurableObjectNamespace<DeviceObject>;
  HUBS: DurableObjectNamespace;
};

/** The records that a client was promised: some answer called them accepted or kept. */
export type Promised = Set<SampleRecord>;

/**
 * The Workers' real handlers around real D1 and real device objects, with simulated queues and faults. Clients push
 * through the HTTP boundary, and repeat what was not promised.
 */
export class World {
  readonly broker = new Broker();
  readonly ledger = new Ledger();
  readonly promised: Promised = new Set();
  readonly reports: MetricsReport[] = [];
  /** Whether some fault put a record into the queue twice, so that it may have two outcomes. */
  duplicated = false;
  /** Whether every handler learned the result of its effects. Only then is the label of each outcome exact. */
  allHeard = true;
  /** Calls of hubs by consumers. */
  hubCalls = 0;
  readonly #figures: Figures;
  readonly #audience: Audience | undefined;
  #unsent: SampleRecord[][];
  #now = 0;
  #dlqIsBackAt = 0;
  readonly #refusals: Record<QueueName, number> = { events: 0, backfill: 0, suspects: 0, deadLetters: 0 };

  /** @param audience who subscribes to what happens, if anybody does */
  constructor(requests: readonly (readonly SampleRecord[])[], figures: Figures, audience?: Audience) {
    this.#audience = audience;
    this.#unsent = requests.map((request) => [...request]);
    this.#figures = figures;
    this.broker.onPut = (queue, body) => this.ledger.put(queue, body);
  }

  /** Sends the next request, as a connector does: refused records are sent again, after the others. */
  async push(faults: Faults, lane: Lane = "live"): Promise<void> {
    const records = this.#unsent.shift();
    const topic = records?.[0]?.topic;
    if (!records || !topic) return;
    const body = `{"records":[${records.map(({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value}}`).join()}]}`;
    const request = new Request(`https://concord.example/topics/${topic}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/vnd.kafka.json.v2+json",
        Authorization: `Basic ${btoa("dev:dev")}`,
        ...(lane === "backfill" && { [LANE_HEADER]: lane }),
      },
      body,
    });
    const ctx = createExecutionContext();
    this.ledger.requests++;
    const response = await ingest.fetch(request as never, this.#env(faults, new Run()) as never, ctx);
    this.ledger.requests--;
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

  /** Delivers messages to the Worker that consumes a queue. */
  async deliver(queue: QueueName, size: number, from: number, drawn: Faults): Promise<void> {
    const deliveries = this.broker.take(queue, size, from);
    if (deliveries.length === 0) return;
    this.#figures.deliveries += deliveries.length;
    this.#figures.redeliveries += deliveries.filter(cameBefore).length;
    const faults = queue === "suspects" && deliveries.some(cameBefore) ? { ...drawn, ...SURVIVAL } : drawn;
    const end = await this.#handle(queue, deliveries, faults);
    const acksLost = end === "returned" && faults.acksLost;
    if (acksLost) this.#strike("acknowledgements lost");
    if (end === "returned" && queue !== "deadLetters") this.ledger.acknowledged(deliveries, () => this.broker.text);
    this.broker.settle(queue, deliveries, { acksLost, crashed: end !== "returned" });
  }

  async #handle(queue: QueueName, deliveries: readonly Delivery[], faults: Faults): Promise<End> {
    if (queue === "deadLetters" && this.#now < this.#dlqIsBackAt) {
      this.#strike("dlq Worker is down");
      return "threw";
    }
    const worker = queue === "deadLetters" ? dlq : ingest;
    const ctx = createExecutionContext();
    const run = new Run();
    run.copied = new Set(this.ledger.copiesIn(deliveries));
    const isRefused = (to: QueueName) => this.#refusals[to]-- > 0;
    const env = this.#env(faults, run, isRefused);
    const end = await run.live(async () => worker.queue(batchOf(queue, deliveries) as never, env as never, ctx));
    if (end === "returned") await waitOnExecutionContext(ctx);
    else if (run.hasSent) this.duplicated = true;
    return end;
  }

  /** Delivers an event message again that was acknowledged long ago. */
  repeat(from: number): void {
    this.#strike("delivered again");
    this.broker.repeat("events", from);
  }

  wait(seconds: number): void {
    this.#now += seconds;
    this.broker.advance(seconds);
  }

  /** For this long every delivery to the dead-letter Worker fails before its handler runs. */
  takeDlqDown(seconds: number): void {
    this.#dlqIsBackAt = this.#now + seconds;
  }

  /** A store is out for a minute, in which everything that waits is retried again and again. */
  async lose(store: "D1" | "R2"): Promise<void> {
    const outage: Faults = { ...NO_FAULTS, ...(store === "D1" ? { d1: "is out" } : { r2: "is out" }) };
    for (const seconds of [2, 4, 8, 16, 32]) {
      this.wait(seconds);
      await this.deliver("events", 100, 0, outage);
      await this.deliver("backfill", 100, 0, outage);
      await this.deliver("deadLetters", 100, 0, outage);
    }
  }

  /**
   * The next message that a handler sends to this queue is refused, at the first attempt and the second. Some queues
   * rarely get any.
   */
  refuse(queue: QueueName): void {
    this.#refusals[queue] = 2;
  }

  /** A subscriber opens a socket, or loses its own and opens another. */
  async connect(client: number): Promise<void> {
    this.#strike("subscriber reconnects");
    await this.#audience?.connect(client);
  }

  drop(client: number): void {
    this.#strike("subscriber drops");
    this.#audience?.drop(client);
  }

  async evictHub(nth: number): Promise<void> {
    this.#strike("hub goes to sleep");
    await this.#audience?.evict(this.#audience.hubOf(nth));
  }

  async resetHub(nth: number): Promise<void> {
    this.#strike("hub dies");
    await this.#audience?.reset(this.#audience.hubOf(nth));
  }

  #strike(kind: FaultKind): void {
    this.#figures.faults.add(kind);
    if (DOUBLING.has(kind)) this.duplicated = true;
    if (DOUBLING.has(kind) || UNHEARD.has(kind)) this.allHeard = false;
  }

  #env(faults: Faults, run: Run, isRefused: (to: QueueName) => boolean = () => false) {
    const strike = (kind: FaultKind) => this.#strike(kind);
    const die = (kind: FaultKind) => {
      strike(kind);
      return run.die();
    };
    const producer = (queue: QueueName, drawn: ProducerFault) => {
      const nextFault = () => {
        const fault = isRefused(queue) ? "throws before" : drawn;
        if (fault !== "none") strike(`queue ${fault}`);
        return fault;
      };
      return mortalQueue(this.broker.producer(queue, nextFault), run, this.ledger);
    };
    const circumstances = { faults, run, strike, die };
    return {
      ...testEnv,
      TOKEN_SECRET: "x".repeat(32),
      DB: faultyD1(real.DB, circumstances),
      DEVICES: faultyObjects(real.DEVICES, evict, circumstances),
      ARCHIVE: faultyR2(real.ARCHIVE, this.ledger, circumstances),
      HUBS: faultyHubs(real.HUBS, this.#hubCare, circumstances),
      EVENTS: producer("events", faults.events),
      BACKFILL: producer("backfill", faults.events),
      SUSPECTS: producer("suspects", faults.events),
      DEAD_LETTERS: producer("deadLetters", faults.deadLetters),
      // The clients of all schedules count as one, which pushes faster than any real client has to.
      RATE_LIMIT: { limit: async () => ({ success: true }) },
      METRICS: { getByName: () => ({ report: async (report: MetricsReport) => void this.reports.push(report) }) },
    };
  }

  readonly #hubCare: HubCare = {
    evict: async (hub) => this.#audience?.evict(hub),
    reset: async (hub) => this.#audience?.reset(hub),
    called: () => {
      this.hubCalls += 1;
    },
  };

  /** Ends all faults, and runs until the queues are empty. @throws Error if they never are */
  async rest(): Promise<void> {
    this.#dlqIsBackAt = 0;
    await Promise.all([...this.#unsent].map(() => this.push(NO_FAULTS)));
    for (let step = 0; this.broker.waiting > 0; step++) {
      if (step > 3_000) throw new Error(`the queues never became empty: ${this.broker.waiting} messages are waiting`);
      if (this.broker.isQuiet) this.broker.advanceToNext();
      // With the batch sizes and concurrency of the Workers' configurations.
      await Promise.all([
        this.deliver("events", 10, 0, NO_FAULTS),
        this.deliver("backfill", 25, 0, NO_FAULTS),
        this.deliver("suspects", 1, 0, NO_FAULTS),
        this.deliver("suspects", 1, 0, NO_FAULTS),
        this.deliver("deadLetters", 25, 0, NO_FAULTS),
      ]);
    }
  }

  /** How many records had each outcome. */
  sumOf(
    kind: "accepted" | "outcomes" | "deadLettered" | "backfillAccepted" | "backfillSettled" | "receivedToVisibleMs",
    label = /.*/,
  ): number {
    return this.reports
      .flatMap((report) => Object.entries(report[kind] ?? {}))
      .filter(([name]) => label.test(name))
      .reduce((sum, [, count]) => sum + (count ?? 0), 0);
  }

  sum(kind: "d1RowsWritten" | "objectWrites"): number {
    return this.reports.reduce((sum, report) => sum + (report[kind] ?? 0), 0);
  }
}

const cameBefore = ({ message }: Delivery): boolean => message.attempts > 0;

/**
 * A suspect whose delivery dies by a random fault as often as by a killer is rightly parked as a killer. That may
 * happen once.
 */
const SURVIVAL = { dies: "none", acksLost: false } as const;

async function evict(key: string): Promise<void> {
  await evictDurableObject(real.DEVICES.getByName(key)).catch(() => undefined);
}
