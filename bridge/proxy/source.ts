import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { withTimeout } from "#base/deadline.ts";
import type { Listener } from "../events.ts";
import { type KafkaRecord, nameOf, type Position, type TopicPartition } from "../kafka-record.ts";
import { type Session, type Source, StopError } from "../source.ts";
import type { ProxySettings } from "../source-settings.ts";
import { below, ProxyCalls } from "./calls.ts";
import { detectDialect } from "./detect.ts";
import { DIALECTS, type DialectRules, type Reset } from "./dialects.ts";
import { Gaps } from "./gaps.ts";
import { createInstance, Instance, InstanceError } from "./instance.ts";
import { logsOf } from "./ranges.ts";
import { ProxySession, type SessionWaits } from "./session.ts";
import { Topics } from "./topics.ts";

const WAITS: SessionWaits = { pollEveryMs: 3_000, leaveMs: 2_000, idleMs: 100 };

/** Records from a REST proxy, by consumer instances of its API, version 2. */
export function proxySource(settings: ProxySettings, emit: Listener, waits: SessionWaits = WAITS): Source {
  const source = new ProxySource(settings, emit, waits);
  return { open: (signal) => source.open(signal), close: () => source.close() };
}

/** An instance and what it is subscribed to. */
type Member = { readonly instance: Instance; readonly topics: readonly string[] };

class ProxySource {
  readonly #settings: ProxySettings;
  readonly #waits: SessionWaits;
  readonly #calls: ProxyCalls;
  readonly #topics: Topics;
  readonly #committed = new Map<string, number>();
  readonly #gaps = new Gaps();
  readonly #deletions = new Set<Promise<void>>();
  #dialect: DialectRules | undefined;
  /** The last session's. After a rebalance the next session goes on with it. */
  #member: Member | undefined;
  /** Why no other session can go on. */
  #stopped: StopError | undefined;
  #hasOpened = false;
  #looking: NodeJS.Timeout | undefined;

  constructor(settings: ProxySettings, emit: Listener, waits: SessionWaits) {
    this.#settings = settings;
    this.#waits = waits;
    this.#calls = new ProxyCalls(settings.authorization);
    this.#topics = new Topics(this.#calls, settings.url, settings.topics, settings.callTimeoutMs, emit);
  }

  async open(signal: AbortSignal): Promise<Session> {
    if (this.#stopped) throw this.#stopped;
    const dialect = await this.#identified();
    const reset = resetOf(this.#settings, dialect);
    const topics = await this.#found(signal);
    const kept = this.#member;
    const isKept = kept?.instance.isUsable === true && `${kept.topics}` === `${topics}`;
    if (kept && !isKept) await this.#leave(kept.instance);
    const instance = isKept ? kept.instance : await this.#created(dialect, reset, signal);
    this.#member = { instance, topics };
    try {
      if (!isKept) await instance.subscribe(topics, signal);
      const { assigned, polled } = await join(instance, isKept, signal);
      // Of a proxy that does not say which partitions are whose, each topic's first stands for those that nothing came of.
      const presumed = assigned ?? topics.map((topic) => ({ topic, partition: 0 }));
      const ranges = await this.#rangesOf(dialect, instance, presumed);
      return new ProxySession({
        instance,
        assigned,
        polled,
        gaps: this.#gaps,
        isFromEarliest: reset === "earliest",
        ranges,
        rangesOf: (partitions) => this.#rangesOf(dialect, instance, partitions),
        onCommitted: (positions) => this.#note(positions),
        onStopped: (error) => {
          this.#stopped = error;
        },
        leave: () => this.#leave(instance),
        stop: signal,
        newTopic: this.#look(topics),
        waits: this.#waits,
      });
    } catch (error) {
      await this.#leave(instance);
      throw error;
    }
  }

  /** Waits for deletions that the proxy has not answered, but not longer than for any call. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    if (this.#member) this.#track(this.#member.instance.delete());
    await withTimeout(this.#settings.callTimeoutMs, Promise.all(this.#deletions));
    this.#calls.close();
  }

  async #identified(): Promise<DialectRules> {
    const { url, callTimeoutMs, dialect } = this.#settings;
    this.#dialect ??= DIALECTS[dialect ?? (await detectDialect(this.#calls, url, callTimeoutMs))];
    return this.#dialect;
  }

  /** Waits until there is a topic. */
  async #found(signal: AbortSignal): Promise<readonly string[]> {
    for (;;) {
      const topics = await this.#topics.find(signal);
      if (topics.length > 0) return topics;
      await wait(this.#topics.refreshMs, undefined, { signal });
    }
  }

  /**
   * Takes the client id as the instance's name. If it is taken at the start, a bridge was killed that had it: its
   * instance would keep its partitions until it expires, so it is deleted. Later it may be our own that the proxy is
   * still deleting, or that of a bridge with the same settings, so another name is taken.
   */
  async #created(dialect: DialectRules, reset: Reset, signal: AbortSignal): Promise<Instance> {
    const { clientId } = this.#settings;
    const isFirst = !this.#hasOpened;
    this.#hasOpened = true;
    const another = `${clientId}-${randomBytes(4).toString("hex")}`;
    const found = await this.#create(dialect, reset, clientId, signal);
    if (found) return found;
    if (isFirst) await this.#leave(this.#instance(dialect, clientId));
    const made =
      (isFirst && (await this.#create(dialect, reset, clientId, signal))) ||
      (await this.#create(dialect, reset, another, signal));
    if (!made) throw new Error(`The proxy has consumer instances named ${clientId} and ${another}`);
    return made;
  }

  async #create(
    dialect: DialectRules,
    reset: Reset,
    wished: string,
    signal: AbortSignal,
  ): Promise<Instance | undefined> {
    const { url, group, pollTimeoutMs, callTimeoutMs } = this.#settings;
    const options = dialect.create({ name: wished, reset, pollTimeoutMs });
    try {
      const created = await createInstance(this.#calls, url, group, options, callTimeoutMs, signal);
      return created === "taken" ? undefined : this.#instance(dialect, created.name, created.baseUri);
    } catch (error) {
      // It may have been created though the answer did not arrive.
      void this.#leave(this.#instance(dialect, wished));
      throw error;
    }
  }

  #instance(dialect: DialectRules, name: string, baseUri?: string): Instance {
    const { url, group, baseUri: policy, callTimeoutMs } = this.#settings;
    const pollTimeoutMs = Math.min(this.#settings.pollTimeoutMs, dialect.longestPollMs);
    const ownAddress = below(url, "consumers", group, "instances", name);
    const address = baseUri === undefined || policy === "ignore" ? ownAddress : addressOf(baseUri, url, policy);
    return new Instance(this.#calls, { dialect, name, address, ownAddress, pollTimeoutMs, callTimeoutMs });
  }

  /** Looks for topics that match the pattern and are not subscribed to. */
  #look(topics: readonly string[]): AbortSignal {
    const found = new AbortController();
    clearInterval(this.#looking);
    const { refreshMs } = this.#topics;
    const look = async () => {
      const now = await this.#topics.find().catch(() => topics);
      const fresh = now.filter((name) => !topics.includes(name));
      if (fresh.length > 0) found.abort(`there are new topics: ${fresh.join(", ")}`);
    };
    if (refreshMs !== undefined) this.#looking = setInterval(() => void look(), refreshMs).unref();
    return found.signal;
  }

  async #rangesOf(dialect: DialectRules, instance: Instance, partitions: readonly TopicPartition[]) {
    const committed = await instance.committed(partitions).catch((error) => {
      if (error instanceof InstanceError) throw error;
      return [];
    });
    this.#note(committed);
    const { url, callTimeoutMs } = this.#settings;
    const logs = await logsOf(this.#calls, url, dialect.hasRanges ? partitions : [], callTimeoutMs);
    const unknown = { earliest: null, latest: null };
    return partitions.map(({ topic, partition }) => {
      const name = nameOf({ topic, partition });
      return { topic, partition, committed: this.#committed.get(name) ?? null, ...(logs.get(name) ?? unknown) };
    });
  }

  #note(positions: readonly Position[]): void {
    for (const position of positions) this.#committed.set(nameOf(position), position.offset);
  }

  /** Deletes an instance, and waits for that as long as it is worth it. */
  async #leave(instance: Instance): Promise<void> {
    await withTimeout(this.#waits.leaveMs, this.#track(instance.delete()));
  }

  #track(deletion: Promise<void>): Promise<void> {
    const tracked = deletion.finally(() => this.#deletions.delete(tracked));
    this.#deletions.add(tracked);
    return tracked;
  }
}

/** Polls until the instance has partitions: the first polls bring nothing while the group forms, which is no end. */
async function join(instance: Instance, isKept: boolean, signal: AbortSignal) {
  const polled: (readonly KafkaRecord[])[] = [];
  for (let isBehind = isKept; ; ) {
    const assigned = await instance.assigned();
    if (isBehind) await instance.rewind(assigned ?? []);
    isBehind = false;
    if (assigned === null || assigned.length > 0) return { assigned, polled };
    polled.push(await instance.poll(signal));
  }
}

/** Where an instance is by what the proxy says, which Karapace says without a host. */
function addressOf(baseUri: string, base: URL, policy: "use" | "rewrite-host"): URL {
  const said = new URL(baseUri.replace(/\/+$/, ""), below(base, ""));
  return policy === "use" ? said : new URL(said.pathname, base.origin);
}

function resetOf({ from }: ProxySettings, { title, resets }: DialectRules): Reset {
  if (typeof from === "object")
    throw new StopError(
      "A REST proxy cannot look up offsets by time, so --from takes no time with it. Read from the brokers (--brokers); or set the group's offsets with kafka-consumer-groups --reset-offsets --to-datetime, and start with --from earliest.",
    );
  if (resets.includes(from)) return from;
  throw new StopError(
    `${title} starts a group at the ${resets.join(" or ")} record only. Start with --from ${resets[0]}, or read from the brokers (--brokers).`,
  );
}
