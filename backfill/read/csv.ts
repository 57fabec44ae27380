import { type CastingContext, type Options, Parser } from "csv-parse";
import { BackfillProblem } from "../problem.ts";
import { type Bytes, openBytes } from "./bytes.ts";
import type { Cell, OpenFile, ReadRow } from "./row.ts";

/** How a CSV file is written: `csv` in a mapping. */
export type CsvFormat = {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly escape?: string | undefined;
  readonly header: boolean;
  readonly nullIf: readonly string[];
  readonly emptyIsNull: boolean;
};

/** Of one record, so that a quote that is never closed does not take a whole file into memory. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024;

/**
 * Opens a CSV file.
 * @param columns their names, for a file without a header
 * @param skip rows that are not wanted. They are parsed all the same: only that finds out where they end.
 */
export async function openCsv(
  path: string,
  format: CsvFormat,
  { columns, skip = 0 }: { readonly columns?: readonly string[] | undefined; readonly skip?: number },
): Promise<OpenFile> {
  if (!format.header && !columns)
    throw new BackfillProblem(
      `${path} has no header (csv.header is false), so its table needs \`columns\` in the mapping.`,
    );
  const bytes = await openBytes(path);
  const records = recordsOf(bytes, format, path);
  const header = format.header ? await takeHeader(records, path) : columns;
  const names = columns ?? (header as readonly string[]);
  if (header !== undefined && header.length !== names.length)
    throw new BackfillProblem(
      `${path} has ${header.length} columns in its header, and the mapping names ${names.length}. Correct \`columns\`, or leave it out.`,
    );
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new BackfillProblem(`${path} has two columns ${twice}. Unload them under different names.`);
  return {
    columns: names,
    rows: rowsOf(records, names, skip),
    bytesRead: bytes.bytesRead,
    close: async () => bytes.close(),
  };
}

/** A record as the parser gives it, or what it says of one that it cannot read. */
type CsvRecord =
  | { readonly fields: readonly (string | null)[]; readonly line: number }
  | { readonly problem: string; readonly line: number };

async function takeHeader(records: AsyncGenerator<CsvRecord[]>, path: string): Promise<readonly string[]> {
  const { value, done } = await records.next();
  const first = done ? undefined : value[0];
  if (!first) throw new BackfillProblem(`${path} is empty: it has not even a header. Leave the file out.`);
  if ("problem" in first) throw new BackfillProblem(`The header of ${path} cannot be read: ${first.problem}.`);
  return first.fields.map((field) => field ?? "");
}

async function* rowsOf(records: AsyncGenerator<CsvRecord[]>, columns: readonly string[], skip: number) {
  let number = 0;
  for await (const batch of records) {
    const rows: ReadRow[] = [];
    for (const record of batch) if (++number > skip) rows.push(rowOf(record, columns, number));
    if (rows.length > 0) yield rows;
  }
}

function rowOf(record: CsvRecord, columns: readonly string[], number: number): ReadRow {
  const place = `line ${record.line}`;
  if ("problem" in record) return { kind: "unreadable", number, place, problem: record.problem, text: "" };
  const { fields } = record;
  if (fields.length !== columns.length) {
    const problem = `it has ${fields.length} fields, and the file has ${columns.length} columns`;
    return { kind: "unreadable", number, place, problem, text: JSON.stringify(fields) };
  }
  const cells: Record<string, Cell> = {};
  for (let i = 0; i < columns.length; i++) cells[columns[i] as string] = fields[i] as string | null;
  return { kind: "row", number, place, cells };
}

/** The records of each chunk. With a header, the first batch is that one record. */
async function* recordsOf(bytes: Bytes, format: CsvFormat, path: string): AsyncGenerator<CsvRecord[]> {
  const { delimiter, quote, header, nullIf, emptyIsNull } = format;
  let records: CsvRecord[] = [];
  /** The line that the last record ended on. */
  let endLine = 0;
  let failed: Error | undefined;
  const parser = new Parser({
    delimiter,
    quote,
    escape: format.escape ?? quote,
    columns: false,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: MAX_RECORD_BYTES,
    // Only here is it known whether a field was quoted, which tells "" from nothing, and a text \\N from null.
    cast: (text: string, { quoting }: CastingContext) =>
      quoting || (text === "" ? !emptyIsNull : !nullIf.includes(text)) ? text : null,
    on_record: (fields: (string | null)[], { lines }) => {
      records.push({ fields, line: endLine + 1 });
      endLine = lines;
      // What is not returned is not pushed, so that no stream is between the parser and us.
      return null;
    },
    on_skip: (error) => {
      const code = error?.code ?? "";
      if (code === "CSV_MAX_RECORD_SIZE") failed = tooLong(path, endLine + 1);
      // The parser would take the following rows for the rest of this field.
      if (code === "CSV_INVALID_CLOSING_QUOTE")
        (parser as unknown as { state: { quoting: boolean } }).state.quoting = false;
      const last = records.at(-1);
      const at = Number(error?.lines ?? endLine + 1);
      // One broken record may have several broken quotes.
      if (last && "problem" in last && at === endLine) return;
      records.push({ problem: PROBLEMS[code] ?? "it is no CSV", line: endLine + 1 });
      endLine = at;
    },
  } satisfies Options);
  const take = function* (): Generator<CsvRecord[]> {
    if (failed) throw failed;
    const taken = records;
    records = [];
    if (isFirst && header && taken.length > 0) yield taken.splice(0, 1);
    isFirst &&= taken.length === 0;
    if (taken.length > 0) yield taken;
  };
  let isFirst = true;
  for await (const chunk of bytes.chunks) {
    await new Promise<void>((resolve, reject) => parser.write(chunk, (error) => (error ? reject(error) : resolve())));
    yield* take();
  }
  await new Promise<void>((resolve) => parser.on("finish", resolve).end());
  yield* take();
}

const PROBLEMS: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: "a quote begins inside of a field that is not quoted",
  CSV_INVALID_CLOSING_QUOTE: "something follows the closing quote of a field",
  CSV_QUOTE_NOT_CLOSED: "a quote is opened and never closed",
};

const tooLong = (path: string, line: number) =>
  new BackfillProblem(
    `${path} has a row of more than ${MAX_RECORD_BYTES / 1024 / 1024} MB from line ${line} on. Most often a quote there is not closed: see how the file escapes quotes, and set csv.quote or csv.escape in the mapping.`,
  );
