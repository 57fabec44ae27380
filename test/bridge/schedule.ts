import { setTimeout as wait } from "node:timers/promises";
import { runBridge } from "../../bridge/bridge.ts";
import type { BridgeEvent } from "../../bridge/events.ts";
import { proxySource } from "../../bridge/proxy/source.ts";
import type { SessionDeps, SessionSettings } from "../../bridge/session.ts";
import type { ProxySettings, TopicChoice } from "../../bridge/source-settings.ts";
import { type Random, randomOf } from "../../samples/random.ts";
import { StandInBroker } from "./broker.ts";
import { Faults } from "./faults.ts";
import { HABITS, type StandInDialect } from "./habits.ts";
import { StandInBoundary } from "./stand-in-boundary.ts";
import { type Front, StandInProxy } from "./stand-in-proxy.ts";

const TOPICS = ["device.elt.profile.updated", "device.ecobee.customer.assigned", "device.infinity.dealer.setup"];
const IGNORED = "billing.invoices";
/** A schedule has failed if no position has been stored for so long, though something is left. */
const PATIENCE_MS = Number(process.env.BRIDGE_PATIENCE_MS ?? 150_000);
const WAITS = { pollEveryMs: 40, leaveMs: 40, idleMs: 3 };

export type Outcome = {
  readonly records: number;
  readonly acceptances: number;
  readonly faults: readonly string[];
  /** What must not happen and did. */
  readonly problems: readonly string[];
  /** What the bridges said. */
  readonly log: readonly string[];
};

type Running = {
  readonly front: Front;
  readonly stop: AbortController;
  readonly ended: Promise<string>;
  isKilled: boolean;
};

/** One drawn schedule of records, faults, kills and members, until everything is delivered and committed. */
export async function runSchedule(dialect: StandInDialect, seed: number): Promise<Outcome> {
  const schedule = new Schedule(dialect, seed);
  try {
    return await schedule.run();
  } finally {
    await schedule.close();
  }
}

class Schedule {
  readonly #dialect: StandInDialect;
  readonly #random: Random;
  readonly #broker: StandInBroker;
  readonly #proxy: StandInProxy;
  readonly #boundary: StandInBoundary;
  readonly #faults: Faults;
  readonly #bridges: Running[] = [];
  readonly #problems: string[] = [];
  readonly #happened: string[] = [];
  readonly #topics: string[];
  readonly #choice: TopicChoice;
  readonly #baseUri: ProxySettings["baseUri"];
  readonly #log: string[] = [];
  readonly #beganMs = performance.now();
  #storedAtMs = performance.now();
  #records = 0;

  constructor(dialect: StandInDialect, seed: number) {
    this.#dialect = dialect;
    const random = randomOf(seed);
    this.#random = random;
    const habits = HABITS[dialect];
    const keepsPositions = dialect.startsWith("redpanda") || random.chance(0.3);
    this.#broker = new StandInBroker({ rebalanceMs: 70, keepsPositions, startOf: habits.startOf });
    this.#topics = random.shuffle(TOPICS).slice(0, random.int(1, 2));
    this.#broker.addTopic(IGNORED, 1);
    for (const topic of this.#topics) this.#broker.addTopic(topic, random.int(1, 3));
    this.#choice = random.chance(0.5)
      ? { kind: "list", topics: this.#topics }
      : { kind: "pattern", pattern: /^(device|billing)\./, refreshMs: 60 };
    this.#baseUri = random.pick(["use", "rewrite-host", "ignore"] as const);
    this.#faults = new Faults(random.fork("faults"), random.int(0, 10), random.between(0.02, 0.25));
    this.#proxy = new StandInProxy({
      habits,
      broker: this.#broker,
      nextFault: (kind) => this.#faults.next(kind),
      pollLimit: random.int(3, 25),
      expiryMs: random.int(300, 600),
      ...(this.#baseUri !== "use" && { advertised: "http://proxy.invalid:8082/" }),
    });
    const keyOf = (partition: string, offset: number) => this.#broker.log(partition)[offset]?.key ?? null;
    this.#boundary = new StandInBoundary(random.fork("boundary"), random.int(0, 8), random.between(0.02, 0.25), keyOf);
    this.#broker.onStored = (partition, stored) => {
      this.#storedAtMs = performance.now();
      this.#check(partition, habits.nextOf(stored));
    };
  }

  async run(): Promise<Outcome> {
    const random = this.#random;
    this.#produce(random.int(20, 60));
    await this.#start("bridge-a");
    for (let step = random.int(0, 5); step > 0; step--) {
      await wait(random.int(20, 120));
      await this.#step();
    }
    this.#produce(random.int(5, 30));
    const { answersOffsets, answersLogRange } = HABITS[this.#dialect];
    if (answersOffsets && answersLogRange && random.chance(0.3)) await this.#runOnce();
    else await this.#untilDelivered();
    await this.#end();
    return {
      records: this.#records,
      acceptances: this.#boundary.acceptances,
      faults: [...this.#faults.happened, ...this.#boundary.happened, ...this.#happened],
      problems: [...this.#problems, ...this.#boundary.problems],
      log: this.#log,
    };
  }

  async close(): Promise<void> {
    for (const { stop } of this.#bridges) stop.abort();
    this.#proxy.close();
    await Promise.allSettled(this.#bridges.map(({ ended }) => ended));
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const live = this.#bridges.filter(({ isKilled, stop }) => !isKilled && !stop.signal.aborted);
    const what = random.pick(["produce", "kill", "second", "leave", "restart", "expire", "topic"] as const);
    this.#happened.push(what);
    switch (what) {
      case "produce":
        return this.#produce(random.int(5, 30));
      case "kill": {
        const [first] = live;
        if (!first) return;
        this.#kill(first);
        return this.#start("bridge-a");
      }
      case "second":
        if (live.length < 2) await this.#start("bridge-b");
        return;
      case "leave":
        if (live.length < 2) return;
        live[1]?.stop.abort();
        await live[1]?.ended;
        return;
      case "restart":
        return this.#proxy.restart();
      case "expire":
        for (const id of this.#proxy.instances().slice(0, 1)) this.#proxy.forget(id);
        return;
      case "topic": {
        const more = TOPICS.find((topic) => !this.#broker.topics.includes(topic));
        if (this.#choice.kind !== "pattern" || !more) return;
        this.#broker.addTopic(more, 1);
        this.#topics.push(more);
        return this.#produce(10);
      }
      default:
        return what satisfies never;
    }
  }

  /** Those whose records Concord takes. */
  get #partitions(): string[] {
    return this.#broker.partitions.filter((partition) => !partition.startsWith(IGNORED));
  }

  #produce(records: number): void {
    const random = this.#random;
    for (let i = 0; i < records; i++) {
      const partition = random.pick(this.#partitions);
      const at = partition.lastIndexOf("-");
      const key = random.chance(0.1) ? null : btoa(`k${random.int(0, 4)}`);
      const value = random.chance(0.1) ? null : random.chance(0.1) ? "" : btoa(`v${this.#records}`);
      const record = { key, value, timestamp: 1_795_792_675_000 + this.#records };
      this.#broker.append(partition.slice(0, at), Number(partition.slice(at + 1)), record);
      this.#records += 1;
    }
  }

  /** In place of the bridges so far, one that ends by itself when it has delivered what there is. */
  async #runOnce(): Promise<void> {
    this.#happened.push("once");
    await this.#endAll();
    this.#produce(10);
    await this.#start("bridge-c", true);
    const ended = await this.#bridges.at(-1)?.ended;
    if (!ended?.includes("high-water marks")) this.#problems.push(`a bridge that runs once ended: ${ended}`);
    for (const partition of this.#partitions) this.#check(partition, this.#broker.log(partition).length);
  }

  async #start(clientId: string, once = false): Promise<void> {
    const random = this.#random;
    const front = await this.#proxy.listen();
    const stop = new AbortController();
    const settings: SessionSettings = {
      records: random.int(1, 20),
      bytes: random.pick([300, 100_000]),
      lingerMs: 1,
      requests: random.int(1, 3),
      bufferBytes: random.pick([500, 1_000_000]),
      commitMs: random.int(5, 60),
      lagMs: 80,
      drainMs: 60,
      once,
    };
    const emit = (event: BridgeEvent) => this.#note(event);
    const source = proxySource(this.#settings(clientId, front), emit, WAITS);
    const deps: SessionDeps = {
      source,
      send: this.#boundary.send(() => running.isKilled),
      decode: async (records) => records,
      emit,
      random: () => 0,
    };
    const ended = runBridge(settings, deps, stop.signal).catch((error) => {
      this.#problems.push(`a bridge ended with ${error}`);
      return "";
    });
    const running: Running = { front, stop, ended, isKilled: false };
    this.#bridges.push(running);
  }

  #settings(clientId: string, front: Front): ProxySettings {
    return {
      url: front.url,
      group: "concord",
      clientId,
      topics: this.#choice,
      from: "earliest",
      dialect: null,
      baseUri: this.#baseUri,
      authorization: null,
      pollTimeoutMs: 20,
      callTimeoutMs: 1_000,
    };
  }

  #note(event: BridgeEvent): void {
    if (event.kind === "lag" || event.kind === "buffered" || event.kind === "delivered" || event.kind === "committed")
      return;
    const text = JSON.stringify(event, (name, value) => (name === "records" ? value.length : value));
    this.#log.push(`${Math.round(performance.now() - this.#beganMs)} ms ${text}`);
  }

  /** No call of it arrives any more, and none is made for it: its instance stays, as after kill -9. */
  #kill(bridge: Running): void {
    bridge.isKilled = true;
    bridge.front.kill();
    bridge.stop.abort();
  }

  /** Every record before a committed position has been accepted. */
  #check(partition: string, next: number): void {
    for (let offset = 0; offset < next; offset++)
      if (!this.#boundary.has(partition, offset)) {
        this.#problems.push(`${partition} is committed up to ${next}, and ${offset} was not accepted`);
        return;
      }
  }

  async #untilDelivered(): Promise<void> {
    const { nextOf } = HABITS[this.#dialect];
    this.#storedAtMs = performance.now();
    const behind = () =>
      this.#partitions.filter((partition) => {
        const stored = this.#broker.stored.get(partition);
        return (stored === undefined ? 0 : nextOf(stored)) < this.#broker.log(partition).length;
      });
    while (behind().length > 0) {
      if (performance.now() - this.#storedAtMs > PATIENCE_MS) {
        this.#problems.push(`not delivered in time: ${behind().join(", ")}`);
        return;
      }
      await wait(5);
    }
  }

  async #endAll(): Promise<void> {
    const left = this.#bridges.filter(({ isKilled }) => !isKilled);
    for (const { stop } of left) stop.abort();
    await Promise.all(left.map(({ ended }) => ended));
  }

  /** Ends the bridges that are left, and looks for what they have left behind. */
  async #end(): Promise<void> {
    await this.#endAll();
    const fronts = this.#bridges.filter(({ isKilled }) => !isKilled).map(({ front }) => front);
    const leaked = () => fronts.flatMap((front) => this.#proxy.instances(front));
    // The proxy may still be at it.
    for (const untilMs = performance.now() + 1_000; leaked().length > 0 && performance.now() < untilMs; )
      await wait(10);
    if (leaked().length > 0) this.#problems.push(`instances are left behind: ${leaked().join(", ")}`);
  }
}
