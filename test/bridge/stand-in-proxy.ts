import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import type { StandInBroker, StoredRecord } from "./broker.ts";
import type { CallKind, Fault } from "./faults.ts";
import type { ProxyHabits } from "./habits.ts";

type Consumer = {
  readonly id: string;
  readonly format: unknown;
  readonly commitsItself: boolean;
  /** The front through which it was created: of a bridge that was killed, it may stay. */
  readonly front: string;
  topics: readonly string[] | undefined;
  lastCallMs: number;
  /** Calls of one consumer follow one another. */
  running: Promise<unknown>;
  /** Polls that bring nothing, after one whose answer was cut. */
  dry: number;
  readonly hasRead: Set<string>;
};

export type StandInSettings = {
  readonly habits: ProxyHabits;
  readonly broker: StandInBroker;
  readonly nextFault: (kind: CallKind) => Fault;
  /** Records that one poll brings at most. */
  readonly pollLimit: number;
  /** After which an instance that nobody calls is forgotten. */
  readonly expiryMs: number;
  /** What `base_uri` begins with, if it is not the address that was asked. */
  readonly advertised?: string | undefined;
  readonly authorization?: string;
};

export type Front = { readonly url: URL; readonly kill: () => void };

const V2 = "application/vnd.kafka.v2+json";
const BINARY = "application/vnd.kafka.binary.v2+json";
const SLOW_MS = 150;

type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A REST proxy in memory. Every front is an address of the same proxy; a killed one takes its client along. */
export class StandInProxy {
  readonly #settings: StandInSettings;
  readonly #consumers = new Map<string, Consumer>();
  readonly #servers = new Set<Server>();
  readonly #expiring: NodeJS.Timeout;
  /** Requests, as `METHOD path`. */
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly body: string;
    readonly headers: IncomingMessage["headers"];
  }[] = [];

  constructor(settings: StandInSettings) {
    this.#settings = settings;
    this.#expiring = setInterval(() => this.#expire(), 20);
  }

  /** Ids of the instances that a front has created and nobody has deleted. */
  instances(front?: Front): string[] {
    return [...this.#consumers.values()]
      .filter((consumer) => front === undefined || consumer.front === front.url.host)
      .map(({ id }) => id);
  }

  async listen(): Promise<Front> {
    const server = createServer(
      (request, response) => void this.#answer(request, response).catch(() => response.destroy()),
    );
    this.#servers.add(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const kill = () => {
      server.close();
      server.closeAllConnections();
    };
    return { url, kill };
  }

  /** Forgets every instance, as a restart does. */
  restart(): void {
    for (const { id } of this.#consumers.values()) this.forget(id);
  }

  forget(id: string): void {
    this.#consumers.delete(id);
    this.#settings.broker.leave(id);
  }

  close(): void {
    clearInterval(this.#expiring);
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  #expire(): void {
    const oldest = performance.now() - this.#settings.expiryMs;
    for (const { id, lastCallMs } of this.#consumers.values()) if (lastCallMs < oldest) this.forget(id);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    const method = request.method ?? "";
    this.requests.push({ method, path: url.pathname + url.search, body, headers: request.headers });
    const kind = kindOf(method, url.pathname);
    const fault = kind ? this.#settings.nextFault(kind) : "none";
    if (fault === "error")
      return send(response, { status: 500, body: { error_code: 500, message: "the broker is away" } });
    if (fault === "hangs before") return;
    if (fault === "slow") await wait(SLOW_MS);
    const answer = await this.#route(method, url, body, request, fault);
    if (fault === "hangs after") return;
    if (fault === "cut") return cut(response, answer);
    send(response, answer);
  }

  async #route(method: string, url: URL, body: string, request: IncomingMessage, fault: Fault): Promise<Answer> {
    const { habits, broker, authorization } = this.#settings;
    if (authorization !== undefined && request.headers.authorization !== authorization)
      return problem({ status: 401, code: 40101 }, "who are you");
    const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
    if (path[0] === "") return habits.root;
    if (path[0] === "topics" && path.length === 1)
      return { status: 200, body: [...broker.topics, "__consumer_offsets"] };
    if (path[0] === "topics" && path[4] === "offsets" && habits.answersLogRange) {
      const partition = `${path[1]}-${path[3]}`;
      if (!broker.has(partition)) return problem({ status: 404, code: 40402 }, "no such partition");
      return { status: 200, body: { beginning_offset: 0, end_offset: broker.log(partition).length } };
    }
    if (path[0] !== "consumers") return problem({ status: 404, code: 404 }, "no such path");
    if (habits.needsContentType && method !== "GET" && request.headers["content-type"] !== V2)
      return problem({ status: 415, code: 415 }, "Content-Type");
    if (path.length === 2) return this.#create(path[1] as string, JSON.parse(body), request);
    const consumer = this.#consumers.get(path[3] as string);
    if (!consumer) return problem(habits.unknown, "Consumer instance not found");
    consumer.lastCallMs = performance.now();
    const done = consumer.running.then(() => this.#ofConsumer(consumer, method, path[4], url, body, request, fault));
    consumer.running = done.catch(() => undefined);
    return done;
  }

  #create(group: string, options: Record<string, unknown>, request: IncomingMessage): Answer {
    const { habits, advertised } = this.#settings;
    const id = String(options.name);
    if (this.#consumers.has(id)) return problem(habits.taken, "the name is taken");
    const { refused, commitsItself } = habits.create(options);
    if (refused) return problem(refused, "an option is not known, or not of its type");
    const front = String(request.headers.host);
    const format = options.format;
    const fresh = {
      topics: undefined,
      lastCallMs: performance.now(),
      running: Promise.resolve(),
      dry: 0,
      hasRead: new Set<string>(),
    };
    this.#consumers.set(id, { id, format, commitsItself, front, ...fresh });
    const path = `consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(id)}`;
    const base = advertised ?? (habits.relativeBaseUri ? "" : `http://${front}/`);
    return { status: 200, body: { instance_id: id, base_uri: `${base}${path}` } };
  }

  async #ofConsumer(
    consumer: Consumer,
    method: string,
    what: string | undefined,
    url: URL,
    body: string,
    request: IncomingMessage,
    fault: Fault,
  ): Promise<Answer> {
    const { habits, broker } = this.#settings;
    if (!this.#consumers.has(consumer.id)) return problem(habits.unknown, "Consumer instance not found");
    if (method === "DELETE" && what === undefined) {
      this.forget(consumer.id);
      return { status: 204 };
    }
    if (method === "POST" && what === "subscription") {
      const { topics } = JSON.parse(body) as { topics?: string[] };
      if (!topics) return problem({ status: 422, code: 422 }, "topics are missing");
      consumer.topics = topics;
      broker.join(consumer.id, topics);
      return { status: 204 };
    }
    if (method === "GET" && what === "records") return this.#poll(consumer, url, request, fault);
    if (method === "POST" && what === "offsets") return this.#commit(consumer, body);
    if (method === "GET" && what === "offsets" && habits.answersOffsets) return this.#committed(body);
    const assigned = broker.assignmentOf(consumer.id).map(split);
    if (method === "GET" && what === "assignments" && habits.answersAssignments)
      return { status: 200, body: { partitions: assigned } };
    if (method === "GET" && what === "subscription" && habits.subscriptionListsPartitions) {
      const partitions = Object.entries(Object.groupBy(assigned, ({ topic }) => topic));
      const listed = partitions.map(([topic, of]) => ({ [topic]: of?.map(({ partition }) => partition) }));
      return { status: 200, body: { topics: consumer.topics, partitions: listed } };
    }
    if (method === "POST" && what === "positions" && habits.seeks) return this.#seek(consumer, body);
    return problem({ status: 405, code: 405 }, "Method Not Allowed");
  }

  async #poll(consumer: Consumer, url: URL, request: IncomingMessage, fault: Fault): Promise<Answer> {
    const { habits, broker } = this.#settings;
    const untilMs = performance.now() + Number(url.searchParams.get("timeout") ?? 100);
    if (!consumer.topics) return problem({ status: 500, code: 500 }, "Consumer is not subscribed to any topics");
    // An instance that was left out of a rebalance joins again when it polls.
    if (!broker.isMember(consumer.id)) broker.join(consumer.id, consumer.topics);
    if (fault === "empty") return { status: 200, body: [], type: habits.pollContentType };
    let records = await this.#read(consumer, untilMs);
    // What is swallowed before a partition's first record cannot be told by anybody who cannot ask where the group stands.
    const canTell =
      habits.answersOffsets || broker.assignmentOf(consumer.id).every((each) => consumer.hasRead.has(each));
    if (fault === "asked twice" && canTell) records = await this.#read(consumer, untilMs);
    for (const { topic, partition } of records) consumer.hasRead.add(`${topic}-${partition}`);
    consumer.dry = fault === "cut" ? 2 : Math.max(0, consumer.dry - 1);
    if (consumer.commitsItself)
      for (const [partition, position] of broker.positionsOf(consumer.id)) broker.store(partition, position);
    if (fault === "error object") return { status: 200, body: { error_code: 50002, message: "Kafka error" } };
    if (fault === "422" || url.searchParams.has("max_bytes"))
      return problem(
        { status: 422, code: 422 },
        "Response exceeds the maximum number of bytes the consumer can receive",
      );
    if (fault === "406" || request.headers.accept !== BINARY || consumer.format !== "binary")
      return problem({ status: 406, code: 40601 }, "Consumer format does not match the embedded format requested");
    return { status: 200, body: records.map(habits.record), type: habits.pollContentType };
  }

  /** Waits until there are records, or it is time. */
  async #read(consumer: Consumer, untilMs: number): Promise<StoredRecord[]> {
    const { broker, pollLimit } = this.#settings;
    while (consumer.dry === 0) {
      const records = broker.read(consumer.id, pollLimit);
      if (records.length > 0 || performance.now() >= untilMs || !this.#consumers.has(consumer.id)) return records;
      await wait(4);
    }
    return [];
  }

  #commit(consumer: Consumer, body: string): Answer {
    const { habits, broker } = this.#settings;
    const entries = body === "" ? undefined : JSON.parse(body)[habits.commitList];
    if (entries === undefined)
      for (const [partition, position] of broker.positionsOf(consumer.id)) broker.store(partition, position);
    // Of any partition, whoever has it: the other member is sent back, or ahead.
    for (const { topic, partition, offset } of entries ?? [])
      broker.store(`${topic}-${partition}`, habits.toStored(offset));
    return { status: habits.commitStatus, ...(habits.commitStatus === 200 && { body: [] }) };
  }

  #committed(body: string): Answer {
    const { habits, broker } = this.#settings;
    const { partitions } = JSON.parse(body) as { partitions: { topic: string; partition: number }[] };
    const offsets = partitions.map(({ topic, partition }) => ({
      metadata: "",
      offset: broker.stored.get(`${topic}-${partition}`) ?? habits.none,
      partition,
      topic,
    }));
    return { status: 200, body: { offsets } };
  }

  #seek(consumer: Consumer, body: string): Answer {
    const { offsets } = JSON.parse(body) as { offsets: { topic: string; partition: number; offset: number }[] };
    for (const { topic, partition, offset } of offsets)
      if (!this.#settings.broker.seek(consumer.id, `${topic}-${partition}`, offset))
        return problem({ status: 409, code: 40903 }, `Partition ${topic}-${partition} is unassigned`);
    return { status: 204 };
  }
}

function kindOf(method: string, path: string): CallKind | undefined {
  const [first, , , instance, what] = path.split("/").slice(1);
  if (first !== "consumers") return undefined;
  if (instance === undefined) return "create";
  if (method === "DELETE") return "delete";
  if (what === "records") return "poll";
  if (what === "positions") return "seek";
  if (what === "offsets" && method === "POST") return "commit";
  return method === "POST" ? "subscribe" : "ask";
}

function split(partition: string) {
  const at = partition.lastIndexOf("-");
  return { topic: partition.slice(0, at), partition: Number(partition.slice(at + 1)) };
}

const problem = ({ status, code }: { status: number; code: number }, message: string): Answer => ({
  status,
  body: { error_code: code, message },
});

function send(response: ServerResponse, { status, body, type = V2, headers }: Answer): void {
  response.writeHead(status, { "Content-Type": type, ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** Half of the answer, and the end of the connection. */
function cut(response: ServerResponse, { status, body, type = V2 }: Answer): void {
  const text = JSON.stringify(body ?? null);
  response.writeHead(status === 204 ? 200 : status, { "Content-Type": type, "Content-Length": text.length + 1 });
  response.write(text.slice(0, Math.floor(text.length / 2)), () => response.destroy());
}
