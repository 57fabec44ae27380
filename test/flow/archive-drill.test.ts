import { expect, it } from "vitest";
import { archiveDrill } from "../../local/archive-drill.ts";
import { startStack } from "../../local/stack.ts";
import { TEST_CREDENTIALS } from "../support/rest-proxy.ts";

it.each(["empty", "an earlier state"] as const)(
  "D1 that was lost (%s) is what all events make it, once the archive was replayed while more of them arrived",
  async (loss) => {
    // Of its own: other files' devices must not be lost with it.
    const stack = await startStack({ secrets: TEST_CREDENTIALS });
    try {
      const { wrongAfterLoss, wrongInTheEnd, comparison, revisions } = await archiveDrill(stack, () => {}, {
        loss,
        seed: 7,
      });
      expect(wrongAfterLoss).toBeGreaterThan(10);
      expect(wrongInTheEnd).toBe(0);
      expect(comparison).toBe(0);
      expect(revisions.length).toBeGreaterThan(1);
      expect(revisions).toEqual(revisions.map((_, i) => (revisions[0] ?? 0) + i));
    } finally {
      await stack.stop();
    }
  },
  180_000,
);
