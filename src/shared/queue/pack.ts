import { packBySize } from "#json/pack.ts";

/** The limits of one `sendBatch`: developers.cloudflare.com/queues/platform/limits */
const MAX_BATCH = { maxBytes: 240_000, maxItems: 100 };

/** The part of a queue's producer binding that `sendAll` uses. */
export type BatchSender<T> = {
  sendBatch(messages: Iterable<{ body: T; contentType: "json"; delaySeconds?: number }>): Promise<SendResponse>;
};

/** The queue's response to a batch, with its backlog. */
export type SendResponse = { readonly metadata?: { readonly metrics?: QueueBacklog } } | undefined;
export type QueueBacklog = { readonly backlogCount: number; readonly backlogBytes: number };

export type Sent = {
  /** How many of the bodies, from the first, the queue has taken; fewer than all if a call failed. */
  readonly sent: number;
  readonly fault?: unknown;
  /** As of the last call. */
  readonly backlog?: QueueBacklog | undefined;
};

/**
 * Sends bodies in as few calls as the platform allows. It stops at the first call that fails, also on its retry. Sizes
 * are checked here, because the platform has one opaque error for too many messages, too many bytes and oversize messages.
 */
export async function sendAll<T>(queue: BatchSender<T>, bodies: readonly T[], delaySeconds?: number): Promise<Sent> {
  let sent = 0;
  let backlog: QueueBacklog | undefined;
  for (const run of packBySize(bodies, MAX_BATCH)) {
    const batch = run.map((body) => ({ body, contentType: "json" as const, ...(delaySeconds && { delaySeconds }) }));
    try {
      const answer = await queue.sendBatch(batch).catch(() => retrySend(queue, batch));
      backlog = answer?.metadata?.metrics ?? backlog;
    } catch (fault) {
      return { sent, fault, backlog };
    }
    sent += run.length;
  }
  return { sent, backlog };
}

/** Most failures of the queue are short. If it took the batch all the same, its messages are there twice, which is harmless. */
async function retrySend<T>(
  queue: BatchSender<T>,
  batch: Parameters<BatchSender<T>["sendBatch"]>[0],
): Promise<SendResponse> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  return queue.sendBatch(batch);
}
