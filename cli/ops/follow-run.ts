import type { Run } from "#ops/api.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import { counted } from "../terminal/counted.ts";
import { Progress } from "../terminal/progress.ts";
import type { OpsContext } from "./ops-command.ts";

const POLL_MS = 1_000;

/** Polls that may fail in a row: a run outlasts a deploy or a lost connection. */
const MAX_FAILURES = 30;

/**
 * Polls a run every second, and shows its progress, until it ends or is paused. The run does not depend on being watched.
 * @returns the run, or `null` after Ctrl-C
 * @throws ExitError when the platform does not answer for {@link MAX_FAILURES} polls
 */
export async function followRun({ client, terminal, isJson }: OpsContext, started: Run): Promise<Run | null> {
  const progress = new Progress(isJson ? undefined : terminal.screen, terminal.now);
  const interrupted = new AbortController();
  const stopListening = terminal.onInterrupt(() => interrupted.abort());
  let run = started;
  try {
    for (let failures = 0; run.state === "running"; ) {
      progress.show(countCompleted(run), run.progress.total, run.why ?? `${run.progress.failed} failed`);
      await terminal.sleep(POLL_MS, interrupted.signal);
      if (interrupted.signal.aborted) break;
      try {
        run = await client.get<Run>(`/runs/${encodeURIComponent(started.id)}`);
        failures = 0;
      } catch (error) {
        if (!(error instanceof ExitError) || error.code !== EXIT.fault) throw error;
        if (++failures < MAX_FAILURES) continue;
        throw new ExitError(EXIT.fault, `${error.message}\n${stillRunning(run)}`);
      }
    }
    if (run.state !== "running") progress.show(countCompleted(run), run.progress.total, run.state);
  } finally {
    progress.end();
    stopListening();
  }
  if (!interrupted.signal.aborted || run.state !== "running") return run;
  terminal.note(stillRunning(run));
  return null;
}

/** How many letters of a run were sent and have an outcome. */
export const countCompleted = ({ progress: { total, waiting, inFlight } }: Run): number => total - waiting - inFlight;

const stillRunning = ({ id }: Run): string =>
  `Run ${id} continues. To watch it: concord dlq runs ${id} --wait. To pause it: concord dlq runs pause ${id}`;

/** @throws ExitError unless the run is done and no letter failed again */
export function requireSuccess({ id, state, why, progress }: Run): void {
  if (state === "done" && progress.failed === 0) return;
  if (state === "done")
    throw new ExitError(
      EXIT.failures,
      `${counted(progress.failed, "letter")} failed again; \`concord dlq groups\` shows why`,
    );
  const next =
    state === "paused"
      ? `See what failed with \`concord dlq groups\`; then \`concord dlq runs resume ${id}\` or \`concord dlq runs cancel ${id}\``
      : `${counted(progress.waiting, "letter")} not sent and still unresolved`;
  throw new ExitError(EXIT.failures, `run ${id} is ${state}${why ? `: ${why}` : ""}. ${next}`);
}
