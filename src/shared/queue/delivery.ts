import { backoffSeconds } from "./backoff.ts";

/** A message of a queue; `attempts` counts its deliveries, this one too. */
export type Delivery = { readonly body: unknown; readonly attempts: number };

/** What the queue is to do with a message. */
export type Verdict = { readonly kind: "ack" } | { readonly kind: "retry"; readonly delaySeconds: number };

/**
 * A message is acknowledged once all it held was taken; else it comes back, after longer each time.
 * @param random from 0 up to, not including, 1
 */
export const verdictOf = (isTaken: boolean, { attempts }: Delivery, random: () => number): Verdict =>
  isTaken ? { kind: "ack" } : { kind: "retry", delaySeconds: backoffSeconds(attempts, random()) };

/** What is used of a message of the platform. */
type Answerable = { ack(): void; retry(options?: { delaySeconds?: number }): void };

/**
 * Tells the queue what to do with each message of a batch. One without a verdict comes back: the platform acknowledges
 * what a handler says nothing of, and it would be lost.
 * @param verdicts one a message, in order
 */
export function answerBatch(messages: readonly Answerable[], verdicts: readonly Verdict[]): void {
  for (const [i, message] of messages.entries()) {
    const verdict = verdicts[i];
    switch (verdict?.kind) {
      case "ack":
        message.ack();
        break;
      case "retry":
        message.retry({ delaySeconds: verdict.delaySeconds });
        break;
      default:
        verdict satisfies undefined;
        message.retry();
    }
  }
}
