/**
 * Reads a body of at most so many bytes, and no further: where its length is told and fits, the runtime holds the client
 * to it and reads faster than we do; else it is counted as it comes.
 * @returns `undefined` for a longer one
 */
export async function readAtMost(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const told = request.headers.get("Content-Length");
  if (told !== null && /^\d+$/.test(told)) {
    return Number(told) <= maxBytes ? new Uint8Array(await request.arrayBuffer()) : undefined;
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
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
