import { BackfillProblem } from "../problem.ts";
import { findFiles } from "../read/files.ts";
import { openFile } from "../read/open.ts";
import { type Cell, type Cells, cellOf } from "../read/row.ts";
import { CSV_DEFAULTS, type Mapping } from "./schema.ts";

/** The rows of each lookup by their keys, with the columns that the mapping asks for. */
export type Lookups = ReadonlyMap<string, ReadonlyMap<string, Cells>>;

/** Rows of a lookup beyond which it is said that the warehouse should join them. */
export const MANY_LOOKUP_ROWS = 500_000;

export type LoadedLookups = {
  readonly lookups: Lookups;
  /** Rows that could not be read, or that have no key. Rows that need them become faults. */
  readonly problems: readonly string[];
};

/** Reads all lookups into memory. */
export async function loadLookups(mapping: Mapping, folder: string): Promise<LoadedLookups> {
  const lookups = new Map<string, ReadonlyMap<string, Cells>>();
  const problems: string[] = [];
  for (const [name, spec] of Object.entries(mapping.lookups)) {
    const rows = new Map<string, Cells>();
    const wanted = columnsOf(mapping, name);
    for (const { path, name: fileName } of await findFiles(folder, spec.files, `lookup ${name}`)) {
      const file = await openFile(path, { csv: spec.csv ?? mapping.csv ?? CSV_DEFAULTS, columns: spec.columns });
      try {
        const missing = file.columns && [spec.key, ...wanted].find((column) => !file.columns?.includes(column));
        if (missing !== undefined && missing !== null)
          throw new BackfillProblem(
            `lookup ${name}: ${fileName} has no column ${missing}. It has ${file.columns?.join(", ")}.`,
          );
        for await (const batch of file.rows) {
          for (const row of batch) {
            const key = row.kind === "row" ? cellOf(row.cells, spec.key) : null;
            if (row.kind === "row" && key !== null) rows.set(String(key), project(row.cells, wanted));
            else problems.push(`${fileName} ${row.place}: ${row.kind === "row" ? `${spec.key} is null` : row.problem}`);
          }
        }
      } finally {
        await file.close();
      }
    }
    lookups.set(name, rows);
  }
  return { lookups, problems };
}

/** The columns that values take from a lookup. */
function columnsOf({ tables }: Mapping, lookup: string): string[] {
  const specs = Object.values(tables).flatMap(({ events }) => events.flatMap(({ data }) => Object.values(data)));
  const columns = specs.flatMap((spec) =>
    typeof spec === "object" && spec.lookup === lookup ? (spec.column ?? []) : [],
  );
  return [...new Set(columns)];
}

const project = (cells: Cells, columns: readonly string[]): Cells =>
  Object.fromEntries(columns.map((column): [string, Cell] => [column, cellOf(cells, column)]));
