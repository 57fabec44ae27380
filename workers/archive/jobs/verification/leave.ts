import type { NotesLeft } from "../job-kind.ts";
import { NOTES } from "./shelves.ts";
import { PIECES, PIECES_A_STEP } from "./store.ts";

/** Entries that one call removes. Ours. */
const ENTRIES_A_CALL = 1_000;

/** Removes some of what a run has noted that was canceled. What it has found is masked, and stays. */
export function leaveNotes({ kv }: Pick<DurableObjectStorage, "kv">): NotesLeft {
  let removed = 0;
  for (const prefix of Object.values(NOTES)) {
    for (const [names, limit] of [
      [prefix, ENTRIES_A_CALL],
      [PIECES + prefix, PIECES_A_STEP],
    ] as const) {
      let count = 0;
      for (const [name] of kv.list({ prefix: names, limit })) {
        kv.delete(name);
        count += 1;
      }
      removed += count;
      if (count === limit) return { removed, isEmpty: false };
    }
  }
  return { removed, isEmpty: true };
}
