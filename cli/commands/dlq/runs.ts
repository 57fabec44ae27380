import type { Run } from "#ops/api.ts";
import { UsageError } from "../../command/usage-error.ts";
import { countCompleted, followRun, requireSuccess } from "../../ops/follow-run.ts";
import { printList } from "../../ops/list.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { PAGING, sortOf } from "../../ops/selection.ts";
import { toneOf } from "../../terminal/paint.ts";
import type { Column } from "../../terminal/table.ts";
import { formatAge, formatTime } from "../../terminal/times.ts";
import { planLines } from "./plan.ts";

const ACTIONS = ["pause", "resume", "cancel"] as const;
const isAction = (word: string): boolean => (ACTIONS as readonly string[]).includes(word);

export const runs = opsCommand({
  details:
    "Without arguments it lists runs, newest first. With the id of a run it shows that run. A paused run sends\n" +
    "nothing until it is resumed; a canceled one sends nothing more.",
  arguments: {
    action: { summary: "pause, resume or cancel; or the id of the run to show", optional: true, offer: ACTIONS },
    id: { summary: "Id of the run to pause, resume or cancel", optional: true },
  },
  options: {
    pause: { summary: "Pause the run, as in `concord dlq runs <id> --pause`" },
    resume: { summary: "Resume the run, as in `concord dlq runs <id> --resume`" },
    cancel: { summary: "Cancel the run, as in `concord dlq runs <id> --cancel`" },
    wait: { summary: "Show the progress of the run until it ends or is paused" },
    ...sortOf("runs"),
    ...PAGING,
  },
  examples: ["concord dlq runs", "concord dlq runs pause 7f21", "concord dlq runs 7f21 --wait"],
  run: async (context, { action: one = "", id: two = "", wait, first, all, sort, ...flags }) => {
    if (two !== "" && !isAction(one)) throw new UsageError(`the action has to be pause, resume or cancel, not ${one}`);
    const actions = [...ACTIONS.filter((action) => flags[action]), ...(isAction(one) ? [one] : [])];
    const id = isAction(one) ? two : one;
    if (actions.length > 1) throw new UsageError("give one action: pause, resume or cancel");
    if (id === "" && (actions.length > 0 || wait))
      throw new UsageError("the id of the run is missing; `concord dlq runs` lists them");
    if (id === "") {
      return printList<"runs", Run>(context, {
        path: "/runs",
        name: "runs",
        query: { sort },
        first,
        all,
        columns: runColumns(context.nowMs),
        nothing: "there are no runs yet",
      });
    }
    if (first !== undefined || all || sort !== undefined)
      throw new UsageError("--first, --all and --sort go with the list of runs, not with one run");
    const path = `/runs/${encodeURIComponent(id)}`;
    const [action] = actions;
    const run = action ? await context.client.post<Run>(`${path}/${action}`) : await context.client.get<Run>(path);
    const last = wait ? await followRun(context, run) : run;
    if (!last) return;
    context.print(last, () => [...planLines(context, last), summaryOf(last)]);
    if (wait) requireSuccess(last);
  },
});

const runColumns = (nowMs: number): Column<Run>[] => [
  { title: "RUN", value: ({ id }) => id },
  { title: "STATE", value: ({ state }) => state, tone: ({ state }) => toneOf(state) },
  { title: "STARTED", value: ({ startedAt }) => formatTime(startedAt), dropOrder: 1 },
  { title: "AGE", value: ({ startedAt }) => formatAge(startedAt, nowMs), align: "right", tone: () => "faint" },
  { title: "COMPLETED", value: (run) => `${countCompleted(run)}/${run.progress.total}`, align: "right" },
  { title: "FAILED", value: ({ progress }) => progress.failed, align: "right", dropOrder: 3 },
  { title: "ACTOR", value: ({ actor }) => actor, maxWidth: 24, minWidth: 8, dropOrder: 2 },
  { title: "NAME", value: ({ name, why }) => `${name ?? "–"}${why ? ` (${why})` : ""}` },
];

export function summaryOf({ id, state, why, progress }: Run): string {
  const { applied, unchanged, duplicate, superseded, failed, skipped, waiting } = progress;
  const counts = `${applied} applied, ${unchanged} unchanged, ${duplicate} duplicate, ${superseded} superseded, ${failed} failed, ${skipped} skipped, ${waiting} not sent`;
  return `run ${id} is ${state}${why ? ` (${why})` : ""}: ${counts}`;
}
