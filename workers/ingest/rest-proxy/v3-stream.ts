import { discard } from "#base/body.ts";
import { withTimeout } from "#base/deadline.ts";
import { ObjectSplitter } from "#json/split.ts";
import { LIMITS } from "#queue/limits.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Receipt } from "../accept.ts";
import { type Charset, type ChunkDecoder, UTF8 } from "../charset.ts";
import { RequestError } from "../errors.ts";
import { readRecord, refusalReceipt, TOO_LARGE, toV3Receipt, type V3Receipt, type V3Record } from "./v3.ts";

export type StreamDeps = {
  readonly topic: string;
  readonly clusterId: string;
  /** UTF-8 if it is left out. */
  readonly charset?: Charset;
  /** Hands records to the queue and says what became of each. */
  readonly take: (records: readonly V3Record[]) => Promise<readonly Receipt[]>;
  readonly now: () => number;
  readonly streamMs?: number;
  /** For a compressed body, which may expand to more records than its size suggests. */
  readonly maxRecords?: number;
};

/** Base64 is a third longer than its bytes, and a record has other members beside its value. */
const MAX_OBJECT_LENGTH = LIMITS.recordBytes * 1.5;

/**
 * Answers a stream of records with a stream of receipts, in order. Each is sent as soon as the queue has its record, while
 * the request may still be open. Records that arrive together go to the queue together.
 * @throws RequestError 422 if there is no body. After that the status has been sent, and every problem is a receipt
 */
export async function streamReceipts(
  body: ReadableStream<Uint8Array> | null,
  deps: StreamDeps,
): Promise<{ readonly receipts: ReadableStream<Uint8Array>; readonly done: Promise<void> }> {
  const reader = body?.getReader();
  const first = await reader?.read();
  if (!reader || !first?.value)
    throw new RequestError(42206, "Payload error. Request body is empty. Data is required.");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  return { receipts: readable, done: pump(new Pieces(reader, first.value), writable.getWriter(), deps) };
}

type Piece = ReadableStreamReadResult<Uint8Array>;

/** A body's pieces. `next` is the same promise until `shift` is called, so that a caller may give up waiting and ask again. */
class Pieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #next: Promise<Piece>;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, first: Uint8Array) {
    this.#reader = reader;
    this.#next = Promise.resolve({ done: false, value: first });
  }

  get next(): Promise<Piece> {
    return this.#next;
  }

  /** Moves on to the piece after `next`. */
  shift(): void {
    this.#next = this.#reader.read();
    // A rejection reaches whoever awaits `next`; without this it would also count as unhandled.
    this.#next.catch(() => undefined);
  }

  /** The next piece, after which `next` is the one behind it. */
  async take(): Promise<Piece> {
    const piece = await this.#next;
    if (!piece.done) this.shift();
    return piece;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }
}

async function pump(pieces: Pieces, writer: WritableStreamDefaultWriter<Uint8Array>, deps: StreamDeps): Promise<void> {
  const write = (receipts: readonly V3Receipt[]) =>
    writer.write(encoder.encode(receipts.map((receipt) => `${JSON.stringify(receipt)}\r\n`).join("")));
  try {
    const last = await answerChunks(gatherChunks(pieces, deps), deps, write);
    if (last) {
      await write([last]);
      await discard(() => pieces.take());
    }
    await writer.close();
  } catch (thrown) {
    // The client disconnected. Records with a receipt are in the queue; it will send the others again.
    log("warn", "ingest.stream_broken", describeFault(thrown));
    await writer.abort(thrown).catch(() => undefined);
  } finally {
    await pieces.cancel();
  }
}

const encoder = new TextEncoder();

type Chunk = { readonly kind: "text"; readonly text: string } | { readonly kind: "broken"; readonly last: V3Receipt };

/**
 * How long a piece waits for the next ones. The queue bills by message, and a body arrives in pieces of about 4 KB, which
 * would otherwise become a message each. Our choices, this and the next.
 */
const GATHER_MS = 5;
const MAX_GATHERED_LENGTH = 128 * 1024;

/** The request's text as it arrives, gathered for a moment, until it ends or was open for too long. */
async function* gatherChunks(
  pieces: Pieces,
  { now, charset = UTF8, streamMs = LIMITS.streamMs }: StreamDeps,
): AsyncGenerator<Chunk> {
  const decoder = charset.decoder();
  const endsAtMs = now() + streamMs;
  for (;;) {
    const gathered = await withTimeout(endsAtMs - now(), gather(pieces, decoder));
    if (gathered === "too late") return yield { kind: "broken", last: OPEN_TOO_LONG };
    const { text, end } = gathered;
    yield { kind: "text", text };
    if (end) return;
  }
}

type Gathered = { readonly text: string; readonly end?: true };

/** The text of the next piece, and of what arrives in a moment behind it. */
async function gather(pieces: Pieces, decoder: ChunkDecoder): Promise<Gathered> {
  let text = "";
  for (let moment = Number.POSITIVE_INFINITY; text.length < MAX_GATHERED_LENGTH; ) {
    const piece = Number.isFinite(moment) ? await withTimeout(moment - Date.now(), pieces.next) : await pieces.next;
    if (piece === "too late") break;
    if (piece.done) return { text: text + decoder.end(), end: true };
    text += decoder.push(piece.value);
    pieces.shift();
    moment = Math.min(moment, Date.now() + GATHER_MS);
  }
  return { text };
}

/** Answers every record of every chunk. @returns the receipt that ends the stream, where something ends it early */
async function answerChunks(
  chunks: AsyncIterable<Chunk>,
  deps: StreamDeps,
  write: (receipts: readonly V3Receipt[]) => Promise<void>,
): Promise<V3Receipt | undefined> {
  const splitter = new ObjectSplitter(MAX_OBJECT_LENGTH);
  const { maxRecords = Number.POSITIVE_INFINITY } = deps;
  let answered = 0;
  let unreadable = 0;
  for await (const chunk of chunks) {
    if (chunk.kind === "broken") return chunk.last;
    const { objects, broken } = splitter.push(chunk.text);
    let ends: V3Record["ends"];
    const isTooMany = answered + objects.length > maxRecords;
    const taken = isTooMany ? objects.slice(0, maxRecords - answered) : objects;
    for (let at = 0; at < taken.length && !ends; at += LIMITS.streamedRecords) {
      const records = taken.slice(at, at + LIMITS.streamedRecords).map((text) => readRecord(deps.topic, text));
      const last = records.findIndex((record) => record.ends);
      ends = records[last]?.ends;
      const readable = ends ? records.slice(0, last) : records;
      if (readable.length === 0) continue;
      const receipts = await deps.take(readable);
      const where = { topic: deps.topic, clusterId: deps.clusterId, nowMs: deps.now() };
      await write(
        readable.map((record, i) => toV3Receipt(record, receipts[i] as Receipt, { ...where, index: answered + i })),
      );
      answered += readable.length;
      unreadable += readable.filter(({ entry }) => entry.kind === "refused").length;
      if (unreadable > LIMITS.unreadableRecords) return UNREADABLE;
    }
    if (isTooMany && !ends) return TOO_MANY;
    if (ends === "not_json") return NOT_OBJECTS;
    if (ends === "too_large" || broken === "too_large") return refusalReceipt(TOO_LARGE);
    if (broken) return NOT_OBJECTS;
  }
  return splitter.isInside ? CUT_SHORT : undefined;
}

const NOT_OBJECTS = refusalReceipt({
  code: 400,
  message:
    "Bad Request: Error processing message: a record is a JSON object. Nothing behind the last receipt was accepted.",
});
const UNREADABLE = refusalReceipt({
  code: 400,
  message: `Bad Request: more than ${LIMITS.unreadableRecords} records of this stream could not be read. Nothing behind the last receipt was accepted.`,
});
const TOO_MANY = refusalReceipt({
  code: 413,
  message: `A compressed request may carry ${LIMITS.records} records; this one has more. Nothing behind the last receipt was accepted: send the rest in parts.`,
});
const CUT_SHORT = refusalReceipt({
  code: 400,
  message: "Bad Request: Error processing message: the request ended inside a record, which was not accepted.",
});
const OPEN_TOO_LONG = refusalReceipt({
  code: 408,
  message: "Streaming connection open for longer than allowed: Connection will be closed.",
});
