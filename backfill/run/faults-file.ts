import { type FileHandle, open, stat, truncate } from "node:fs/promises";
import type { Fault } from "../mapping/fault.ts";
import type { ReadRow } from "../read/row.ts";

/** A bad event of a row, as it is written to the file of faults, for those who correct the source. */
export type FaultLine = {
  readonly table: string;
  readonly file: string;
  readonly place: string;
  readonly topic: string;
  readonly reason: Fault["reason"];
  readonly message: string;
  readonly row: unknown;
};

export const faultLine = (
  { table, file, topic }: Pick<FaultLine, "table" | "file" | "topic">,
  row: ReadRow,
  { reason, message }: Fault,
): FaultLine => {
  const content = row.kind === "row" ? row.cells : { text: row.text };
  return { table, file, place: row.place, topic, reason, message, row: content };
};

/** NDJSON with a line for each bad event. It holds whole rows: only its owner may read it. */
export class FaultsFile {
  readonly #path: string;
  #bytes: number;
  #file: FileHandle | undefined;

  private constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** @param bytes how much of it is of rows that are done; the rest is cut off, since those rows come again */
  static async open(path: string, bytes: number): Promise<FaultsFile> {
    const size = (await stat(path).catch(() => undefined))?.size ?? 0;
    if (size > bytes) await truncate(path, bytes);
    return new FaultsFile(path, Math.min(size, bytes));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when they are on disk. The file is made with the first. */
  async append(faults: readonly FaultLine[]): Promise<void> {
    if (faults.length === 0) return;
    this.#file ??= await open(this.#path, "a", 0o600);
    const text = faults.map((fault) => `${JSON.stringify(fault, bigintAsText)}\n`).join("");
    await this.#file.appendFile(text);
    await this.#file.sync();
    this.#bytes += Buffer.byteLength(text);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

const bigintAsText = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
