import { backoffSeconds } from "./backoff.ts";

/** A message of a queue; `attempts` counts its deliveries, this one too. */
export type Delivery = { readonly body: unknown; readonly attempts: number };

/** What the queue is to do with a message. */
export type Disposition = { readonly kind: "ack" } | { readonly kind: "retry"; readonly delaySeconds: number };

/**
 * A message is acknowledged once all it held was taken; else it comes back, after longer each time.
 * @param random from 0 up to, not including, 1
 */
export const dispositionOf = (isTaken: boolean, { attempts }: Delivery, random: () => number): Disposition =>
  isTaken ? { kind: "ack" } : { kind: "retry", delaySeconds: backoffSeconds(attempts, random()) };

/** What is used of a message of the platform. */
type Answerable = { ack(): void; retry(options?: { delaySeconds?: number }): void };

/**
 * Tells the queue what to do with each message of a batch. One without a disposition comes back: the platform acknowledges
 * what a handler says nothing of, and it would be lost.
 * @param dispositions one a message, in order
 */
export function answerBatch(messages: readonly Answerable[], dispositions: readonly Disposition[]): void {
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
