import type { ArchivedRecord } from "./record.ts";

/** Records as gzip of one JSON text a line. Every text comes back exactly, also one that is not well-formed. */
export const encodeLines = (records: readonly ArchivedRecord[]): Promise<Uint8Array<ArrayBuffer>> =>
  encodeTexts(records.map((record) => JSON.stringify(record)));

/**
 * The records of what {@link encodeLines} wrote, one after the other: of a file that is larger than memory, only its
 * current piece is held.
 * @throws if it is not gzip, is cut off, or has a line that is not JSON
 */
export async function* decodeLines(body: ReadableStream<Uint8Array>): AsyncGenerator<ArchivedRecord, void> {
  for await (const text of decodeTexts(body)) yield JSON.parse(text) as ArchivedRecord;
}

/** @param texts without line breaks, as JSON is */
export async function encodeTexts(texts: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const zipped = new Blob(texts.map((text) => `${text}\n`)).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

/** The texts of what {@link encodeTexts} wrote. @throws if it is not gzip, or is cut off */
export async function* decodeTexts(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const unzip = new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  for await (const piece of body.pipeThrough(unzip)) {
    const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split("\n");
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest !== "") throw new SyntaxError("the file ends within a line");
}
