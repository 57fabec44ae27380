import { expect, it } from "vitest";
import { restoreDrill } from "../../local/restore-drill.ts";
import { startStack } from "../../local/stack.ts";
import { TEST_CREDENTIALS } from "../support/rest-proxy.ts";

it("D1 restored to an earlier state is what all events make it, once everything since then is pushed again", async () => {
  // Of its own: other files' devices must not be restored with it.
  const stack = await startStack({ secrets: TEST_CREDENTIALS });
  try {
    const { wrongAfterRestore, wrongInTheEnd, letters, revisions } = await restoreDrill(stack, () => {}, 7);
    expect(wrongAfterRestore).toBeGreaterThan(10);
    expect(wrongInTheEnd).toBe(0);
    expect(letters.found).toBe(letters.expected);
    expect(letters.expected).toBeGreaterThan(0);
    expect(revisions.length).toBeGreaterThan(5);
    expect(revisions).toEqual(revisions.map((_, i) => (revisions[0] ?? 0) + i));
  } finally {
    await stack.stop();
  }
});
