import { archiveDrill, type Loss } from "../local/archive-drill.ts";
import { readOptions } from "../local/options.ts";
import { restoreDrill } from "../local/restore-drill.ts";
import { type Stack, startStack } from "../local/stack.ts";

/** `npm run drill`: D1 is restored or lost on this machine, and comes back from what producers send again or the archive. */
const values = readOptions(
  `npm run drill -- [--from producers|archive]
Restores D1 of a local stack, or loses it, and brings it back from what producers send again, and from the archive.

  --from   producers: an earlier state, and everything since then pushed again; archive: the archive replayed, into
           nothing and into an earlier state. Both, unless it says which`,
  { from: { type: "string" } },
);
if (values.from !== undefined && values.from !== "producers" && values.from !== "archive") {
  console.error(`--from takes producers or archive, not ${values.from}.`);
  process.exit(2);
}

const isInOrder = (revisions: readonly number[]): boolean =>
  revisions.every((revision, i) => i === 0 || revision === (revisions[i - 1] as number) + 1);

const fromProducers = async (stack: Stack): Promise<boolean> => {
  const { wrongAfterRestore, wrongInTheEnd, letters, revisions } = await restoreDrill(stack, console.log);
  return wrongAfterRestore > 0 && wrongInTheEnd === 0 && letters.expected === letters.found && isInOrder(revisions);
};

const fromArchive = (loss: Loss) => async (stack: Stack) => {
  const { wrongAfterLoss, wrongInTheEnd, comparison, revisions } = await archiveDrill(stack, console.log, { loss });
  return wrongAfterLoss > 0 && wrongInTheEnd === 0 && comparison === 0 && isInOrder(revisions);
};

/** Each in a stack of its own. */
const DRILLS = [
  { from: "producers", name: "restored to an earlier state, and everything since is pushed again", run: fromProducers },
  { from: "archive", name: "lost, and rebuilt from the archive", run: fromArchive("empty") },
  {
    from: "archive",
    name: "restored to an earlier state, and the rest rebuilt from the archive",
    run: fromArchive("an earlier state"),
  },
];

for (const { from, name, run } of DRILLS) {
  if (values.from !== undefined && values.from !== from) continue;
  console.log(`\nD1 is ${name}`);
  const stack = await startStack();
  try {
    const isWell = await run(stack);
    console.log(
      isWell
        ? "The drill has gone well: D1 is what all events make it, and the subscriber got each revision once."
        : "The drill has failed: D1 is not what all events make it, or the subscriber missed a revision.",
    );
    if (!isWell) process.exitCode = 1;
  } finally {
    await stack.stop();
  }
}
