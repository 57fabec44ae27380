import type { Group, Run } from "../../../src/shared/desk/api.ts";
import type { Page } from "../../desk/client.ts";
import { type Desk, deskCommand } from "../../desk/command.ts";
import { backOf } from "../../desk/follow.ts";
import { cutTo, printable } from "../../desk/printable.ts";
import { barOf } from "../../desk/progress-line.ts";
import { stampOf } from "../../desk/times.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { groupColumns } from "./groups.ts";

const EVERY_MS = 2_000;
/** Between two lines where nothing can be redrawn. */
const QUIET_MS = 10_000;

type Seen = { readonly at: string; readonly groups: readonly Group[]; readonly runs: readonly Run[] };

export const watch = deskCommand({
  name: "watch",
  options: { once: { type: "boolean", description: "Once, for a script" } },
  run: async (desk, { once }) => {
    const { terminal, output, print, isJson } = desk;
    const redraws = terminal.isTty && !isJson && !once;
    const stopped = new AbortController();
    const off = terminal.onInterrupt(() => stopped.abort());
    try {
      while (!stopped.signal.aborted) {
        const seen = await look(desk).catch((error) => {
          // A deploy is no reason to stop looking.
          if (once || !(error instanceof ExitError) || error.code !== EXIT.fault) throw error;
          terminal.note(`${stampOf(new Date(terminal.now()).toISOString())} ${error.message}`);
          return undefined;
        });
        if (seen && redraws) output.redraw(page(desk, seen));
        else if (seen) print(seen, () => (once ? page(desk, seen) : [inShort(seen)]));
        if (once) return;
        await terminal.sleep(redraws || isJson ? EVERY_MS : QUIET_MS, stopped.signal);
      }
    } finally {
      off();
    }
  },
});

async function look({ client, terminal }: Desk): Promise<Seen> {
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

/** A screen of it: runs first, for they move. */
function page({ terminal, table }: Desk, { at, groups, runs }: Seen): string[] {
  const { width, height, paint } = terminal;
  const going = runs.map((run) => {
    const failed = run.progress.failed > 0 ? `${run.progress.failed} failed  ` : "";
    const line = `${barOf(backOf(run), run.progress.total, true)}${failed}${run.name ?? run.id}${run.why ? ` (${run.why})` : ""}`;
    return paint[run.state === "paused" ? "bad" : "going"](cutTo(printable(line), width));
  });
  const above = [paint.faint(`${stampOf(at)}  Ctrl-C ends it`), "", ...going, ...(going.length > 0 ? [""] : [])];
  const waiting = groups.length === 0 ? ["nothing waits"] : table(groups, groupColumns(Date.parse(at)));
  const room = Math.max(2, height - above.length - 2);
  const hidden = waiting.length - room;
  return [...above, ...waiting.slice(0, room), ...(hidden > 0 ? [paint.faint(`… and ${hidden} groups more`)] : [])];
}

/** A line of it, for a log. */
function inShort({ at, groups, runs }: Seen): string {
  const letters = groups.reduce((sum, { counts }) => sum + counts.open + counts.quarantined, 0);
  const going = runs.map((run) => `${run.name ?? run.id} ${run.state} ${backOf(run)}/${run.progress.total}`);
  return [`${stampOf(at)} ${letters} letters wait in ${groups.length} groups`, ...going].join("; ");
}
