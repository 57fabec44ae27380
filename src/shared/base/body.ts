import { joinBytes } from "./bytes.ts";
import { withTimeout } from "./deadline.ts";

/**
 * Reads a body of at most `maxBytes`, and stops there. With a Content-Length the runtime enforces the length and reads
 * faster than we could; without one the bytes are counted as they arrive.
 * @returns `undefined` if the body is longer
 */
export async function readAtMost(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const length = request.headers.get("Content-Length");
  if (length !== null && /^\d+$/.test(length)) {
    return Number(length) <= maxBytes ? new Uint8Array(await request.arrayBuffer()) : undefined;
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}

/** A body's chunks. Whoever stops early leaves the rest of it to {@link discard}. */
export const chunksOf = (request: Request): AsyncIterable<Uint8Array> | Iterable<Uint8Array> =>
  request.body?.values({ preventCancel: true }) ?? [];

/** How much of a body is discarded: more than any platform plan lets us have. */
const MAX_DISCARDED_BYTES = 512 * 1024 * 1024;

/** After this silence the client is taken to have stopped sending. */
const IDLE_MS = 1_000;
const MAX_DISCARDING_MS = 5_000;

/**
 * Reads and discards what is left of a body, for a while: if a connection is closed while the client still sends, TCP
 * resets it, and the client loses the answer. Never throws.
 * @param next the next chunk; called again once it was had
 */
export async function discard(next: () => Promise<ReadableStreamReadResult<Uint8Array>>): Promise<void> {
  const endsAtMs = Date.now() + MAX_DISCARDING_MS;
  for (let bytes = 0; bytes < MAX_DISCARDED_BYTES; ) {
    const chunk = await withTimeout(Math.min(IDLE_MS, endsAtMs - Date.now()), next()).catch(() => "too late" as const);
    if (chunk === "too late" || chunk.done) return;
    bytes += chunk.value.byteLength;
  }
}

/** {@link discard}s what nobody has read of a request that is refused. One that somebody still reads is left alone. */
export async function discardBody({ body }: Request): Promise<void> {
  if (!body || body.locked) return;
  const reader = body.getReader();
  await discard(() => reader.read());
  // Not awaited: the end of what a client never sends may not come.
  reader.cancel().catch(() => undefined);
}
