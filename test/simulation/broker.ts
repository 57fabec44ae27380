/** A message as the simulated queue stores it. Bodies are JSON text, as on the real queue. */
type Message = {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  attempts: number;
  visibleAt: number;
};

export type QueueName = "events" | "backfill" | "suspects" | "deadLetters";

/** The deliveries after which the platform gives a message up, as the Workers' configurations set them. */
const MAX_ATTEMPTS: Record<QueueName, number> = { events: 11, backfill: 11, suspects: 3, deadLetters: 101 };

/** The fault of a producer binding's next call. */
export type ProducerFault = "none" | "throws before" | "throws after" | "throws half-way";

/**
 * Queues that the test schedules: a message is delivered, repeated, reordered or delayed only by a call. Time is
 * simulated seconds, which pass at once.
 */
export class Broker {
  readonly #queues: Record<QueueName, Message[]> = { events: [], backfill: [], suspects: [], deadLetters: [] };
  readonly #settled: Record<QueueName, Message[]> = { events: [], backfill: [], suspects: [], deadLetters: [] };
  #now = 0;
  #ids = 0;
  /** Is told of each message that a queue has taken. */
  onPut: (queue: QueueName, body: string) => void = () => {};
  /** Messages that were delivered again after their acknowledgement, or whose acknowledgement was lost. */
  redelivered = 0;

  /** The producer binding of a queue. @param nextFault is asked at every call */
  producer(queue: QueueName, nextFault: () => ProducerFault): Queue<never> {
    const sendBatch = async (messages: Iterable<{ body: unknown; delaySeconds?: number }>) => {
      const batch = [...messages];
      const fault = nextFault();
      if (fault === "throws before") throw new Error("Queue sendBatch failed: Internal Server Error");
      const taken = fault === "throws half-way" ? batch.slice(0, Math.floor(batch.length / 2)) : batch;
      for (const { body, delaySeconds = 0 } of taken) this.#put(queue, JSON.stringify(body), delaySeconds);
      if (fault !== "none") throw new Error("Queue sendBatch failed: Gateway Timeout");
      return {};
    };
    return { sendBatch } as unknown as Queue<never>;
  }

  #put(queue: QueueName, body: string, delaySeconds: number): void {
    this.onPut(queue, body);
    this.#queues[queue].push({
      id: `m${++this.#ids}`,
      body,
      sentAt: this.#now,
      attempts: 0,
      visibleAt: this.#now + delaySeconds,
    });
  }

  /** Seconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** The bodies that wait in a queue, as text. */
  bodies(queue: QueueName): string[] {
    return this.#queues[queue].map(({ body }) => body);
  }

  /** All that waits, as text. */
  get text(): string {
    return Object.values(this.#queues)
      .flat()
      .map(({ body }) => body)
      .join("\n");
  }

  get waiting(): number {
    return Object.values(this.#queues).reduce((count, { length }) => count + length, 0);
  }

  /** Whether no message can be delivered now. */
  get isQuiet(): boolean {
    return Object.values(this.#queues).every((queue) => queue.every(({ visibleAt }) => visibleAt > this.#now));
  }

  advance(seconds: number): void {
    this.#now += seconds;
  }

  /** Advances time until the next message becomes visible. @returns the seconds until then */
  advanceToNext(): number {
    const before = this.#now;
    const next = Object.values(this.#queues)
      .flat()
      .map(({ visibleAt }) => visibleAt);
    if (next.length > 0) this.#now = Math.max(before, Math.min(...next));
    return this.#now - before;
  }

  /** Takes up to `size` visible messages out of the queue, starting anywhere: queues promise no order. */
  take(queue: QueueName, size: number, from: number): Delivery[] {
    const visible = this.#queues[queue].filter(({ visibleAt }) => visibleAt <= this.#now);
    const start = visible.length === 0 ? 0 : from % visible.length;
    const taken = [...visible.slice(start), ...visible.slice(0, start)].slice(0, size);
    this.#queues[queue] = this.#queues[queue].filter((message) => !taken.includes(message));
    return taken.map((message) => new Delivery(message));
  }

  /**
   * Moves a delivery's messages by their dispositions. Without one, a message is acknowledged if the handler returned,
   * and retried if it crashed. What the handler had set before it crashed counts.
   * @param acksLost the queue got none of the dispositions
   */
  settle(queue: QueueName, deliveries: readonly Delivery[], { acksLost = false, crashed = false } = {}): void {
    for (const delivery of deliveries) {
      const { message, verdict = crashed ? "retry" : "ack" } = delivery;
      message.attempts++;
      if (verdict === "ack" && !acksLost) {
        this.#settled[queue].push(message);
        continue;
      }
      if (verdict === "ack") this.redelivered++;
      if (message.attempts >= MAX_ATTEMPTS[queue]) {
        // The platform moves it with its body and without a reason. The queue of dead letters has no dead-letter queue
        // of its own.
        if (queue !== "deadLetters") this.#put("deadLetters", message.body, 0);
        else throw new Error("a dead letter was delivered for the last time and is gone");
        continue;
      }
      message.visibleAt = this.#now + (acksLost ? 0 : delivery.delaySeconds);
      this.#queues[queue].push(message);
    }
  }

  /** Delivers a message again that was acknowledged long ago. */
  repeat(queue: QueueName, from: number): void {
    const settled = this.#settled[queue];
    const message = settled[from % Math.max(1, settled.length)];
    if (!message) return;
    this.redelivered++;
    this.#queues[queue].push({ ...message, attempts: 0, visibleAt: this.#now });
  }
}

/** A message during its delivery. The handler acknowledges or retries it. */
export class Delivery {
  readonly message: Message;
  /** The handler's first call. The platform ignores an `ack` or a `retry` after that. */
  verdict: "ack" | "retry" | undefined;
  delaySeconds = 0;

  constructor(message: Message) {
    this.message = message;
  }

  toMessage(): globalThis.Message {
    const message: globalThis.Message = {
      id: this.message.id,
      timestamp: new Date(Date.UTC(2026, 10, 23) + this.message.sentAt * 1000),
      body: JSON.parse(this.message.body),
      attempts: this.message.attempts + 1,
      metadata: {} as never,
      ack: () => {
        this.verdict ??= "ack";
      },
      retry: ({ delaySeconds = 0 } = {}) => {
        if (this.verdict) return;
        this.verdict = "retry";
        this.delaySeconds = delaySeconds;
      },
    } as globalThis.Message;
    return message;
  }
}

export const batchOf = (queue: string, deliveries: readonly Delivery[]): MessageBatch =>
  ({ queue, messages: deliveries.map((delivery) => delivery.toMessage()), ackAll() {}, retryAll() {} }) as never;
