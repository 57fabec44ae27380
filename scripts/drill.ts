import { readOptions } from "../local/options.ts";
import { restoreDrill } from "../local/restore-drill.ts";
import { startStack } from "../local/stack.ts";

/** `npm run drill`: D1 is restored to an earlier state on this machine, and everything since then is pushed again. */
readOptions(
  "npm run drill\nRestores D1 of a local stack to an earlier state, pushes everything since then again, and compares.",
  {},
);
const stack = await startStack();
try {
  const { wrongAfterRestore, wrongInTheEnd, letters, revisions } = await restoreDrill(stack, console.log);
  const inOrder = revisions.every((revision, i) => i === 0 || revision === (revisions[i - 1] as number) + 1);
  const isWell = wrongAfterRestore > 0 && wrongInTheEnd === 0 && letters.expected === letters.found && inOrder;
  console.log(
    isWell
      ? "The drill has gone well: D1 is what all events make it, no letter is missing, and the subscriber got each revision once."
      : "The drill has failed: what was restored and pushed again is not what all events make it.",
  );
  process.exitCode = isWell ? 0 : 1;
} finally {
  await stack.stop();
}
