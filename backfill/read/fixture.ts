import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { CSV_DEFAULTS } from "../mapping/schema.ts";
import type { CsvFormat } from "./csv.ts";
import { openFile } from "./open.ts";
import type { ReadRow } from "./row.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Writes a file that is gone after the test. */
export function fixture(name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "concord-backfill-"));
  folders.push(folder);
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

type How = { readonly csv?: Partial<CsvFormat>; readonly columns?: readonly string[]; readonly skip?: number };

/** All rows of a file. */
export async function readAll(path: string, { csv, ...opening }: How = {}): Promise<ReadRow[]> {
  const file = await openFile(path, { csv: { ...CSV_DEFAULTS, ...csv }, ...opening });
  try {
    const rows: ReadRow[] = [];
    for await (const batch of file.rows) rows.push(...batch);
    return rows;
  } finally {
    await file.close();
  }
}

/** The cells of each row, or what is wrong with it. */
export const cellsOf = (rows: readonly ReadRow[]): unknown[] =>
  rows.map((row) => (row.kind === "row" ? row.cells : `${row.place}: ${row.problem}`));
