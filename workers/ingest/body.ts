import { gunzipSync, inflateSync } from "node:zlib";
import { readAtMost } from "../../src/shared/http/body.ts";
import { RequestError } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/**
 * Reads a request's body as UTF-8 text, inflated where it is compressed.
 * @throws RequestError 413, 415 or 400; nothing was accepted then
 */
export async function readBody(request: Request): Promise<string> {
  return textOf(inflated(await readBytes(request), request.headers.get("Content-Encoding")));
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const bytes = await readAtMost(request, LIMITS.bodyBytes);
  if (!bytes) throw tooLarge(`larger than ${LIMITS.bodyBytes} bytes`);
  return bytes;
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
