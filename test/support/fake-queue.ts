/** A queue that keeps what it is handed, and refuses on demand. */
export class FakeQueue<T> {
  readonly messages: { body: T; delaySeconds: number | undefined }[] = [];
  /** How many more calls succeed before every call fails. */
  callsLeft = Number.POSITIVE_INFINITY;

  async sendBatch(batch: Iterable<{ body: T; delaySeconds?: number }>): Promise<never> {
    if (this.callsLeft-- <= 0) throw new Error("Queue sendBatch failed: Internal Server Error");
    for (const { body, delaySeconds } of batch) {
      // What crosses a queue is JSON: a body that does not survive it must not survive here either.
      this.messages.push({ body: JSON.parse(JSON.stringify(body)), delaySeconds });
    }
    return undefined as never;
  }

  get bodies(): T[] {
    return this.messages.map(({ body }) => body);
  }

  /** Hands out everything once. */
  drain(): T[] {
    return this.messages.splice(0).map(({ body }) => body);
  }
}
