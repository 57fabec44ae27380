import { setFlagsFromString } from "node:v8";

/**
 * Makes V8 collect what is no longer used soon, in place of letting the heap grow while there is memory. What the bridge
 * keeps is small and bounded (`bufferBytes`), and what it throws away is much: a backlog fills
 * several times as much memory without this as is in use. It costs CPU time, of which the boundary takes more for a record;
 * `npm run bench -- bridge` measures both. All three count from the next collection on; a limit for the new space, as `--max-semi-space-size`, counts only at the start.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--optimize-for-size");
  // New objects may take 2 MB before they are looked at, and not 64 after a while.
  setFlagsFromString("--semi-space-growth-factor=1");
  // The old ones are looked at again when there are a tenth more of them.
  setFlagsFromString("--heap-growing-percent=10");
}
