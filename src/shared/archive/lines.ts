import type { ArchivedRecord } from "./record.ts";

/** Records as gzip of one JSON text a line. Every text comes back exactly, also one that is not well-formed. */
export async function encodeLines(records: readonly ArchivedRecord[]): Promise<Uint8Array> {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

/**
 * The records of what {@link encodeLines} wrote, one after the other: of a file that is larger than memory, only its
 * current piece is held.
 * @throws if it is not gzip, is cut off, or has a line that is not JSON
 */
export async function* decodeLines(body: ReadableStream<Uint8Array>): AsyncGenerator<ArchivedRecord, void> {
  const unzip = new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  for await (const piece of body.pipeThrough(unzip)) {
    const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split("\n");
    rest = lines.pop() as string;
    for (const line of lines) yield JSON.parse(line) as ArchivedRecord;
  }
  if (rest !== "") throw new SyntaxError("the file ends within a line");
}
