import { LIMITS } from "#queue/limits.ts";
import type { Receipt } from "./accept.ts";
import { isPlain, readBody } from "./body.ts";
import {
  acceptEntries,
  acceptStreamed,
  type Boundary,
  countHeaders,
  isReadWhole,
  isTrue,
  readParts,
  readText,
  requireGrant,
  requireNoSignature,
  toCountHeaders,
} from "./boundary.ts";
import { charsetOf } from "./charset.ts";
import { RequestError } from "./errors.ts";
import { parseMediaType, unsupported } from "./media-type.ts";
import { negotiateType, parseFormat } from "./rest-proxy/media-types.ts";
import { produceResponse, readProduce, requireTopic } from "./rest-proxy/v2.ts";
import { batchAnswer, readBatch, toV3Receipt, type V3Record } from "./rest-proxy/v3.ts";
import { streamReceipts } from "./rest-proxy/v3-stream.ts";
import { entriesOfSink, requireSinkType, SinkTally } from "./sinks.ts";

/** `POST /topics/{topic}`: 200 if the request was accepted; the body has the result of each record. */
export async function produceV2(c: Boundary, topic: string, partition?: number): Promise<Response> {
  requireTopic(topic);
  const answerType = negotiateType(c.req.header("Accept"));
  const format = parseFormat(c.req.header("Content-Type"));
  requireGrant(c, topic);
  const produce = readProduce(topic, await readText(c), format, partition);
  const receipts = await acceptEntries(c, produce.entries);
  if (isTrue(c.req.query("async"))) return new Response(null, { status: 204, headers: countHeaders(receipts) });
  const headers = { "Content-Type": answerType, ...countHeaders(receipts) };
  return answer(200, produceResponse(produce, receipts, Date.now()), headers);
}

type V3Path = { readonly clusterId: string; readonly topic: string; readonly operation: string };

/** `POST /v3/clusters/{cluster}/topics/{topic}/records` and `…/records:batch`. */
export async function produceV3(c: Boundary, { clusterId, topic, operation }: V3Path): Promise<Response> {
  if (operation !== "records" && operation !== "records:batch") throw new RequestError(404, "HTTP 404 Not Found");
  requireTopic(topic);
  const contentType = c.req.header("Content-Type");
  if (parseMediaType(contentType) !== "application/json") throw unsupported(contentType, "application/json");
  requireGrant(c, topic);
  return operation === "records" ? streamV3(c, topic, clusterId) : batchV3(c, topic, clusterId);
}

/** Responds with 200 as soon as the stream is open, and then sends one receipt per record while the request may continue. */
async function streamV3(c: Boundary, topic: string, clusterId: string): Promise<Response> {
  requireNoSignature(c);
  const charset = charsetOf(c.req.header("Content-Type"));
  const mustInflate = !isPlain(c.req.raw.headers);
  const body = mustInflate ? inPieces(await readBody(c.req.raw)) : c.req.raw.body;
  const { receipts, done } = await streamReceipts(body, {
    topic,
    clusterId,
    charset,
    now: Date.now,
    ...(mustInflate && { maxRecords: LIMITS.records }),
    take: (records) =>
      acceptStreamed(
        c,
        records.map(({ entry }) => entry),
      ),
  });
  c.executionCtx.waitUntil(done);
  return new Response(receipts, { headers: { "Content-Type": "application/json" } });
}

/** A decompressed body is read in pieces of so many bytes, as if it came over the wire. */
const PIECE_BYTES = 64 * 1024;

function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, at + PIECE_BYTES));
      at += PIECE_BYTES;
    },
  });
}

async function batchV3(c: Boundary, topic: string, clusterId: string): Promise<Response> {
  const batch = readBatch(topic, await readText(c));
  const receipts = await acceptEntries(
    c,
    batch.map(({ record }) => record.entry),
  );
  const where = { topic, clusterId, nowMs: Date.now() };
  const v3Receipts = batch.map(({ record }, index) =>
    toV3Receipt(record as V3Record, receipts[index] as Receipt, { ...where, index }),
  );
  return answer(
    207,
    batchAnswer(
      batch.map(({ id }) => id),
      v3Receipts,
    ),
    {
      "Content-Type": "application/json",
      ...countHeaders(receipts),
    },
  );
}

/** Longest Idempotency-Key that is accepted. */
const MAX_IDEMPOTENCY_KEY = 255;

/**
 * `POST /ingest/{topic}`, for sinks that do not speak the REST Proxy's protocol. An Idempotency-Key is only returned:
 * every record is idempotent by its event id, so a request can be retried safely with or without one.
 */
export async function produceToSink(c: Boundary, topic: string): Promise<Response> {
  requireTopic(topic);
  requireSinkType(c.req.header("Content-Type"));
  requireGrant(c, topic);
  const idempotencyKey = c.req.header("Idempotency-Key");
  if ((idempotencyKey?.length ?? 0) > MAX_IDEMPOTENCY_KEY) {
    throw new RequestError(
      400,
      `An Idempotency-Key has at most ${MAX_IDEMPOTENCY_KEY} characters. Nothing was accepted.`,
    );
  }
  const tally = new SinkTally();
  const request = { topic, headers: c.req.raw.headers, ...(isReadWhole(c) && { maxRecords: LIMITS.records }) };
  for await (const entries of entriesOfSink(request, readParts(c))) {
    tally.add(await acceptEntries(c, entries, tally.taken));
  }
  // Sinks go by the status alone, and sending again what was taken does no harm: so all of it comes again.
  const result = tally.toAnswer();
  return answer(tally.isWhole ? 200 : 503, result, {
    ...(!tally.isWhole && { "Retry-After": "2" }),
    "Content-Type": "application/json",
    ...toCountHeaders(result),
    ...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }),
  });
}

const answer = (status: number, body: unknown, headers: Record<string, string>): Response =>
  new Response(JSON.stringify(body), { status, headers });
