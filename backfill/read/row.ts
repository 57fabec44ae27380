/** What a cell of a file can hold. Times and decimals are text with all their digits; integers beyond 2^53 are BigInt. */
export type Cell = string | number | bigint | boolean | null | readonly Cell[] | { readonly [member: string]: Cell };
export type Cells = Readonly<Record<string, Cell>>;

/** A row as it was read. */
export type Row = {
  readonly kind: "row";
  /** 1 for the first row of a file. */
  readonly number: number;
  /** `line 17` in text, `row 17` in Parquet. */
  readonly place: string;
  readonly cells: Cells;
};

/** Something that is no row: a line that is no JSON, or has more fields than the file has columns. */
export type Unreadable = {
  readonly kind: "unreadable";
  readonly number: number;
  readonly place: string;
  /** Without a value of the file. */
  readonly problem: string;
  /** What there is of it. */
  readonly text: string;
};

export type ReadRow = Row | Unreadable;

/** A file that is open. */
export type OpenFile = {
  /** The columns, or `null` where each row has its own, as in NDJSON. */
  readonly columns: readonly string[] | null;
  /** Rows after the first `skip`, in batches. @throws BackfillProblem where the file ends early or is of another kind */
  readonly rows: AsyncIterable<readonly ReadRow[]>;
  /** How many bytes of the file are read. */
  readonly bytesRead: () => number;
  readonly close: () => Promise<void>;
};

/** A missing column of NDJSON is null: Snowflake's OBJECT_CONSTRUCT leaves out members that are null. */
export const cellOf = (cells: Cells, column: string): Cell =>
  Object.hasOwn(cells, column) ? (cells[column] ?? null) : null;
