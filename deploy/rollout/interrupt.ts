/** What a rollout does when it is interrupted. */
export const PUTS_BACK = "this call ends, then what was changed is put back";
/** What a rollback does: half of it would be two releases. */
export const GOES_ON = "a rollback goes on to its end, or two releases would serve";

/**
 * Ctrl-C, or the end of a CI job, as a signal; the call that is under way ends. A second one ends the process at once.
 * @param what happens then, for whoever interrupts
 */
export function interruptible(say: (line: string) => void, what: string): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      say(`\nInterrupted: ${what}. Once more ends at once, and leaves it.`);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Resolves after this time, or when the signal aborts. */
export function sleepUntil(signal: AbortSignal): (ms: number) => Promise<void> {
  return (ms) =>
    new Promise((resolve) => {
      if (signal.aborted || ms === 0) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
    });
}
