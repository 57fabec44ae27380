import { gunzipSync, inflateSync } from "node:zlib";
import { chunksOf, readAtMost } from "#base/body.ts";
import { joinBytes } from "#base/bytes.ts";
import { LIMITS } from "#queue/limits.ts";
import type { Charset } from "./charset.ts";
import { RequestError } from "./errors.ts";

/**
 * The bytes of a body, decompressed if it is compressed.
 * @throws RequestError 413, 415 or 400; nothing was accepted then
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  return inflate(await readBytes(request), encodingOf(request.headers));
}

const encodingOf = (headers: Headers): string => (headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();

/** Whether a body is not compressed. */
export const isPlain = (headers: Headers): boolean => encodingOf(headers) === "identity";

/**
 * The text of an uncompressed body, in parts of about `LIMITS.partBytes`, up to `LIMITS.sinkBytes`.
 * @throws RequestError 413 at the part that exceeds the limit; earlier parts may have been accepted by then
 */
export async function* bodyParts(request: Request, charset: Charset): AsyncGenerator<string> {
  const contentLength = Number(request.headers.get("Content-Length") ?? 0);
  if (contentLength > LIMITS.sinkBytes) throw tooLarge(`larger than ${LIMITS.sinkBytes} bytes`);
  const decoder = charset.decoder();
  let chunks: Uint8Array[] = [];
  let [bytes, pending] = [0, 0];
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.sinkBytes) throw tooLargeToEnd();
    chunks.push(chunk);
    pending += chunk.byteLength;
    if (pending < LIMITS.partBytes) continue;
    yield decoder.push(joinBytes(chunks));
    [chunks, pending] = [[], 0];
  }
  yield decoder.push(joinBytes(chunks)) + decoder.end();
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const bytes = await readAtMost(request, LIMITS.bodyBytes);
  if (!bytes) throw tooLarge(`larger than ${LIMITS.bodyBytes} bytes`);
  return bytes;
}

/**
 * Decompresses with zlib, which stops as soon as the limit is reached. A DecompressionStream would not: it returns no
 * output before it has decompressed far more than the limit.
 */
function inflate(bytes: Uint8Array, encoding: string): Uint8Array {
  const options = { maxOutputLength: LIMITS.inflatedBytes };
  try {
    switch (encoding) {
      case "identity":
        return bytes;
      case "gzip":
      case "x-gzip":
        return gunzipSync(bytes, options);
      case "deflate":
        return inflateSync(bytes, options);
    }
  } catch (thrown) {
    if ((thrown as { code?: string }).code === "ERR_BUFFER_TOO_LARGE" || thrown instanceof RangeError) {
      throw tooLarge(`larger than ${LIMITS.inflatedBytes} bytes once it is decompressed`);
    }
    throw new RequestError(400, `The request body is not ${encoding}, as Content-Encoding says. Nothing was accepted.`);
  }
  throw new RequestError(415, `Bodies encoded as ${encoding} are not read: send it plain, or as gzip or deflate.`);
}

const tooLarge = (what: string): RequestError =>
  new RequestError(413, `The request body is ${what}. Nothing was accepted: send it in parts.`);

const tooLargeToEnd = (): RequestError =>
  new RequestError(
    413,
    `The request body is larger than ${LIMITS.sinkBytes} bytes. Records before that may have been accepted, and do no harm if they are sent again: send it in parts.`,
  );
