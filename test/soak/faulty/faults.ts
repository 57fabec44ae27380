import { type Random, randomOf } from "../../../samples/random.ts";
import { D1_OUTAGES } from "../../support/outages.ts";
import { CONTROL_PATH, type FaultKind, type FaultPlan } from "../plan.ts";

const SLOWEST_MS = 1_500;

/**
 * The faults of one Worker. It draws from a seed, one number a question; which call gets which number is up to the
 * runtime's schedule, so a seed repeats the weather and not every drop.
 */
export class Faults {
  #random: Random = randomOf(0);
  #plan: FaultPlan = {};
  readonly #counts: Partial<Record<FaultKind, number>> = {};

  /** Whether this kind happens now. */
  strikes(kind: FaultKind): boolean {
    const probability = this.#plan[kind] ?? 0;
    if (probability === 0 || !this.#random.chance(probability)) return false;
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
    return true;
  }

  oneOf<T>(items: readonly T[]): T {
    return this.#random.pick(items);
  }

  /** Answers the soak's control, and nobody else. PUT switches the plan; both verbs tell the counts. */
  async control(request: Request): Promise<Response | undefined> {
    if (new URL(request.url).pathname !== CONTROL_PATH) return undefined;
    if (request.method === "PUT") {
      const { plan, seed } = (await request.json()) as { plan: FaultPlan; seed?: number };
      this.#plan = plan;
      if (seed !== undefined) this.#random = randomOf(seed);
    }
    return Response.json(this.#counts);
  }

  /** A call of D1: not made, made and not heard of, or late. */
  async d1<T>(call: () => Promise<T>): Promise<T> {
    if (this.strikes("D1 is out") || this.strikes("D1 fails before")) throw new Error(this.oneOf(D1_OUTAGES));
    if (this.strikes("D1 is slow")) await sleep(SLOWEST_MS * this.#random.next());
    const result = await call();
    if (this.strikes("D1 fails after the commit")) throw new Error(this.oneOf(D1_OUTAGES));
    return result;
  }

  async object<T>(call: () => Promise<T>): Promise<T> {
    if (this.strikes("object fails before")) throw passing("Network connection lost.", { retryable: true });
    if (this.strikes("object is overloaded")) {
      throw passing("Durable Object is overloaded. Too many requests queued.", { overloaded: true });
    }
    const result = await call();
    if (this.strikes("object fails after")) throw passing("Network connection lost.", { retryable: true });
    return result;
  }

  async producer<T>(call: () => Promise<T>): Promise<T> {
    if (this.strikes("queue refuses")) throw new Error("Queue sendBatch failed: Service Unavailable");
    const result = await call();
    if (this.strikes("queue takes it and fails")) throw new Error("Queue sendBatch failed: Bad Gateway");
    return result;
  }

  /** Hands a batch to the real handler, or lets that die before it began or behind its last effect, its acks unheard. */
  async delivery<Body>(
    batch: MessageBatch<Body>,
    handle: (batch: MessageBatch<Body>) => void | Promise<void>,
  ): Promise<void> {
    if (this.strikes("handler dies before")) throw new Error("soak: the handler died before its work");
    if (!this.strikes("handler dies, acks lost")) return handle(batch);
    await handle(unheard(batch));
    throw new Error("soak: the handler died after its work");
  }

  /** A produce request whose answer may get lost behind the work. */
  async answer(request: Request, answer: () => Response | Promise<Response>): Promise<Response> {
    const response = await answer();
    if (request.method !== "POST" || !this.strikes("answer lost")) return response;
    await response.arrayBuffer();
    return new Response("soak: the answer was lost", { status: 502 });
  }
}

function unheard<Body>({ queue, messages, metadata }: MessageBatch<Body>): MessageBatch<Body> {
  const nothing = () => {};
  return {
    queue,
    metadata,
    messages: messages.map(({ id, timestamp, body, attempts }) => ({
      id,
      timestamp,
      body,
      attempts,
      ack: nothing,
      retry: nothing,
    })),
    ackAll: nothing,
    retryAll: nothing,
  };
}

/** D1 as the Workers use it, by hand and through drizzle. Every call of it is a chance to fail. */
export function faultyD1(db: D1Database, faults: Faults): D1Database {
  const wrap = (real: D1PreparedStatement): Wrapped => ({
    real,
    bind: (...values) => wrap(real.bind(...values)),
    run: () => faults.d1(() => real.run()),
    all: () => faults.d1(() => real.all()),
    raw: (options) => faults.d1(() => real.raw(options as never)),
    first: (column) => faults.d1(() => real.first(column as never)),
  });
  const over = (handle: Pick<D1Database, "prepare" | "batch">) => ({
    prepare: (sql: string) => wrap(handle.prepare(sql)),
    batch: (statements: Wrapped[]) => faults.d1(() => handle.batch(statements.map(({ real }) => real))),
  });
  const withSession = (from: D1SessionBookmark | D1SessionConstraint) => {
    const session = db.withSession(from);
    return { ...over(session), getBookmark: () => session.getBookmark() };
  };
  const faulty = { ...over(db), withSession };
  return faulty as unknown as D1Database;
}

type Wrapped = {
  readonly real: D1PreparedStatement;
  bind(...values: unknown[]): Wrapped;
  run(): Promise<unknown>;
  all(): Promise<unknown>;
  raw(options?: unknown): Promise<unknown>;
  first(column?: unknown): Promise<unknown>;
};

/** A producer that only sends batches, as all of ours do. */
export function faultyQueue<Body>(queue: Queue<Body>, faults: Faults): Queue<Body> {
  const faulty: Pick<Queue<Body>, "sendBatch"> = {
    sendBatch: (messages) => {
      const sent = [...messages];
      return faults.producer(() => queue.sendBatch(sent));
    },
  };
  return faulty as Queue<Body>;
}

const passing = (text: string, flags: { retryable: true } | { overloaded: true }): Error =>
  Object.assign(new Error(text), flags);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
