import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { messageIn } from "#produce/http.ts";
import { type KafkaRecord, nameOf, type Position, type TopicPartition } from "../kafka-record.ts";
import { below, type Call, CallError, type ProxyCalls, type Reply } from "./calls.ts";
import type { DialectRules } from "./dialects.ts";
import { recordsIn } from "./records.ts";

/**
 * What the proxy did with a call is unknown, or it has forgotten the instance. Its position may be behind records that
 * never arrived here, so nothing is read from it any more.
 */
export class InstanceError extends Error {
  override readonly name = "InstanceError";
}

export type InstanceSettings = {
  readonly dialect: DialectRules;
  /** Where its calls go. */
  readonly address: URL;
  /** The same by the proxy's own address, in case what it says of itself cannot be reached. */
  readonly ownAddress: URL;
  readonly name: string;
  readonly pollTimeoutMs: number;
  readonly callTimeoutMs: number;
};

const Place = z.object({ topic: z.string(), partition: z.int().nonnegative() });
const Committed = z.object({ offsets: z.array(Place.extend({ offset: z.int() })) });
const Assignments = z.object({ partitions: z.array(Place) });
const Subscription = z.object({ partitions: z.array(z.record(z.string(), z.array(z.int().nonnegative()))) });

/** A consumer instance in the proxy: a member of the group. Its calls follow one another, since a consumer does one thing at a time. */
export class Instance {
  readonly settings: InstanceSettings;
  readonly #calls: ProxyCalls;
  /** For each partition that it read from, where another reader has to go on if what was read here is not delivered. */
  readonly #resumeAt = new Map<string, Position>();
  readonly #ending = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  /** Why it is worth no call: the proxy has forgotten it, or it left a call unanswered and would leave the next one too. */
  #lost: string | undefined;
  #deletion: Promise<void> | undefined;

  constructor(calls: ProxyCalls, settings: InstanceSettings) {
    this.#calls = calls;
    this.settings = settings;
  }

  /** Whether it is worth a call. */
  get isUsable(): boolean {
    return this.#lost === undefined && this.#deletion === undefined;
  }

  async subscribe(topics: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#ask("POST", "subscription", { body: { topics }, signal });
  }

  /**
   * The next records. The format is always binary, since in any other a single record can spoil a poll, and there is no
   * limit of bytes, since proxies skip what is behind it.
   * @throws InstanceError after anything but a whole array of records
   */
  async poll(signal: AbortSignal): Promise<readonly KafkaRecord[]> {
    const { pollTimeoutMs, callTimeoutMs } = this.settings;
    const reply = await this.#ask("GET", `records?timeout=${pollTimeoutMs}`, {
      accept: "application/vnd.kafka.binary.v2+json",
      timeoutMs: pollTimeoutMs + callTimeoutMs,
      signal,
    });
    const records = reply.status === 200 ? recordsIn(reply.text) : undefined;
    if (!records) throw new InstanceError(`A poll was answered with ${reply.status}: ${messageIn(reply.text)}`);
    for (const record of records) {
      if (!this.#resumeAt.has(nameOf(record))) this.#resumeAt.set(nameOf(record), record);
    }
    return records;
  }

  /** Stores exactly these positions. A commit without any would store what the proxy has read, delivered or not. */
  async commit(positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return;
    const { commitMember, commits } = this.settings.dialect;
    const back = commits === "last" ? 1 : 0;
    const entries = positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset - back }));
    await this.#ask("POST", "offsets", { body: { [commitMember]: entries } });
    for (const position of positions) this.#resumeAt.set(nameOf(position), position);
  }

  /** The partitions that are its own now, or `null` if the proxy cannot be asked. */
  async assigned(): Promise<readonly TopicPartition[] | null> {
    const { assigned } = this.settings.dialect;
    if (assigned === null) return null;
    const reply = await this.#ask("GET", assigned);
    if (assigned === "assignments") return this.#read(Assignments, reply).partitions;
    return this.#read(Subscription, reply).partitions.flatMap((byTopic) =>
      Object.entries(byTopic).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition }))),
    );
  }

  /** Where the group stands in partitions that it has committed, as far as the proxy can be asked. */
  async committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    const { committed } = this.settings.dialect;
    if (committed === null || partitions.length === 0) return [];
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition }));
    const reply = await this.#ask("GET", "offsets", { body: { partitions: wanted } });
    const ahead = committed === "last" ? 1 : 0;
    // A partition that nothing is committed for is missing, or has a negative offset: -1 or -1001.
    return this.#read(Committed, reply)
      .offsets.filter(({ offset }) => offset >= 0)
      .map(({ topic, partition, offset }) => ({ topic, partition, offset: offset + ahead }));
  }

  /** Goes back to what is delivered, in the partitions that are still its own, and forgets the others. */
  async rewind(assigned: readonly TopicPartition[]): Promise<void> {
    const ours = new Set(assigned.map(nameOf));
    for (const name of this.#resumeAt.keys()) if (!ours.has(name)) this.#resumeAt.delete(name);
    const offsets = [...this.#resumeAt.values()].map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    if (offsets.length > 0) await this.#ask("POST", "positions", { body: { offsets } });
  }

  /** Deletes it: at once for its users, while the proxy may take its time. Never rejects. */
  delete(): Promise<void> {
    this.#ending.abort();
    this.#deletion ??= this.#delete();
    return this.#deletion;
  }

  async #delete(): Promise<void> {
    const { address, ownAddress } = this.settings;
    const untilMs = performance.now() + this.settings.callTimeoutMs;
    for (const url of [address, address, ownAddress]) {
      // Timeouts are whole milliseconds, and this clock's times are not.
      const timeoutMs = Math.ceil(untilMs - performance.now());
      if (timeoutMs <= 0) return;
      const reply = await this.#calls.call(url, { method: "DELETE", timeoutMs }).catch(() => undefined);
      if (reply && reply.status < 500) return;
    }
  }

  /** @throws InstanceError if there was no whole answer, or the instance is not there; Error for any other refusal */
  #ask(method: Call["method"], path: string, call: Partial<Call> = {}): Promise<Reply> {
    const answered = this.#running.then(() => this.#call(method, path, call));
    this.#running = answered.catch(() => undefined);
    return answered;
  }

  async #call(method: Call["method"], path: string, call: Partial<Call>): Promise<Reply> {
    const { name, callTimeoutMs } = this.settings;
    if (!this.isUsable) throw new InstanceError(this.#lost ?? `The consumer instance ${name} is deleted`);
    const signal = call.signal ? AbortSignal.any([call.signal, this.#ending.signal]) : this.#ending.signal;
    const request = { timeoutMs: callTimeoutMs, ...call, method, signal };
    let reply: Reply;
    try {
      reply = await this.#calls.call(new URL(`${this.settings.address.href}/${path}`), request);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.kind === "no answer in time") this.#lost = error.message;
      throw new InstanceError(`${error.message}${this.#hintFor(error)}`);
    }
    if (reply.status === 404) {
      this.#lost = `The proxy does not know the consumer instance ${name} any more`;
      throw new InstanceError(this.#lost);
    }
    const isPoll = path.startsWith("records");
    if (!isPoll && (reply.status < 200 || reply.status > 299))
      throw new Error(`${method} ${path} was answered with ${reply.status}: ${messageIn(reply.text)}`);
    return reply;
  }

  #hintFor({ kind }: CallError): string {
    const isElsewhere = this.settings.address.host !== this.settings.ownAddress.host;
    if (kind !== "unreachable" || !isElsewhere) return "";
    return ". The proxy gave this address as the instance's own; --proxy-base-uri rewrite-host or ignore takes that of --proxy";
  }

  #read<T>(schema: z.ZodType<T>, reply: Reply): T {
    const body = schema.safeParse(parseJson(reply.text));
    if (!body.success) throw new Error(`An answer of the proxy is not what was asked for: ${messageIn(reply.text)}`);
    return body.data;
  }
}

/** Creates an instance of this name. @returns "taken" if there is one already */
export async function createInstance(
  calls: ProxyCalls,
  base: URL,
  group: string,
  options: Readonly<Record<string, unknown>>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly baseUri: string; readonly name: string } | "taken"> {
  const url = below(base, "consumers", group);
  const reply = await calls.call(url, { method: "POST", body: options, timeoutMs, signal });
  if (reply.status === 409) return "taken";
  const body = z.object({ instance_id: z.string(), base_uri: z.string() }).safeParse(parseJson(reply.text));
  if (reply.status !== 200 || !body.success)
    throw new Error(`The proxy did not create a consumer instance (${reply.status}: ${messageIn(reply.text)})`);
  return { baseUri: body.data.base_uri, name: body.data.instance_id };
}
