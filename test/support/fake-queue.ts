/** developers.cloudflare.com/queues/platform/limits */
const MAX_MESSAGE_BYTES = 128_000;

const bytesIn = ({ body, contentType = "json" }: { body: unknown; contentType?: string }): number =>
  contentType === "bytes"
    ? (body as ArrayBuffer).byteLength
    : new TextEncoder().encode(contentType === "text" ? (body as string) : JSON.stringify(body)).byteLength;

/** A queue that stores what it is sent, and refuses on demand. */
export class FakeQueue<T> {
  readonly messages: { body: T; delaySeconds: number | undefined }[] = [];
  /** How many more calls succeed before every call fails. */
  callsLeft = Number.POSITIVE_INFINITY;

  async sendBatch(batch: Iterable<{ body: unknown; contentType?: string; delaySeconds?: number }>): Promise<never> {
    if (this.callsLeft-- <= 0) throw new Error("Queue sendBatch failed: Internal Server Error");
    const messages = [...batch];
    if (messages.some((message) => bytesIn(message) > MAX_MESSAGE_BYTES))
      throw new Error("Queue sendBatch failed: 15000");
    for (const { body, contentType = "json", delaySeconds } of messages) {
      // A JSON message arrives as its JSON, so what JSON cannot hold must not arrive here either.
      const crossed = contentType === "json" ? JSON.parse(JSON.stringify(body)) : structuredClone(body);
      this.messages.push({ body: crossed as T, delaySeconds });
    }
    return undefined as never;
  }

  get bodies(): T[] {
    return this.messages.map(({ body }) => body);
  }

  /** Takes out all messages, each once. */
  drain(): T[] {
    return this.messages.splice(0).map(({ body }) => body);
  }
}
