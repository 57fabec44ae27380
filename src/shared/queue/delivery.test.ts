import { expect, it } from "vitest";
import { settleBatch, toDisposition } from "./delivery.ts";

function messages(count: number) {
  const answers: unknown[] = Array(count).fill("no word");
  const all = answers.map((_, i) => ({
    ack: () => answers.splice(i, 1, "ack"),
    retry: (options?: { delaySeconds?: number }) => answers.splice(i, 1, ["retry", options?.delaySeconds]),
  }));
  return { all, answers };
}

it("each message of a batch is acknowledged or retried by its disposition, and retried without one", () => {
  const { all, answers } = messages(4);
  settleBatch(all, [{ kind: "retry", delaySeconds: 7 }, { kind: "ack" }]);
  expect(answers).toEqual([["retry", 7], "ack", ["retry", undefined], ["retry", undefined]]);
});

it("a message that was not taken is retried after a longer delay each time", () => {
  const delay = (attempts: number) => toDisposition(false, { body: null, attempts }, () => 0.5);
  expect(toDisposition(true, { body: null, attempts: 3 }, () => 0.5)).toEqual({ kind: "ack" });
  expect([1, 2, 3].map(delay)).toEqual([2, 3, 6].map((delaySeconds) => ({ kind: "retry", delaySeconds })));
});
