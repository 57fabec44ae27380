/** A statement and the rows in its one parameter: `k` is the device's key, `p` the id of the part. */
export type Write = { readonly sql: string; readonly rows: readonly WriteRow[]; readonly guarded: boolean };
export type WriteRow = Readonly<Record<string, unknown>> & { readonly k: string; readonly p?: string };

/** A table of states: its key, the columns that every write sets, and the derived ones, which have indexes. */
export type RowShape = {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly derived: readonly string[];
};

/**
 * Collects the rows of one table into the statements that cost least. D1 bills an index whenever its column is in SET,
 * even if the value stays the same, so rows are grouped by the derived columns that change: most batches need one UPDATE
 * that touches no index.
 */
export class GuardedWrites {
  readonly #shape: RowShape;
  readonly #inserts: WriteRow[] = [];
  readonly #updates = new Map<string, { moved: string[]; rows: WriteRow[] }>();

  constructor(shape: RowShape) {
    this.#shape = shape;
  }

  add(row: WriteRow, known: { row: WriteRow; revision: number | undefined } | undefined): void {
    if (!known) {
      this.#inserts.push(row);
      return;
    }
    const moved = this.#shape.derived.filter((column) => row[column] !== known.row[column]);
    const group = this.#updates.get(moved.join()) ?? { moved, rows: [] };
    group.rows.push({ ...row, r: known.revision });
    this.#updates.set(moved.join(), group);
  }

  toWrites(): Write[] {
    const updates = [...this.#updates.values()].map(({ moved, rows }) => ({ sql: this.#update(moved), rows }));
    return [...updates, { sql: this.#insert(), rows: this.#inserts }].map((write) => ({ ...write, guarded: true }));
  }

  /** Updates only rows that still have the revision that was read. The others are read and merged again. */
  #update(moved: readonly string[]): string {
    const { table, key, state } = this.#shape;
    const columns = { ...state, ...derivedValues(moved) };
    const set = Object.entries(columns).map(([column, value]) => `${column} = ${value}`);
    const same = Object.entries(key).map(([column, member]) => `${table}.${column} = j.value->>'${member}'`);
    return `UPDATE ${table} SET ${set.join(", ")}, revision = revision + 1 FROM json_each(?1) j
      WHERE ${same.join(" AND ")} AND ${table}.revision = j.value->>'r' RETURNING ${this.#returning()}`;
  }

  #insert(): string {
    const { table, key, state, derived } = this.#shape;
    const keys = Object.fromEntries(Object.entries(key).map(([column, member]) => [column, `j.value->>'${member}'`]));
    const columns = { ...keys, ...state, ...derivedValues(derived), revision: "1" };
    return `INSERT INTO ${table} (${Object.keys(columns).join(", ")}) SELECT ${Object.values(columns).join(", ")}
      FROM json_each(?1) j WHERE true ON CONFLICT DO NOTHING RETURNING ${this.#returning()}`;
  }

  #returning(): string {
    const [owner, part = "''"] = Object.keys(this.#shape.key);
    return `${owner} AS owner, ${part} AS part`;
  }
}

const derivedValues = (columns: readonly string[]): Record<string, string> =>
  Object.fromEntries(columns.map((column) => [column, `j.value->>'${column}'`]));
