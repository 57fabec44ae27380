/**
 * Ctrl-C, or the end of a CI job, as a signal: the call that is under way ends, and then the run stops as after a failure.
 * A second one ends the process at once.
 */
export function interruptible(say: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      say("\nInterrupted: this call ends, then what was changed is put back. Once more ends at once, and leaves it.");
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
