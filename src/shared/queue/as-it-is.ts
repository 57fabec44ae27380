/** The part of a queue's producer binding that `sendUnchanged` uses. */
export type RawSender = {
  sendBatch(
    messages: Iterable<{ body: unknown; contentType: "json" | "text" | "bytes"; delaySeconds?: number }>,
  ): Promise<unknown>;
};

/**
 * Forwards a body that is not one of our messages, unchanged. It is sent alone and with its own content type: as JSON,
 * bytes would become `{}`, and escaped text could exceed the message limit.
 * @throws what the queue throws
 */
export async function sendUnchanged(queue: RawSender, body: unknown, delaySeconds?: number): Promise<void> {
  await queue.sendBatch([{ ...toRawMessage(body), ...(delaySeconds !== undefined && { delaySeconds }) }]);
}

function toRawMessage(body: unknown): { readonly body: unknown; readonly contentType: "json" | "text" | "bytes" } {
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { body, contentType: "bytes" };
  if (typeof body === "string") return { body, contentType: "text" };
  try {
    if (JSON.stringify(body) !== undefined) return { body, contentType: "json" };
  } catch {
    // Not serializable: it goes as text.
  }
  return { body: String(body), contentType: "text" };
}
