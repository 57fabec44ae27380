import { before } from "../deadline.ts";
import { type Consistency, NEAREST, sessionStartOf } from "./consistency.ts";
import { isOutage } from "./fault.ts";

/** How long one read may take, its repetitions included. Ours: whoever waits longer has given up. */
const DEADLINE_MS = 2_000;

/** Before the first repetition; each further one waits twice as long, and half of it is chance. */
const FIRST_WAIT_MS = 25;

/** Statements that one request may run. The schema batches, so that even a large page takes about ten. Ours. */
const MAX_STATEMENTS = 40;

/** A request asked for more statements than one may run. */
export class StatementBudgetSpent extends Error {
  override name = "StatementBudgetSpent";
}

/** What the reads of a session cost, and who answered them. */
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
 * One request's reads of D1, in order, from one database or its replicas. A read that meets a passing fault is repeated
 * until its deadline: reads change nothing, so a repetition is harmless. It has as much of D1's face as drizzle uses.
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
    this.#session = db.withSession(sessionStartOf(consistency));
    this.#maxStatements = maxStatements;
    this.#deadlineMs = deadlineMs;
    this.#random = random;
  }

  get report(): ReadReport {
    return this.#report;
  }

  /** What a later session has to start from to see at least what this one saw; `null` before the first read. */
  get consistencyToken(): string | null {
    return this.#session.getBookmark();
  }

  /** From now on reads are as fresh as this asks for; what they may cost in all stays as it was. */
  restart(consistency: Consistency): void {
    this.#session = this.#db.withSession(sessionStartOf(consistency));
  }

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

  /** D1's own `raw` tells no cost. Every column of ours has a name of its own, so the values keep their places. */
  async raw(): Promise<unknown[][]> {
    return (await this.#read(this.#statement)).map(Object.values);
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What D1 answers within so many milliseconds. A database that does not answer is a database out of reach. */
export async function withDeadline<T>(ms: number, promise: Promise<T>): Promise<T> {
  const answer = await before(ms, promise);
  if (answer === "too late") throw new Error("D1 timed out");
  return answer;
}
