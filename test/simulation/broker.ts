/** A message as the simulated queue holds it. Bodies cross as JSON text, as they do on the real one. */
type Message = {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  attempts: number;
  visibleAt: number;
};

export type QueueName = "events" | "suspects" | "deadLetters";

/** Deliveries after which the platform gives a message up, as the Workers' configurations say. */
const MAX_ATTEMPTS: Record<QueueName, number> = { events: 11, suspects: 3, deadLetters: 101 };

/** What a producer binding is to do with its next calls. */
export type ProducerFault = "none" | "throws before" | "throws after" | "throws half-way";

/**
 * Queues whose schedule is ours: nothing is delivered, repeated, reordered or delayed but by a call. Time is seconds of
 * the simulation; nobody waits for it.
 */
export class Broker {
  readonly #queues: Record<QueueName, Message[]> = { events: [], suspects: [], deadLetters: [] };
  readonly #settled: Record<QueueName, Message[]> = { events: [], suspects: [], deadLetters: [] };
  #now = 0;
  #ids = 0;
  /** Messages that were delivered again though they had been acknowledged, or whose acknowledgement was lost. */
  redelivered = 0;

  /** The producer binding of a queue. @param faultOf is asked at every call */
  producer(queue: QueueName, faultOf: () => ProducerFault): Queue<never> {
    const sendBatch = async (messages: Iterable<{ body: unknown; delaySeconds?: number }>) => {
      const batch = [...messages];
      const fault = faultOf();
      if (fault === "throws before") throw new Error("Queue sendBatch failed: Internal Server Error");
      const taken = fault === "throws half-way" ? batch.slice(0, Math.floor(batch.length / 2)) : batch;
      for (const { body, delaySeconds = 0 } of taken) this.#put(queue, JSON.stringify(body), delaySeconds);
      if (fault !== "none") throw new Error("Queue sendBatch failed: Gateway Timeout");
      return {};
    };
    return { sendBatch } as unknown as Queue<never>;
  }

  #put(queue: QueueName, body: string, delaySeconds: number): void {
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

  get waiting(): number {
    return Object.values(this.#queues).reduce((count, { length }) => count + length, 0);
  }

  /** Nothing could be delivered now. */
  get isQuiet(): boolean {
    return Object.values(this.#queues).every((queue) => queue.every(({ visibleAt }) => visibleAt > this.#now));
  }

  advance(seconds: number): void {
    this.#now += seconds;
  }

  /** To the moment when the next message becomes visible. @returns the seconds until then */
  advanceToNext(): number {
    const before = this.#now;
    const next = Object.values(this.#queues)
      .flat()
      .map(({ visibleAt }) => visibleAt);
    if (next.length > 0) this.#now = Math.max(before, Math.min(...next));
    return this.#now - before;
  }

  /** Takes up to `size` visible messages out of the queue, beginning at any place: queues promise no order. */
  take(queue: QueueName, size: number, from: number): Delivery[] {
    const visible = this.#queues[queue].filter(({ visibleAt }) => visibleAt <= this.#now);
    const start = visible.length === 0 ? 0 : from % visible.length;
    const taken = [...visible.slice(start), ...visible.slice(0, start)].slice(0, size);
    this.#queues[queue] = this.#queues[queue].filter((message) => !taken.includes(message));
    return taken.map((message) => new Delivery(message));
  }

  /**
   * Puts a delivery's messages where their dispositions say. Without a disposition a message is done once the handler returned,
   * and comes back when it crashed; what the handler had said before it crashed stands.
   * @param acksLost the queue never heard what the handler said
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
        // The platform moves it, keeps its body, and says nothing of why. Behind the dead letters there is no queue.
        if (queue !== "deadLetters") this.#put("deadLetters", message.body, 0);
        else throw new Error("a dead letter was delivered for the last time and is gone");
        continue;
      }
      message.visibleAt = this.#now + (acksLost ? 0 : delivery.delaySeconds);
      this.#queues[queue].push(message);
    }
  }

  /** Delivers a message that was acknowledged long ago once more. */
  repeat(queue: QueueName, from: number): void {
    const settled = this.#settled[queue];
    const message = settled[from % Math.max(1, settled.length)];
    if (!message) return;
    this.redelivered++;
    this.#queues[queue].push({ ...message, attempts: 0, visibleAt: this.#now });
  }
}

/** One message on its way to a handler, which it tells what to do with it. */
export class Delivery {
  readonly message: Message;
  /** What the handler said first: the platform ignores an `ack` or a `retry` behind that. */
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
