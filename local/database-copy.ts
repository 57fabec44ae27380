import type { D1Database } from "@cloudflare/workers-types";

type Row = Readonly<Record<string, string | number | null>>;

/** Every row of every table, as a backup has them. */
export type DatabaseCopy = ReadonlyMap<string, readonly Row[]>;

/**
 * Tables of ours: not SQLite's, not the platform's, and not the list of migrations, which stays as it is. Those of the
 * search index are virtual, and are written by triggers, so they are built anew.
 */
const TABLES = `SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'
  AND name NOT IN ('d1_migrations', 'sqlite_schema', 'sqlite_sequence') AND name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name`;

const ROWS_A_STATEMENT = 200;

export async function copyDatabase(db: D1Database): Promise<DatabaseCopy> {
  const { results } = await db.prepare(TABLES).all<{ name: string }>();
  const copies = results.map(async ({ name }): Promise<[string, readonly Row[]]> => {
    const rows = await db.prepare(`SELECT * FROM "${name}"`).all<Row>();
    return [name, rows.results];
  });
  return new Map(await Promise.all(copies));
}

/**
 * Makes the database what it was, in one transaction: a stand-in for Time Travel, which is not there locally. Sockets
 * stay open and objects keep what they have, as they do on the platform. Triggers are away meanwhile, since what they
 * would write is in the copy.
 */
export async function restoreDatabase(db: D1Database, copy: DatabaseCopy): Promise<void> {
  const { results: triggers } = await db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all<{ name: string; sql: string }>();
  await db.batch([
    ...triggers.map(({ name }) => db.prepare(`DROP TRIGGER "${name}"`)),
    ...[...copy.keys()].map((table) => db.prepare(`DELETE FROM "${table}"`)),
    ...[...copy].flatMap(([table, rows]) => insertsOf(db, table, rows)),
    db.prepare("INSERT INTO dead_letter_search (dead_letter_search) VALUES ('rebuild')"),
    ...triggers.map(({ sql }) => db.prepare(sql)),
  ]);
}

function insertsOf(db: D1Database, table: string, rows: readonly Row[]) {
  const columns = Object.keys(rows[0] ?? {});
  const names = columns.map((column) => `"${column}"`).join(", ");
  const values = columns.map((column) => `j.value->>'${column}'`).join(", ");
  const sql = `INSERT INTO "${table}" (${names}) SELECT ${values} FROM json_each(?1) j`;
  return Array.from({ length: Math.ceil(rows.length / ROWS_A_STATEMENT) }, (_, i) =>
    db.prepare(sql).bind(JSON.stringify(rows.slice(i * ROWS_A_STATEMENT, (i + 1) * ROWS_A_STATEMENT))),
  );
}
