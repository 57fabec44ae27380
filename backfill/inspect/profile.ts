import { parseJson } from "#json/parse-json.ts";
import { timeReader } from "../mapping/times.ts";
import { type Cell, cellOf, type ReadRow } from "../read/row.ts";

/** What the values of a column look like. A time has a zone in every value, or in none. */
export const GUESSES = ["boolean", "integer", "number", "time", "time without zone", "list", "json", "text"] as const;
export type Guess = (typeof GUESSES)[number];

export type ColumnProfile = {
  readonly name: string;
  readonly type: Guess;
  /** From 0 to 1. */
  readonly nullShare: number;
  /** Different values; of no more than `MAX_DISTINCT`. */
  readonly distinct: number;
  readonly examples: readonly string[];
  /** Not null, and different in every row that was looked at. */
  readonly isUnique: boolean;
  /** The values, if there are few. */
  readonly values: readonly string[];
  /** Of a time: the earliest and the latest. */
  readonly from?: string;
  readonly to?: string;
};

export type Profile = {
  readonly rows: number;
  readonly unreadable: number;
  /** Where the first of them are, and why. */
  readonly problems: readonly string[];
  readonly columns: readonly ColumnProfile[];
};

const MAX_DISTINCT = 100_000;
const MAX_VALUES = 12;
const MAX_EXAMPLES = 3;
const MAX_PROBLEMS = 5;

class Column {
  readonly name: string;
  #rows = 0;
  #nulls = 0;
  readonly #seen = new Set<string>();
  #guesses = new Set<Guess>(GUESSES);
  #from: string | undefined;
  #to: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  add(cell: Cell): void {
    this.#rows += 1;
    if (cell === null) {
      this.#nulls += 1;
      return;
    }
    const text = textOf(cell);
    if (this.#seen.size < MAX_DISTINCT) this.#seen.add(text);
    for (const guess of this.#guesses) if (!FITS[guess](cell, text)) this.#guesses.delete(guess);
    if (this.#guesses.has("time") || this.#guesses.has("time without zone")) {
      if (this.#from === undefined || text < this.#from) this.#from = text;
      if (this.#to === undefined || text > this.#to) this.#to = text;
    }
  }

  profile(): ColumnProfile {
    const filled = this.#rows - this.#nulls;
    const type = filled === 0 ? "text" : (GUESSES.find((guess) => this.#guesses.has(guess)) ?? "text");
    const values = [...this.#seen];
    return {
      ...{ name: this.name, type, distinct: values.length, examples: values.slice(0, MAX_EXAMPLES) },
      nullShare: this.#rows === 0 ? 0 : this.#nulls / this.#rows,
      isUnique: this.#nulls === 0 && filled > 0 && values.length === Math.min(filled, MAX_DISTINCT),
      values: values.length <= MAX_VALUES ? values.sort() : [],
      ...(type.startsWith("time") && { from: this.#from, to: this.#to }),
    } as ColumnProfile;
  }
}

const textOf = (cell: NonNullable<Cell>): string =>
  typeof cell === "object" ? JSON.stringify(cell, (_, v) => (typeof v === "bigint" ? String(v) : v)) : String(cell);

const readTime = timeReader({});
const readLocalTime = timeReader({ zone: "UTC" });
const isTime = (cell: Cell, hasZone: boolean): boolean =>
  typeof cell === "string" && (hasZone ? readTime(cell).ok : readLocalTime(cell).ok && !readTime(cell).ok);

const FITS: Readonly<Record<Guess, (cell: NonNullable<Cell>, text: string) => boolean>> = {
  boolean: (cell, text) => typeof cell === "boolean" || /^(true|false|t|f|yes|no|y|n)$/i.test(text),
  integer: (_, text) => /^[+-]?(0|[1-9]\d*)$/.test(text),
  number: (_, text) => /^[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text),
  time: (cell) => isTime(cell, true),
  "time without zone": (cell) => isTime(cell, false),
  list: (cell, text) => Array.isArray(cell) || (/^\s*\[/.test(text) && isJson(text)),
  json: (cell, text) => typeof cell === "object" || (/^\s*[[{]/.test(text) && isJson(text)),
  text: () => true,
};

const isJson = (text: string): boolean => parseJson(text) !== undefined;

/** Looks at up to so many rows. @param columns of the file, or `null` where every row has its own */
export async function profileRows(
  batches: AsyncIterable<readonly ReadRow[]>,
  columns: readonly string[] | null,
  limit: number,
): Promise<Profile> {
  const seen = new Map((columns ?? []).map((name) => [name, new Column(name)]));
  const problems: string[] = [];
  let [rows, unreadable] = [0, 0];
  const add = (row: ReadRow) => {
    if (row.kind === "unreadable") {
      unreadable += 1;
      if (problems.length < MAX_PROBLEMS) problems.push(`${row.place}: ${row.problem}`);
      return;
    }
    if (columns === null)
      for (const name of Object.keys(row.cells)) {
        if (seen.has(name)) continue;
        const column = new Column(name);
        // In the rows before it was null.
        for (let before = 0; before < rows - unreadable - 1; before++) column.add(null);
        seen.set(name, column);
      }
    for (const column of seen.values()) column.add(cellOf(row.cells, column.name));
  };
  read: for await (const batch of batches) {
    for (const row of batch) {
      if (rows === limit) break read;
      rows += 1;
      add(row);
    }
  }
  return { rows, unreadable, problems, columns: [...seen.values()].map((column) => column.profile()) };
}
