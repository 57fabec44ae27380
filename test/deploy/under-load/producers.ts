import { setTimeout as wait } from "node:timers/promises";

const TOPIC = "device.ecobee.status.reported";

/** An event as it was sent. No two events of one device have the same time. */
export type SentEvent = {
  readonly eventId: string;
  readonly device: string;
  readonly occurredAtMs: number;
  readonly indoorTemperatureC: number;
};

/** As many producers, each with devices of its own, whose events it sends one request after the other. */
const PRODUCERS = 4;
const TICK_MS = 250;

/** Between two attempts, in milliseconds; a connector of Kafka waits longer. */
const RETRY_MS = 300;

/** Publishes events at a steady rate, and repeats each request until it is accepted. */
export class Producers {
  readonly #url: URL;
  readonly #devices: readonly string[];
  /** Each event once it was accepted. */
  readonly accepted: SentEvent[] = [];
  readonly refusals = new Map<string, number>();
  #sent = 0;
  #inRequest = 0;
  #isStopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(url: URL, devices: readonly string[]) {
    this.#url = url;
    this.#devices = devices;
  }

  /** Requests that have no answer yet. */
  get inRequest(): number {
    return this.#inRequest;
  }

  /** Sends the first event of every device. */
  async introduce(): Promise<void> {
    for (let from = 0; from < this.#devices.length; from += 50) {
      await this.#deliver(this.#devices.slice(from, from + 50).map((device) => this.#next(device)));
    }
  }

  start(eventsPerSecond: number): void {
    const perMs = eventsPerSecond / PRODUCERS / 1_000;
    this.#running = Promise.all(Array.from({ length: PRODUCERS }, (_, i) => this.#produce(i, perMs)));
  }

  /** Sends nothing new, and waits until what was sent is accepted. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #produce(producer: number, perMs: number): Promise<void> {
    const own = this.#devices.filter((_, i) => i % PRODUCERS === producer);
    let [due, turn, beforeMs] = [0, 0, performance.now()];
    while (!this.#isStopped) {
      await wait(TICK_MS);
      const nowMs = performance.now();
      // One event a device at most: what could not be sent while a request was refused is not made up for.
      due = Math.min(due + (nowMs - beforeMs) * perMs, own.length);
      beforeMs = nowMs;
      const events = Array.from({ length: Math.floor(due) }, () => this.#next(own[turn++ % own.length] as string));
      due -= events.length;
      if (events.length > 0) await this.#deliver(events);
    }
  }

  #next(device: string): SentEvent {
    const number = ++this.#sent;
    return {
      eventId: `load-${number}`,
      device,
      occurredAtMs: Date.now(),
      indoorTemperatureC: (number % 2_000) / 10 - 50,
    };
  }

  async #deliver(events: readonly SentEvent[]): Promise<void> {
    const records = events.map(({ eventId, device, occurredAtMs, indoorTemperatureC }) => ({
      key: device,
      value: {
        eventId,
        occurredAt: new Date(occurredAtMs).toISOString(),
        deviceId: device,
        data: { online: true, indoorTemperatureC },
      },
    }));
    while (!(await this.#isAccepted(JSON.stringify({ records })))) await wait(RETRY_MS);
    this.accepted.push(...events);
  }

  async #isAccepted(body: string): Promise<boolean> {
    this.#inRequest++;
    try {
      const response = await fetch(new URL(`/topics/${TOPIC}`, this.#url), {
        method: "POST",
        headers: { "Content-Type": "application/vnd.kafka.json.v2+json", Authorization: `Basic ${btoa("dev:dev")}` },
        body,
      });
      const text = await response.text();
      if (response.status !== 200) return this.#refused(String(response.status));
      const { offsets } = JSON.parse(text) as { offsets: { error: string | null }[] };
      const failed = offsets.find(({ error }) => error !== null);
      return failed ? this.#refused(`in the entry: ${failed.error}`) : true;
    } catch (thrown) {
      return this.#refused(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      this.#inRequest--;
    }
  }

  #refused(by: string): false {
    this.refusals.set(by, (this.refusals.get(by) ?? 0) + 1);
    return false;
  }
}
