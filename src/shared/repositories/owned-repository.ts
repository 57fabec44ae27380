import type { D1Database, D1DatabaseSession, D1PreparedStatement } from "@cloudflare/workers-types";
import { and, getTableName, type InferInsertModel, type SQL, sql } from "drizzle-orm";
import { type SQLiteColumn, SQLiteSyncDialect, type SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Scope } from "#auth/scope.ts";
import { jsonBytes, packBySize } from "#json/pack.ts";
import { jsonEach, MAX_STATEMENT } from "./one-of.ts";
import { checkLimit, type IdOf, Repository } from "./repository.ts";
import { columnsNamed, columnsOf, type ScopedTable, storedIds } from "./scoped-table.ts";
import * as concord from "./tables.ts";

/** The tables that events build: only the consumer of events writes them. */
export type EventBuiltTable = (typeof concord)[keyof typeof concord];

const EVENT_BUILT: ReadonlySet<unknown> = new Set(Object.values(concord));

/** A row to write, with its whole key. A column that is left out keeps its value, or gets its default in a new row. */
export type NewRow<R, T extends SQLiteTable> = InferInsertModel<T> &
  (R extends { readonly rows: ScopedTable<SQLiteTable, infer Key> }
    ? Required<Pick<InferInsertModel<T>, Key[number] & keyof InferInsertModel<T>>>
    : never);

/** What became of rows that were to be stored. */
export type Upserted<Id> = {
  /** How many rows were added or changed. A row that was stored already, just so, is not written again. */
  readonly written: number;
  /** Rows that the scope may not write: they are another dealer's, or would become one's. Nothing of them is stored. */
  readonly refused: readonly Id[];
};

/**
 * A repository of a table that the service writes itself, in its own D1. The tables that events build cannot have one:
 * a service changes them by publishing an event or a command. Such a repository does not compile, and writes nothing.
 */
export abstract class OwnedRepository<T extends SQLiteTable> extends Repository<T> {
  abstract override readonly rows: T extends EventBuiltTable ? never : ScopedTable<T>;
  readonly #database: D1Database | D1DatabaseSession;

  /** @param database for reads and writes; in a session, reads see the writes before them */
  constructor(database: D1Database | D1DatabaseSession) {
    super(database);
    this.#database = database;
  }

  /**
   * Adds rows, and changes those that there are: all of them, or none if D1 fails, which is safe to retry. A scope that
   * does not see everything writes only rows that it sees before and after: each row names the columns that this depends on.
   * @throws RangeError for two rows with one id, for a row without one, and for text that SQLite would not keep as it is;
   * TypeError for a table that events build; nothing is written then
   */
  async upsert(scope: Scope, rows: readonly NewRow<this, T>[]): Promise<Upserted<IdOf<this>>> {
    const table = this.#written();
    const encoded = rows.map((row) => encode(table, row));
    if (new Set(encoded.map(({ id }) => id)).size < rows.length) {
      throw new RangeError("two rows have the same id. Nothing was written: send the one that is to stay.");
    }
    const visible = table.visibleTo(scope);
    const runs = [...Map.groupBy(encoded, ({ columns }) => columns.join()).values()].flatMap((alike) =>
      packBySize(alike, MAX_STATEMENT, ({ bytes }) => bytes),
    );
    if (runs.length === 0) return { written: 0, refused: [] };
    const writes = runs.map((run) => upsertAll(table, run, visible));
    const checks = visible ? runs.map((run) => selectRefused(table, run, visible)) : [];
    const statements = [...writes, ...checks].map((each) => this.#prepare(each));
    const answers = await this.#database.batch<{ id: string }>(statements);
    return {
      written: answers.slice(0, writes.length).reduce((sum, { meta }) => sum + meta.changes, 0),
      refused: answers
        .slice(writes.length)
        .flatMap(({ results }) => results.map(({ id }) => idFrom(table, id) as IdOf<this>)),
    };
  }

  /**
   * Removes rows by id, where the scope sees them; safe to retry.
   * @param ids at most `MAX_ROWS`, as one bound parameter
   * @returns how many rows were removed: those that do not exist or are out of scope are not
   * @throws RangeError for more ids, TypeError for a table that events build; nothing is removed then
   */
  async remove(scope: Scope, ids: readonly IdOf<this>[]): Promise<number> {
    checkLimit(ids.length, "ids");
    const rows = this.#written();
    const key = sql.join(columnsNamed(rows.table, rows.key), sql`, `);
    const parts = rows.key.map((_, i) => (rows.key.length === 1 ? sql`value` : place(i)));
    const given = sql`SELECT ${sql.join(parts, sql`, `)} FROM ${jsonEach(storedIds(rows, ids))}`;
    const where = and(sql`(${key}) IN (${given})`, rows.visibleTo(scope));
    const { meta } = await this.#prepare(sql`DELETE FROM ${rows.table} WHERE ${where}`).run();
    return meta.changes;
  }

  /** The table, once a write is allowed. A constructor cannot ask: a subclass's `rows` does not exist yet when it runs. */
  #written(): ScopedTable<T> {
    const rows = this.rows as ScopedTable<T>;
    if (EVENT_BUILT.has(rows.table)) {
      throw new TypeError(
        `events build the table ${getTableName(rows.table)}, and only their consumer writes it. Nothing was written: publish an event, or send a command.`,
      );
    }
    return rows;
  }

  #prepare(statement: SQL): D1PreparedStatement {
    const { sql: text, params } = new SQLiteSyncDialect().sqlToQuery(statement);
    return this.#database.prepare(text).bind(...params);
  }
}

type Encoded = {
  /** The key as JSON. */
  readonly id: string;
  /** The columns with a value: those given, and after them those with a default that drizzle makes. */
  readonly columns: readonly string[];
  /** How many of them were given: the others are not changed in a row that there is. */
  readonly given: number;
  readonly values: readonly unknown[];
  readonly bytes: number;
};

function encode({ table, key }: ScopedTable, row: object): Encoded {
  const all = columnsOf(table);
  const own = Object.entries(row).filter(([, value]) => value !== undefined);
  const made = Object.entries(all).flatMap(([name, { defaultFn }]) =>
    defaultFn && !own.some(([given]) => given === name) ? [[name, defaultFn()] as const] : [],
  );
  const named = [...own.toSorted(([a], [b]) => (a < b ? -1 : 1)), ...made];
  const columns = named.map(([name]) => name);
  const stored = columnsNamed(table, columns).map((column, i) => encodeValue(column, named[i]?.[1]));
  const missing = key.find((name) => !own.some(([given, value]) => given === name && value !== null));
  if (missing) throw new RangeError(`a row has no ${missing}, which is of its key. Nothing was written.`);
  const id = JSON.stringify(key.map((name) => stored[columns.indexOf(name)]));
  return { id, columns, given: own.length, values: stored, bytes: jsonBytes(stored) };
}

/** As SQLite stores it. It would end a text at a NUL, and replace half of a surrogate pair. */
function encodeValue(column: SQLiteColumn, value: unknown): unknown {
  const stored = value === null ? null : column.mapToDriverValue(value);
  const isText = typeof stored === "string";
  if (isText ? stored.isWellFormed() && !stored.includes("\0") : stored === null || Number.isFinite(stored))
    return stored;
  const what = isText ? "text with a NUL or half a surrogate pair" : "neither text nor a number";
  throw new RangeError(`the value of ${column.name} is ${what}. Nothing was written.`);
}

function idFrom({ table, key }: ScopedTable, json: string): unknown {
  const stored: unknown[] = JSON.parse(json);
  const values = columnsNamed(table, key).map((column, i) => column.mapFromDriverValue(stored[i]));
  return key.length === 1 ? values[0] : Object.fromEntries(key.map((name, i) => [name, values[i]]));
}

const named = (columns: readonly SQLiteColumn[], prefix = sql``): SQL =>
  sql.join(
    columns.map(({ name }) => sql`${prefix}${sql.identifier(name)}`),
    sql`, `,
  );

const place = (i: number): SQL => sql`value ->> ${sql.raw(String(i))}`;

/**
 * Rows of the same columns in one statement with one parameter. The rows to be are selected under the table's own name, so
 * that the scope's condition applies to them as it does to those that there are.
 */
function upsertAll({ table, key }: ScopedTable, run: readonly Encoded[], visible: SQL | undefined): SQL {
  const [{ columns: names, given } = { columns: [], given: 0 }] = run;
  const columns = columnsNamed(table, names);
  const absent = Object.values(columnsOf(table)).filter((column) => !columns.includes(column));
  const candidates = sql.join(
    [
      ...columns.map(({ name }, i) => sql`${place(i)} AS ${sql.identifier(name)}`),
      ...absent.map(({ name }) => sql`NULL AS ${sql.identifier(name)}`),
    ],
    sql`, `,
  );
  const changing = columns.slice(0, given).filter((_, i) => !key.includes(names[i] as string));
  const excluded = sql.raw("excluded.");
  const isChanged = sql`(${sql.join(changing, sql`, `)}) IS NOT (${named(changing, excluded)})`;
  const set = sql.join(
    changing.map(({ name }) => sql`${sql.identifier(name)} = ${excluded}${sql.identifier(name)}`),
    sql`, `,
  );
  // Without WHERE, SQLite would read ON as that of a join.
  return sql`INSERT INTO ${table} (${named(columns)})
    SELECT ${named(columns)} FROM (SELECT ${candidates} FROM ${jsonEach(run.map(({ values }) => values))}) AS ${table}
    WHERE ${visible ?? sql`true`}
    ON CONFLICT (${named(columnsNamed(table, key))}) DO ${
      changing.length === 0 ? sql`NOTHING` : sql`UPDATE SET ${set} WHERE ${and(visible, isChanged)}`
    }`;
}

/** The rows that are not there after the write as they were given, and where the scope sees them. */
function selectRefused({ table }: ScopedTable, run: readonly Encoded[], visible: SQL): SQL {
  const [{ columns: names, given } = { columns: [], given: 0 }] = run;
  const isStored = columnsNamed(table, names.slice(0, given)).map(
    (column, i) => sql`${column} IS given.value ->> ${sql.raw(String(i + 1))}`,
  );
  const rows = run.map(({ id, values }) => [id, ...values]);
  return sql`SELECT given.value ->> 0 AS id FROM ${jsonEach(rows)} AS given
    WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${and(...isStored, visible)})`;
}
