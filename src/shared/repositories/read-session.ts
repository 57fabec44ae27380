import type { D1Database, D1DatabaseSession, D1PreparedStatement } from "@cloudflare/workers-types";
import { withTimeout } from "#base/deadline.ts";
import { type Consistency, NEAREST, toSessionStart } from "./consistency.ts";
import { isOutage } from "./fault.ts";

/** How long one read may take, including retries. Our choice. */
const DEADLINE_MS = 2_000;

/** The wait before the first retry. It doubles for each further one, and half of it is jitter. */
const FIRST_WAIT_MS = 25;

/** Statements that one request may run. The schema batches its reads, so even a large page takes about ten. Our choice. */
const MAX_STATEMENTS = 40;

/** A request asked for more statements than one may run. */
export class StatementBudgetSpent extends Error {
  override name = "StatementBudgetSpent";
}

/** The cost of a session's reads, and the database that answered last. */
export type ReadReport = {
  readonly statements: number;
  readonly rowsRead: number;
  /** The region of the database that answered last, as D1 names it, and whether it was the primary. */
  readonly region: string | null;
  readonly primary: boolean | null;
};

type Options = {
  readonly consistency?: Consistency;
  readonly maxStatements?: number;
  readonly deadlineMs?: number;
  readonly random?: () => number;
};

/**
 * One request's reads of D1, sequentially consistent, from the primary or replicas. A read that fails in an outage is
 * retried until its deadline. It implements the part of D1's interface that drizzle uses.
 */
export class ReadSession {
  readonly #db: Pick<D1Database, "withSession">;
  #session: D1DatabaseSession;
  readonly #maxStatements: number;
  readonly #deadlineMs: number;
  readonly #random: () => number;
  #report: ReadReport = { statements: 0, rowsRead: 0, region: null, primary: null };

  constructor(
    db: Pick<D1Database, "withSession">,
    {
      consistency = NEAREST,
      maxStatements = MAX_STATEMENTS,
      deadlineMs = DEADLINE_MS,
      random = Math.random,
    }: Options = {},
  ) {
    this.#db = db;
    this.#session = db.withSession(toSessionStart(consistency));
    this.#maxStatements = maxStatements;
    this.#deadlineMs = deadlineMs;
    this.#random = random;
  }

  /** What the reads so far have cost, and who answered last. */
  get report(): ReadReport {
    return this.#report;
  }

  /** A later session that starts with this token sees at least what this one saw; `null` before the first read. */
  get consistencyToken(): string | null {
    return this.#session.getBookmark();
  }

  /** Continues with another consistency. The budget of statements stays the same. */
  restart(consistency: Consistency): void {
    this.#session = this.#db.withSession(toSessionStart(consistency));
  }

  /** A statement that only reads, as D1 prepares it. It runs within the session's budget and deadline. */
  prepare(sql: string): ReadStatement {
    return new ReadStatement(this.#session.prepare(sql), (statement) => this.#read(statement));
  }

  async #read(statement: D1PreparedStatement): Promise<Row[]> {
    if (this.#report.statements >= this.#maxStatements) {
      throw new StatementBudgetSpent(`a request may run at most ${this.#maxStatements} statements`);
    }
    this.#report = { ...this.#report, statements: this.#report.statements + 1 };
    const { results, meta } = await this.#untilDeadline(() => statement.all<Row>());
    this.#report = {
      statements: this.#report.statements,
      rowsRead: this.#report.rowsRead + (meta.rows_read ?? 0),
      region: meta.served_by_region ?? null,
      primary: meta.served_by_primary ?? null,
    };
    return results;
  }

  async #untilDeadline<T>(read: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#deadlineMs;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
      try {
        return await withDeadline(deadline - Date.now(), read());
      } catch (thrown) {
        const pauseMs = waitMs / 2 + (waitMs / 2) * this.#random();
        if (!isOutage(thrown) || Date.now() + pauseMs >= deadline) throw thrown;
        await sleep(pauseMs);
      }
    }
  }
}

type Row = Record<string, unknown>;

class ReadStatement {
  readonly #statement: D1PreparedStatement;
  readonly #read: (statement: D1PreparedStatement) => Promise<Row[]>;

  constructor(statement: D1PreparedStatement, read: (statement: D1PreparedStatement) => Promise<Row[]>) {
    this.#statement = statement;
    this.#read = read;
  }

  bind(...values: unknown[]): ReadStatement {
    return new ReadStatement(this.#statement.bind(...values), this.#read);
  }

  async all(): Promise<{ results: Row[] }> {
    return { results: await this.#read(this.#statement) };
  }

  /** Like D1's own `raw`, which does not report its cost. All columns have distinct names, so no value is lost. */
  async raw(): Promise<unknown[][]> {
    return (await this.#read(this.#statement)).map(Object.values);
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** D1's answer, if it comes within `ms` milliseconds. @throws Error that counts as an outage otherwise */
export async function withDeadline<T>(ms: number, promise: Promise<T>): Promise<T> {
  const answer = await withTimeout(ms, promise);
  if (answer === "too late") throw new Error("D1 timed out");
  return answer;
}
