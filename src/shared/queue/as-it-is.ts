/** What sending a body as it came needs of a queue's producer binding. */
export type RawSender = {
  sendBatch(
    messages: Iterable<{ body: unknown; contentType: "json" | "text" | "bytes"; delaySeconds?: number }>,
  ): Promise<unknown>;
};

/**
 * Sends a body that is no message of ours on, whatever it is, so that whoever reads it finds what was there. Each goes
 * alone and in its own form: as JSON, bytes would be `{}`, and text would outgrow a message by its escapes.
 * @throws what the queue throws
 */
export async function sendAsItIs(queue: RawSender, body: unknown, delaySeconds?: number): Promise<void> {
  await queue.sendBatch([{ ...formOf(body), ...(delaySeconds !== undefined && { delaySeconds }) }]);
}

function formOf(body: unknown): { readonly body: unknown; readonly contentType: "json" | "text" | "bytes" } {
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { body, contentType: "bytes" };
  if (typeof body === "string") return { body, contentType: "text" };
  try {
    if (JSON.stringify(body) !== undefined) return { body, contentType: "json" };
  } catch {
    // What JSON cannot say, the queue cannot either.
  }
  return { body: String(body), contentType: "text" };
}
