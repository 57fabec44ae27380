import type { Run } from "../../src/shared/desk/api.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import type { Desk } from "./command.ts";
import { ProgressLine } from "./progress-line.ts";

const EVERY_MS = 1_000;

/** A run lasts for longer than a deploy or a Wi-Fi does not answer. */
const MAX_FAILURES = 30;

/**
 * Looks every second until a run ends or stands. It goes on by itself, whatever becomes of who looks.
 * @returns the run, or `null` when somebody pressed Ctrl-C
 */
export async function follow({ client, terminal, isJson }: Desk, begun: Run): Promise<Run | null> {
  const line = new ProgressLine(isJson ? undefined : terminal.screen, terminal.now);
  const looking = new AbortController();
  const off = terminal.onInterrupt(() => looking.abort());
  let run = begun;
  try {
    for (let failures = 0; run.state === "running"; ) {
      line.show(backOf(run), run.progress.total, run.why ?? `${run.progress.failed} failed`);
      await terminal.sleep(EVERY_MS, looking.signal);
      if (looking.signal.aborted) break;
      try {
        run = await client.get<Run>(`/runs/${encodeURIComponent(begun.id)}`);
        failures = 0;
      } catch (error) {
        if (!(error instanceof ExitError) || error.code !== EXIT.fault) throw error;
        if (++failures < MAX_FAILURES) continue;
        throw new ExitError(EXIT.fault, `${error.message}\n${goesOn(run)}`);
      }
    }
    if (run.state !== "running") line.show(backOf(run), run.progress.total, run.state);
  } finally {
    line.end();
    off();
  }
  if (!looking.signal.aborted || run.state !== "running") return run;
  terminal.note(goesOn(run));
  return null;
}

export const backOf = ({ progress: { total, waiting, inFlight } }: Run): number => total - waiting - inFlight;

const goesOn = ({ id }: Run): string =>
  `Run ${id} goes on. To look again: concord dlq runs ${id} --wait. To pause it: concord dlq runs pause ${id}`;

/** Says with which code a run ends that somebody waited for. */
export function throwUnlessWell({ id, state, why, progress }: Run): void {
  if (state === "done" && progress.failed === 0) return;
  if (state === "done")
    throw new ExitError(EXIT.failures, `${progress.failed} letters have failed again, and wait: concord dlq groups`);
  const todo =
    state === "paused"
      ? `Look at what failed with \`concord dlq groups\`; then \`runs resume ${id}\`, or \`runs cancel ${id}\``
      : `${progress.waiting} letters were not sent, and wait as before`;
  throw new ExitError(EXIT.failures, `run ${id} is ${state}${why ? `: ${why}` : ""}. ${todo}`);
}
