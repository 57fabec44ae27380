import { gunzipSync, inflateSync } from "node:zlib";
import { LIMITS } from "./limits.ts";
import { RequestError } from "./rest-proxy/errors.ts";

/**
 * Reads a request's body as UTF-8 text, inflated where it is compressed.
 * @throws RequestError 413, 415 or 400; nothing was accepted then
 */
export async function readBody(request: Request): Promise<string> {
  return textOf(inflated(await readBytes(request), request.headers.get("Content-Encoding")));
}

/** Where the length is told and fits, the runtime holds the client to it and reads faster than we do. */
async function readBytes(request: Request): Promise<Uint8Array> {
  const told = request.headers.get("Content-Length");
  return told !== null && /^\d+$/.test(told) && Number(told) <= LIMITS.bodyBytes
    ? new Uint8Array(await request.arrayBuffer())
    : readCounting(request);
}

async function readCounting(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.bodyBytes) throw tooLarge(`larger than ${LIMITS.bodyBytes} bytes`);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/**
 * zlib stops at the cap while it inflates. Counting what comes out of a DecompressionStream does not protect: it hands
 * out nothing until it has inflated far more.
 */
function inflated(bytes: Uint8Array, encoding: string | null): Uint8Array {
  const options = { maxOutputLength: LIMITS.inflatedBytes };
  try {
    switch ((encoding ?? "identity").trim().toLowerCase()) {
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
      throw tooLarge(`larger than ${LIMITS.inflatedBytes} bytes once it is inflated`);
    }
    throw new RequestError(400, `The request body is not ${encoding}, as Content-Encoding says. Nothing was accepted.`);
  }
  throw new RequestError(415, `Bodies encoded as ${encoding} are not read: send it plain, or as gzip or deflate.`);
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new RequestError(400, "The request body is not UTF-8. Nothing was accepted.");
  }
}

const tooLarge = (what: string): RequestError =>
  new RequestError(413, `The request body is ${what}. Nothing was accepted: send it in parts.`);
