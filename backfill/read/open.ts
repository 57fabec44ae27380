import { BackfillProblem } from "../problem.ts";
import { type CsvFormat, openCsv } from "./csv.ts";
import type { OpenFile } from "./row.ts";

export type Opening = {
  readonly csv: CsvFormat;
  /** The columns of a CSV file without a header. */
  readonly columns?: readonly string[] | undefined;
  /** Rows at the beginning that are not wanted. */
  readonly skip?: number;
};

/** Opens a file by what its name ends with: `devices_0_0_0.csv.gz`, `devices.snappy.parquet`. @throws BackfillProblem for any other */
export async function openFile(path: string, { csv, columns, skip = 0 }: Opening): Promise<OpenFile> {
  switch (formatOf(path)) {
    case "csv":
      return openCsv(path, csv, { columns, skip });
    case "ndjson":
      return (await import("./ndjson.ts")).openNdjson(path, { skip });
    case "parquet":
      return (await import("./parquet.ts")).openParquet(path, { skip });
    case undefined:
      throw new BackfillProblem(
        `${path}: its name does not say what it is. CSV ends with .csv or .tsv, NDJSON with .ndjson, .jsonl or .json, each with .gz or .zst behind it if it is compressed; Parquet ends with .parquet.`,
      );
  }
}

export type Format = "csv" | "ndjson" | "parquet";

export function formatOf(path: string): Format | undefined {
  const name = path.toLowerCase().replace(/\.(gz|gzip|zst|zstd)$/, "");
  if (/\.(csv|tsv|txt)$/.test(name)) return "csv";
  if (/\.(ndjson|jsonl|json)$/.test(name)) return "ndjson";
  return name.endsWith(".parquet") ? "parquet" : undefined;
}
