import { findUnsafeNumber } from "#json/numbers.ts";
import { BackfillProblem } from "../problem.ts";
import { openBytes } from "./bytes.ts";
import type { Cell, Cells, OpenFile, ReadRow } from "./row.ts";

const MAX_LINE_LENGTH = 4 * 1024 * 1024;

/** Opens a file with one JSON object a line. @param skip rows that are not wanted */
export async function openNdjson(path: string, { skip = 0 }: { readonly skip?: number }): Promise<OpenFile> {
  const bytes = await openBytes(path);
  return {
    columns: null,
    rows: rowsOf(bytes.chunks, path, skip),
    bytesRead: bytes.bytesRead,
    close: async () => bytes.close(),
  };
}

async function* rowsOf(chunks: AsyncIterable<Buffer>, path: string, skip: number): AsyncGenerator<ReadRow[]> {
  const decoder = new TextDecoder();
  let [line, number, rest] = [0, 0, ""];
  const read = (lines: readonly string[]): ReadRow[] => {
    const rows: ReadRow[] = [];
    for (const text of lines) {
      line += 1;
      if (text.trim() === "") continue;
      number += 1;
      if (number > skip) rows.push(readRow(text, number, line));
    }
    return rows;
  };
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_LENGTH) throw new BackfillProblem(notNdjson(path, line + 1));
    const rows = read(lines);
    if (rows.length > 0) yield rows;
  }
  if (rest !== "") yield read([rest]);
}

const notNdjson = (path: string, line: number): string =>
  `${path} has more than ${MAX_LINE_LENGTH / 1024 / 1024} MB without an end of line from line ${line} on. It has to be one JSON object a line, as Snowflake unloads it. jq -c '.[]' makes that of an array.`;

function readRow(text: string, number: number, line: number): ReadRow {
  const place = `line ${line}`;
  const cells = parseCells(text);
  if (cells) return { kind: "row", number, place, cells };
  return { kind: "unreadable", number, place, problem: "it is no JSON object", text };
}

function parseCells(text: string): Cells | undefined {
  try {
    const value: unknown = JSON.parse(text, findUnsafeNumber(text) === undefined ? undefined : exactly);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Cells) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what JSON.parse would round: an integer as BigInt, another number as its text. */
function exactly(_: string, value: Cell, { source }: { readonly source?: string } = {}): Cell {
  if (typeof value !== "number" || source === undefined || findUnsafeNumber(source) === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : source;
}
