import { readFileSync } from "node:fs";
import { getTableColumns, getTableName, is, SQL } from "drizzle-orm";
import { getTableConfig, SQLiteColumn, SQLiteSyncDialect, SQLiteTable } from "drizzle-orm/sqlite-core";
import * as ops from "#repositories/ops-tables.ts";
import type { Relation } from "#repositories/relation.ts";
import type { ScopedTable } from "#repositories/scoped-table.ts";
import * as fleet from "#repositories/tables.ts";
import { FLEET } from "#repositories/visibility.ts";

export type ColumnModel = {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
  readonly isIndexed: boolean;
  readonly meaning: string;
};
export type TableModel = {
  readonly name: string;
  readonly meaning: string;
  readonly owner: Owner;
  readonly columns: readonly ColumnModel[];
  readonly indexes: readonly { readonly name: string; readonly on: string; readonly where: string | undefined }[];
};
/** A column, as table and name, and the column of a key that it has the value of. */
export type Reference = { readonly from: readonly [string, string]; readonly to: readonly [string, string] };
export type Owner = keyof typeof OWNERS;

/** Who writes a table; everybody else reads it. */
export const OWNERS = {
  ingest: "`concord-ingest`, whose consumer merges events",
  devices: "`concord-devices`, whose objects have subscribers",
  dlq: "`concord-dlq`, the operations API",
} as const;

const FILES = [
  { module: fleet, path: "src/shared/repositories/tables.ts", owner: "ingest" },
  { module: ops, path: "src/shared/repositories/ops-tables.ts", owner: "dlq" },
] as const;

/** Every table of D1, as drizzle has it, with the comments of its declaration. */
export const readTables = (): TableModel[] =>
  FILES.flatMap(({ module, path, owner }) => {
    const comments = commentsIn(readFileSync(path, "utf8"));
    const tables = Object.entries(module).filter((entry): entry is [string, SQLiteTable] => is(entry[1], SQLiteTable));
    // A module's names are sorted; the file's own order is told by its comments.
    const order = [...comments.keys()];
    return tables
      .toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b))
      .map(([variable, table]) => modelOf(table, comments.get(variable), table === fleet.watches ? "devices" : owner));
  });

function modelOf(table: SQLiteTable, comments: Comments | undefined, owner: Owner): TableModel {
  const { name, columns, primaryKeys, indexes } = getTableConfig(table);
  const key = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
  const indexed = new Set(indexes.flatMap(({ config }) => config.columns.flatMap(columnsIn)));
  return {
    name,
    meaning: meant(comments?.table, name),
    owner,
    columns: Object.entries(getTableColumns(table)).map(([property, column]) => ({
      name: column.name,
      type: typeOf(column, comments?.types.get(property)),
      isKey: key.includes(column),
      isIndexed: indexed.has(column.name),
      meaning: meant(comments?.columns.get(property), `${name}.${column.name}`),
    })),
    indexes: indexes.map(({ config }) => ({
      name: config.name,
      on: config.columns.map(textOf).join(", "),
      where: config.where && textOf(config.where),
    })),
  };
}

/** Tables that are read together: the relations of `include`, and of the operations API those that its statements join. */
export function readReferences(): Reference[] {
  const all = [...FLEET.flatMap(({ rows, relations }) => referencesOf(rows, relations)), ...DESK_REFERENCES];
  // A relation that is declared from both sides is one reference.
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}

function referencesOf(rows: ScopedTable, relations: Readonly<Record<string, Relation>>): Reference[] {
  return Object.values(relations).flatMap(({ to, on }) =>
    Object.entries(on).map(([mine, theirs]) => {
      const [own, other] = [placeOf(rows.table, mine), placeOf(to.table, theirs)];
      return columnsOfKey(rows, mine) < columnsOfKey(to, theirs) ? { from: other, to: own } : { from: own, to: other };
    }),
  );
}

/** How much of a key a column is: what refers has a part of its key, or none, in common with the key that it refers to. */
const columnsOfKey = ({ key }: ScopedTable, column: string): number =>
  key[0] === column ? key.length : Number.POSITIVE_INFINITY;

const DESK_REFERENCES: readonly Reference[] = [
  { from: ["dead_letters", "group_id"], to: ["letter_groups", "id"] },
  { from: ["dead_letters", "run_id"], to: ["replay_runs", "id"] },
  { from: ["letter_revisions", "letter_id"], to: ["dead_letters", "id"] },
  { from: ["letter_group_hours", "group_id"], to: ["letter_groups", "id"] },
  { from: ["webhook_deliveries", "alert_key"], to: ["desk_alerts", "key"] },
];

function placeOf(table: SQLiteTable, property: string): readonly [string, string] {
  const column = (getTableColumns(table) as Record<string, SQLiteColumn>)[property];
  if (!column) throw new Error(`${getTableName(table)} has no column ${property}`);
  return [getTableName(table), column.name];
}

const typeOf = (column: SQLiteColumn, given: string | undefined): string =>
  `${column.getSQLType()}${given ? `: ${given}` : ""}${column.notNull ? "" : ", or null"}`;

const columnsIn = (indexed: unknown): string[] =>
  is(indexed, SQLiteColumn) ? [indexed.name] : is(indexed, SQL) ? indexed.queryChunks.flatMap(columnsIn) : [];

/** SQL, with columns by their own names alone. */
function textOf(part: unknown): string {
  if (is(part, SQLiteColumn)) return part.name;
  const { sql } = new SQLiteSyncDialect().sqlToQuery(part as SQL);
  return sql.replaceAll(/"\w+"\./g, "").replaceAll('"', "");
}

function meant(comment: string | undefined, what: string): string {
  if (!comment) throw new Error(`${what} has no comment that says what it is: write one above it`);
  return comment;
}

type Comments = {
  readonly table: string | undefined;
  readonly columns: ReadonlyMap<string, string>;
  /** The types of columns that their declarations narrow. */
  readonly types: ReadonlyMap<string, string>;
};

/** The doc comments above tables and their columns, in a file that biome has formatted. */
function commentsIn(source: string): Map<string, Comments> {
  const found = new Map<string, Comments & { columns: Map<string, string>; types: Map<string, string> }>();
  let comment: string[] | undefined;
  let table: (Comments & { columns: Map<string, string>; types: Map<string, string> }) | undefined;
  for (const line of source.split("\n").map((each) => each.trim())) {
    const [, variable] = /^export const (\w+) = sqliteTable\(/.exec(line) ?? [];
    const [, property] = /^(\w+): (?:text|integer)\(/.exec(line) ?? [];
    if (line.startsWith("/**")) comment = [];
    if (comment && /^(\/\*\*|\*)/.test(line)) comment.push(line.replace(/^\/?\*+\/?\s*/, "").replace(/\s*\*\/$/, ""));
    else {
      const text = comment?.filter(Boolean).join(" ");
      if (variable) {
        table = { table: text, columns: new Map(), types: new Map() };
        found.set(variable, table);
      }
      if (property && text) table?.columns.set(property, text);
      comment = undefined;
    }
    const [, type] = /\.\$type<(.+?)>\(\)/.exec(line) ?? [];
    if (property && type) table?.types.set(property, type);
  }
  return found;
}
