import { utf8Bytes } from "../json/bytes.ts";

/** Bytes that a value takes as JSON in UTF-8. */
export const jsonBytes = (value: unknown): number => utf8Bytes(JSON.stringify(value));

/** Cuts a list into runs that stay under both limits. An item that is over `maxBytes` by itself makes a run of one. */
export function packBySize<T>(
  items: readonly T[],
  limits: { maxBytes: number; maxItems: number },
  bytesOf: (item: T) => number = jsonBytes,
): T[][] {
  if (items.length === 1) return [[...items]];
  const runs: T[][] = [];
  let run: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item) + 1;
    if (run.length > 0 && (bytes + size > limits.maxBytes || run.length >= limits.maxItems)) {
      runs.push(run);
      run = [];
      bytes = 0;
    }
    run.push(item);
    bytes += size;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** What `sendBatch` takes at once: developers.cloudflare.com/queues/platform/limits */
const MAX_BATCH = { maxBytes: 240_000, maxItems: 100 };

/** What sending needs of a queue's producer binding. */
export type BatchSender<T> = {
  sendBatch(messages: Iterable<{ body: T; contentType: "json"; delaySeconds?: number }>): Promise<SendAnswer>;
};

/** What the queue says of itself when it has taken a batch. */
export type SendAnswer = { readonly metadata?: { readonly metrics?: QueueBacklog } } | undefined;
export type QueueBacklog = { readonly backlogCount: number; readonly backlogBytes: number };

export type Sent = {
  /** How many bodies, counted from the first, the queue has taken; fewer than all when a call failed. */
  readonly sent: number;
  readonly fault?: unknown;
  /** What the queue said last. */
  readonly backlog?: QueueBacklog | undefined;
};

/**
 * Sends bodies in as few calls as the platform allows. Oversize messages, more than 100 a call and too many bytes all
 * fail with one opaque error, so sizes are checked here.
 */
export async function sendAll<T>(queue: BatchSender<T>, bodies: readonly T[], delaySeconds?: number): Promise<Sent> {
  let sent = 0;
  let backlog: QueueBacklog | undefined;
  for (const run of packBySize(bodies, MAX_BATCH)) {
    const batch = run.map((body) => ({ body, contentType: "json" as const, ...(delaySeconds && { delaySeconds }) }));
    try {
      const answer = await queue.sendBatch(batch).catch(() => sendOnceMore(queue, batch));
      backlog = answer?.metadata?.metrics ?? backlog;
    } catch (fault) {
      return { sent, fault, backlog };
    }
    sent += run.length;
  }
  return { sent, backlog };
}

/** A hiccup of the queue is common and short. What it may have taken the first time is only there twice, which is harmless. */
async function sendOnceMore<T>(
  queue: BatchSender<T>,
  batch: Parameters<BatchSender<T>["sendBatch"]>[0],
): Promise<SendAnswer> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  return queue.sendBatch(batch);
}
