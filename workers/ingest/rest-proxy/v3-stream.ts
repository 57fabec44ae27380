import { before } from "../../../src/shared/deadline.ts";
import { ObjectSplitter } from "../../../src/shared/json/split.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import type { Receipt } from "../accept.ts";
import { RequestError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { readRecord, receiptOf, refusalReceipt, TOO_LARGE, type V3Receipt, type V3Record } from "./v3.ts";

export type StreamDeps = {
  readonly topic: string;
  readonly clusterId: string;
  /** Hands records to the queue and says what became of each. */
  readonly take: (records: readonly V3Record[]) => Promise<readonly Receipt[]>;
  readonly now: () => number;
  readonly streamMs?: number;
  /** For a body that is there whole, and may unfold to more records than bytes came over the wire. */
  readonly maxRecords?: number;
};

/** Text of a JSON object in base64 is a third longer than its bytes, and has some members around it. */
const MAX_OBJECT_LENGTH = LIMITS.recordBytes * 1.5;

/**
 * Answers a stream of records with a stream of receipts, in order, each as soon as the queue has its record: the client
 * need not end its request to read them. What arrives together goes to the queue together.
 * @throws RequestError 422 when there is no body at all; behind that the status is sent, and all else is a receipt
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

/** A body's pieces as they are read. The next one may be awaited and given up on, and is there for who asks again. */
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

  /** The next one was taken. */
  shift(): void {
    this.#next = this.#reader.read();
    // It fails for whoever awaits it, and for nobody else.
    this.#next.catch(() => undefined);
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }
}

async function pump(pieces: Pieces, writer: WritableStreamDefaultWriter<Uint8Array>, deps: StreamDeps): Promise<void> {
  const write = (receipts: readonly V3Receipt[]) =>
    writer.write(encoder.encode(receipts.map((receipt) => `${JSON.stringify(receipt)}\r\n`).join("")));
  try {
    const last = await answerChunks(chunksOf(pieces, deps), deps, write);
    if (last) {
      await write([last]);
      await drain(pieces);
    }
    await writer.close();
  } catch (thrown) {
    // The client is gone. What it was told stands; what it was not told it will send again.
    log("warn", "ingest.stream_broken", faultOf(thrown));
    await writer.abort(thrown).catch(() => undefined);
  } finally {
    await pieces.cancel();
  }
}

/** How much of a request is read and thrown away, so that its client gets to read why it ended. */
const MAX_DRAIN_BYTES = 32 * 1024 * 1024;

/** A client that is silent for so long is not sending. */
const DRAIN_IDLE_MS = 250;

/** A connection that is closed while the client still sends is reset, and the client never sees the answer. */
async function drain(pieces: Pieces): Promise<void> {
  const endsAtMs = Date.now() + 5_000;
  for (let bytes = 0; bytes < MAX_DRAIN_BYTES; ) {
    const piece = await before(Math.min(DRAIN_IDLE_MS, endsAtMs - Date.now()), pieces.next);
    if (piece === "too late" || piece.done) return;
    bytes += piece.value.byteLength;
    pieces.shift();
  }
}

const encoder = new TextEncoder();

type Chunk = { readonly kind: "text"; readonly text: string } | { readonly kind: "broken"; readonly last: V3Receipt };

/**
 * How long what has arrived waits for what arrives behind it. A body is read in pieces of some 4 KB, and each that went
 * to the queue by itself would be a message, which is what the queue bills. Ours, with the next one.
 */
const GATHER_MS = 5;
const MAX_GATHERED_LENGTH = 128 * 1024;

/** The request's text as it arrives, gathered for a moment, until it ends or was open for too long. */
async function* chunksOf(pieces: Pieces, { now, streamMs = LIMITS.streamMs }: StreamDeps): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const endsAtMs = now() + streamMs;
  for (;;) {
    const gathered = await before(endsAtMs - now(), gather(pieces, decoder));
    if (gathered === "too late") return yield { kind: "broken", last: OPEN_TOO_LONG };
    const { text, end } = gathered;
    yield { kind: "text", text };
    if (end === "not_utf8") yield { kind: "broken", last: NOT_UTF8 };
    if (end) return;
  }
}

type Gathered = { readonly text: string; readonly end?: "whole" | "not_utf8" };

/** The text of the next piece, and of what arrives in a moment behind it. */
async function gather(pieces: Pieces, decoder: TextDecoder): Promise<Gathered> {
  let text = "";
  for (let moment = Number.POSITIVE_INFINITY; text.length < MAX_GATHERED_LENGTH; ) {
    const piece = Number.isFinite(moment) ? await before(moment - Date.now(), pieces.next) : await pieces.next;
    if (piece === "too late") break;
    const more = decode(decoder, piece.value);
    if (more === undefined) return { text, end: "not_utf8" };
    text += more;
    if (piece.done) return { text, end: "whole" };
    pieces.shift();
    moment = Math.min(moment, Date.now() + GATHER_MS);
  }
  return { text };
}

/** @param bytes the next ones, or none at the end, where no character may be half there */
function decode(decoder: TextDecoder, bytes?: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined });
  } catch {
    return undefined;
  }
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
        readable.map((record, i) => receiptOf(record, receipts[i] as Receipt, { ...where, index: answered + i })),
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

const NOT_UTF8 = refusalReceipt({ code: 400, message: "Bad Request: the request is not UTF-8." });
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
