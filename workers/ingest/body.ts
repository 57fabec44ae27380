/** Largest request body. Ours; a request of 5,000 records of 800 bytes fits. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

export type Body =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: "too_large" | "not_utf8" };

/** Reads a body as UTF-8 text, counting while it reads: Content-Length can be absent or wrong. */
export async function readBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return { ok: false, reason: "too_large" };
    chunks.push(chunk);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
    const parts = chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
    return { ok: true, text: parts.join("") + decoder.decode() };
  } catch {
    return { ok: false, reason: "not_utf8" };
  }
}
