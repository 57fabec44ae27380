import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline as streamPipeline, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { incompleteTail } from "#base/utf8.ts";
import { BackfillProblem } from "../problem.ts";

export type Bytes = {
  /** What the file holds, decompressed: UTF-8, without a byte-order mark. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Of the file itself, before it is decompressed. */
  readonly bytesRead: () => number;
  readonly close: () => void;
};

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** What Node's zlib has since 22.15. */
type SinceNode22 = { readonly createZstdDecompress?: () => Transform };

/** Opens a file of text. Whether it is compressed is seen by its first bytes, whatever its name is. */
export async function openBytes(path: string): Promise<Bytes> {
  const beginning = await firstBytes(path, 4);
  const source = createReadStream(path, { highWaterMark: 256 * 1024 });
  const decompress = decompressorFor(beginning, path);
  // Errors of the source reach the reader through the last stream.
  const stream = decompress ? streamPipeline(source, decompress, () => undefined) : source;
  return {
    chunks: utf8Only(stream as AsyncIterable<Buffer>, path),
    bytesRead: () => source.bytesRead,
    close: () => void source.destroy(),
  };
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
  return buffer.subarray(0, bytesRead);
}

function decompressorFor(beginning: Buffer, path: string): Transform | undefined {
  const begins = (magic: Buffer) => beginning.subarray(0, magic.length).equals(magic);
  if (begins(GZIP)) return zlib.createGunzip();
  if (!begins(ZSTD)) return undefined;
  const { createZstdDecompress } = zlib as SinceNode22;
  if (createZstdDecompress) return createZstdDecompress();
  throw new BackfillProblem(
    `${path} is compressed with zstd, which Node ${process.version} cannot read. Use Node 22.15 or newer, or unload with COMPRESSION = GZIP.`,
  );
}

/** Passes on what is UTF-8. @throws BackfillProblem at the first byte that is not, with its line */
async function* utf8Only(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  let lines = 0;
  try {
    for await (const chunk of chunks) {
      let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      if (isFirst && bytes.length < BOM.length) {
        rest = bytes;
        continue;
      }
      if (isFirst) bytes = withoutBom(bytes, path);
      isFirst = false;
      rest = bytes.subarray(bytes.length - incompleteTail(bytes));
      const whole = bytes.subarray(0, bytes.length - rest.length);
      if (!isUtf8(whole)) throw notUtf8(whole, lines, path);
      lines += countLines(whole);
      yield whole;
    }
  } catch (error) {
    throw brokenOff(error as Error, path);
  }
  const last = isFirst ? withoutBom(rest, path) : rest;
  if (!isUtf8(last)) throw notUtf8(last, lines, path);
  if (last.length > 0) yield last;
}

function withoutBom(bytes: Buffer, path: string): Buffer {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new BackfillProblem(`${path} is UTF-16, by its first two bytes. Nothing of it was read. ${asUtf8("UTF-16")}`);
  return bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes;
}

function notUtf8(bytes: Buffer, linesBefore: number, path: string): BackfillProblem {
  let [start, end] = [0, bytes.length];
  // The longest beginning that is UTF-8, up to the character that is cut there.
  while (start < end) {
    const middle = Math.ceil((start + end) / 2);
    const beginning = bytes.subarray(0, middle);
    if (isUtf8(beginning.subarray(0, middle - incompleteTail(beginning)))) start = middle;
    else end = middle - 1;
  }
  const at = start - incompleteTail(bytes.subarray(0, start));
  const line = linesBefore + countLines(bytes.subarray(0, at)) + 1;
  const byte = (bytes[at] as number).toString(16).toUpperCase();
  return new BackfillProblem(
    `${path} is not UTF-8: line ${line} has a byte ${byte}, as files in Latin-1 (ISO 8859-1, Windows-1252) do. ${asUtf8("LATIN1")}`,
  );
}

const asUtf8 = (encoding: string): string =>
  `Unload it as UTF-8, as Snowflake always does, or convert it: iconv -f ${encoding} -t UTF-8 in.csv > out.csv`;

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}

function brokenOff(error: Error, path: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (!code?.startsWith("Z_") && !code?.startsWith("ZSTD_") && code !== "ERR_STREAM_PREMATURE_CLOSE") return error;
  return new BackfillProblem(
    `${path} cannot be decompressed: ${error.message}. Its beginning was read. Download it again, and compare its size with the stage's.`,
  );
}
