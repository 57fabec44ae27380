import type { Receipt } from "./accept.ts";
import {
  type Boundary,
  countHeaders,
  isSet,
  readText,
  requireAllowed,
  requireNoSignature,
  take,
  takeStreamed,
} from "./boundary.ts";
import { RequestError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { mediaTypeOf, unsupported } from "./media-type.ts";
import { answerTypeOf, formatOf } from "./rest-proxy/media-types.ts";
import { produceResponse, readProduce, requireTopic } from "./rest-proxy/v2.ts";
import { batchAnswer, readBatch, receiptOf, type V3Record } from "./rest-proxy/v3.ts";
import { streamReceipts } from "./rest-proxy/v3-stream.ts";
import { readSinkBody, requireSinkType, sinkAnswer } from "./sinks.ts";

/** `POST /topics/{topic}`: accepted is 200, and what happened to each record stands in the body. */
export async function produceV2(c: Boundary, topic: string, partition?: number): Promise<Response> {
  requireTopic(topic);
  const answerType = answerTypeOf(c.req.header("Accept"));
  const format = formatOf(c.req.header("Content-Type"));
  requireAllowed(c, topic);
  const produce = readProduce(topic, await readText(c), format, partition);
  const receipts = await take(c, produce.entries);
  if (isSet(c.req.query("async"))) return new Response(null, { status: 204, headers: countHeaders(receipts) });
  const headers = { "Content-Type": answerType, ...countHeaders(receipts) };
  return answer(200, produceResponse(produce, receipts, Date.now()), headers);
}

type V3Path = { readonly clusterId: string; readonly topic: string; readonly operation: string };

/** `POST /v3/clusters/{cluster}/topics/{topic}/records` and `…/records:batch`. */
export async function produceV3(c: Boundary, { clusterId, topic, operation }: V3Path): Promise<Response> {
  if (operation !== "records" && operation !== "records:batch") throw new RequestError(404, "HTTP 404 Not Found");
  requireTopic(topic);
  const contentType = c.req.header("Content-Type");
  if (mediaTypeOf(contentType) !== "application/json") throw unsupported(contentType, "application/json");
  requireAllowed(c, topic);
  return operation === "records" ? streamV3(c, topic, clusterId) : batchV3(c, topic, clusterId);
}

/** 200 as soon as the stream is open; one receipt a record behind that, while the request may still be going on. */
async function streamV3(c: Boundary, topic: string, clusterId: string): Promise<Response> {
  requireNoSignature(c);
  const isPlain = (c.req.header("Content-Encoding") ?? "identity").toLowerCase() === "identity";
  const body = isPlain ? c.req.raw.body : inPieces(await readText(c));
  const { receipts, done } = await streamReceipts(body, {
    topic,
    clusterId,
    now: Date.now,
    ...(!isPlain && { maxRecords: LIMITS.records }),
    take: (records) =>
      takeStreamed(
        c,
        records.map(({ entry }) => entry),
      ),
  });
  c.executionCtx.waitUntil(done);
  return new Response(receipts, { headers: { "Content-Type": "application/json" } });
}

/** So much of an inflated body is read at a time, as if it had come over the wire. */
const PIECE_LENGTH = 64 * 1024;

/** A text as a stream of which the next piece is made when it is read. */
function inPieces(text: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= text.length) return controller.close();
      const end = at + PIECE_LENGTH;
      // Not between the two halves of a character.
      const isWhole = !/[\ud800-\udbff]/.test(text[end - 1] ?? "");
      controller.enqueue(encoder.encode(text.slice(at, isWhole ? end : end + 1)));
      at = isWhole ? end : end + 1;
    },
  });
}

async function batchV3(c: Boundary, topic: string, clusterId: string): Promise<Response> {
  const batch = readBatch(topic, await readText(c));
  const receipts = await take(
    c,
    batch.map(({ record }) => record.entry),
  );
  const where = { topic, clusterId, nowMs: Date.now() };
  const told = batch.map(({ record }, index) =>
    receiptOf(record as V3Record, receipts[index] as Receipt, { ...where, index }),
  );
  return answer(
    207,
    batchAnswer(
      batch.map(({ id }) => id),
      told,
    ),
    {
      "Content-Type": "application/json",
      ...countHeaders(receipts),
    },
  );
}

/** Longest Idempotency-Key that is told back. */
const MAX_IDEMPOTENCY_KEY = 255;

/**
 * `POST /ingest/{topic}`, for sinks that cannot speak the REST Proxy's language. An Idempotency-Key is told back and no
 * more: every record is idempotent by its own event id, so a repeated request does no harm with or without one.
 */
export async function produceToSink(c: Boundary, topic: string): Promise<Response> {
  requireTopic(topic);
  requireSinkType(c.req.header("Content-Type"));
  requireAllowed(c, topic);
  const idempotencyKey = c.req.header("Idempotency-Key");
  if ((idempotencyKey?.length ?? 0) > MAX_IDEMPOTENCY_KEY) {
    throw new RequestError(
      400,
      `An Idempotency-Key has at most ${MAX_IDEMPOTENCY_KEY} characters. Nothing was accepted.`,
    );
  }
  const receipts = await take(c, readSinkBody(topic, await readText(c), c.req.raw.headers));
  // Sinks go by the status alone, and sending again what was taken does no harm: so all of it comes again.
  const isWhole = receipts.every(({ kind }) => kind !== "refused");
  return answer(isWhole ? 200 : 503, sinkAnswer(receipts), {
    ...(!isWhole && { "Retry-After": "2" }),
    "Content-Type": "application/json",
    ...countHeaders(receipts),
    ...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }),
  });
}

const answer = (status: number, body: unknown, headers: Record<string, string>): Response =>
  new Response(JSON.stringify(body), { status, headers });
