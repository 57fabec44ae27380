import { backoffSeconds } from "./backoff.ts";

/** A message from a queue; `attempts` counts its deliveries, including this one. */
export type DeliveredMessage = { readonly body: unknown; readonly attempts: number };

/** Whether the queue should acknowledge a message or deliver it again. */
export type Disposition = { readonly kind: "ack" } | { readonly kind: "retry"; readonly delaySeconds: number };

/**
 * Acknowledges a message if all of its contents are safe; otherwise it is retried, with backoff.
 * @param random from 0 up to, not including, 1
 */
export const toDisposition = (isTaken: boolean, { attempts }: DeliveredMessage, random: () => number): Disposition =>
  isTaken ? { kind: "ack" } : { kind: "retry", delaySeconds: backoffSeconds(attempts, random()) };

/** The part of the platform's message that we use. */
type QueueMessage = { ack(): void; retry(options?: { delaySeconds?: number }): void };

/**
 * Acknowledges or retries each message of a batch. A message without a disposition is retried: the platform acknowledges
 * messages that a handler ignores, and it would be lost.
 * @param dispositions one for each message, in order
 */
export function settleBatch(messages: readonly QueueMessage[], dispositions: readonly Disposition[]): void {
  for (const [i, message] of messages.entries()) {
    const disposition = dispositions[i];
    switch (disposition?.kind) {
      case "ack":
        message.ack();
        break;
      case "retry":
        message.retry({ delaySeconds: disposition.delaySeconds });
        break;
      default:
        disposition satisfies undefined;
        message.retry();
    }
  }
}
