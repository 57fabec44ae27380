import type { Group, Run } from "#ops/api.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import type { Page } from "../../ops/client.ts";
import { countCompleted } from "../../ops/follow-run.ts";
import { type OpsContext, opsCommand } from "../../ops/ops-command.ts";
import { counted } from "../../terminal/counted.ts";
import { printable, truncate } from "../../terminal/printable.ts";
import { progressBar } from "../../terminal/progress.ts";
import { formatTime } from "../../terminal/times.ts";
import { groupColumns } from "./groups.ts";

const REDRAW_MS = 2_000;
/** Time between two lines in a file or a pipe. */
const LINE_MS = 10_000;

type Activity = { readonly at: string; readonly groups: readonly Group[]; readonly runs: readonly Run[] };

export const watch = opsCommand({
  details: "On a terminal the screen is redrawn until Ctrl-C. In a file or a pipe a line is added every ten seconds.",
  options: { once: { summary: "Print once and return" } },
  examples: ["concord dlq watch", "concord dlq watch --once --json"],
  run: async (context, { once }) => {
    const { terminal, output, print, isJson } = context;
    const redraws = terminal.isTty && !isJson && !once;
    const stopped = new AbortController();
    const stopListening = terminal.onInterrupt(() => stopped.abort());
    try {
      while (!stopped.signal.aborted) {
        const seen = await fetchActivity(context).catch((error) => {
          // The platform may be away for a moment, as during a deploy.
          if (once || !(error instanceof ExitError) || error.code !== EXIT.fault) throw error;
          terminal.note(`${formatTime(new Date(terminal.now()).toISOString())} ${error.message}`);
          return undefined;
        });
        if (seen && redraws) output.redraw(screen(context, seen, "  Ctrl-C to stop"));
        else if (seen) print(seen, () => (once ? screen(context, seen) : [summaryLine(seen)]));
        if (once) return;
        await terminal.sleep(redraws || isJson ? REDRAW_MS : LINE_MS, stopped.signal);
      }
    } finally {
      stopListening();
    }
  },
});

async function fetchActivity({ client, terminal }: OpsContext): Promise<Activity> {
  const [{ groups }, { runs }] = await Promise.all([
    client.get<Page<"groups", Group>>("/groups", { first: "50" }),
    client.get<Page<"runs", Run>>("/runs", { first: "25" }),
  ]);
  return {
    at: new Date(terminal.now()).toISOString(),
    groups: groups.filter(({ state }) => state !== "resolved"),
    runs: runs.filter(({ state }) => state === "running" || state === "paused"),
  };
}

/** Fills a screen: runs first, since they change most. */
function screen({ terminal, table }: OpsContext, { at, groups, runs }: Activity, hint = ""): string[] {
  const { width, height, paint } = terminal;
  const active = runs.map((run) => {
    const failed = run.progress.failed > 0 ? `${run.progress.failed} failed  ` : "";
    const line = `${progressBar(countCompleted(run), run.progress.total, true)}${failed}${run.name ?? run.id}${run.why ? ` (${run.why})` : ""}`;
    return paint(run.state === "paused" ? "bad" : "active", truncate(printable(line), width));
  });
  const above = [paint("faint", `${formatTime(at)}${hint}`), "", ...active, ...(active.length > 0 ? [""] : [])];
  const unresolved = groups.length === 0 ? ["no unresolved groups"] : table(groups, groupColumns(Date.parse(at)));
  const room = Math.max(2, height - above.length - 2);
  const hidden = unresolved.length - room;
  return [
    ...above,
    ...unresolved.slice(0, room),
    ...(hidden > 0 ? [paint("faint", `… and ${counted(hidden, "more group")}`)] : []),
  ];
}

/** One line, for a log. */
function summaryLine({ at, groups, runs }: Activity): string {
  const letters = groups.reduce((sum, { counts }) => sum + counts.open + counts.quarantined, 0);
  const active = runs.map((run) => `${run.name ?? run.id} ${run.state} ${countCompleted(run)}/${run.progress.total}`);
  return [
    `${formatTime(at)} ${counted(letters, "letter")} unresolved in ${counted(groups.length, "group")}`,
    ...active,
  ].join("; ");
}
