import type { Run } from "#ops/api.ts";
import { UsageError } from "../../command/usage-error.ts";
import { followRun, requireSuccess } from "../../ops/follow-run.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { SELECTION, selectionOf } from "../../ops/selection.ts";
import { confirm, requireAnswer } from "../../terminal/confirm.ts";
import { counted } from "../../terminal/counted.ts";
import { createPlan, FORCE, nothingToSend, planLines } from "./plan.ts";
import { summaryOf } from "./runs.ts";

export const replay = opsCommand({
  details:
    "A few letters, the canary, are sent first; the others follow when those have succeeded. The run pauses by\n" +
    "itself when too many fail. Ctrl-C stops watching; the run continues.",
  options: {
    ...SELECTION,
    ...FORCE,
    name: { value: "name", summary: "Name of the run, which tells other operators what it is for" },
    rate: { value: "count", summary: "Letters sent per second, 1 to 500 (default 50)" },
    canary: { value: "count", summary: "Letters sent first, 0 to 1000 (default 10)" },
    "max-failure-percent": {
      value: "percent",
      summary: "Share of failures above which the run pauses, 0 to 100 (default 20)",
    },
    yes: { summary: "Start the run without asking" },
    detach: { summary: "Start the run and return at once" },
  },
  examples: [
    'concord dlq replay --group 5a88 --name "modes are in the contract"',
    'concord dlq replay --reason fault --name "fixed in 1.4" --rate 5 --canary 1 --yes',
  ],
  run: async (context, { force, name, yes, detach, rate, canary, "max-failure-percent": maxFailure, ...given }) => {
    // Everything that can be wrong with the call is checked before the plan is made.
    if (!name?.trim()) throw new UsageError('--name is required: --name "modes are in the contract"');
    selectionOf(given);
    const settings = {
      name,
      ...numberSetting("rate", rate, [1, 500]),
      ...numberSetting("canary", canary, [0, 1_000]),
      ...numberSetting("maxFailurePercent", maxFailure, [0, 100]),
    };
    requireAnswer(context.terminal, yes, "`concord dlq plan` and the same options");

    const run = await createPlan(context, given, force === true);
    if (run.progress.total === 0) {
      context.print(run, () => planLines(context, run));
      throw nothingToSend();
    }
    if (!context.isJson || !yes) for (const line of planLines(context, run)) context.terminal.note(line);
    if (!yes && !(await confirm(context.terminal, `Replay ${counted(run.progress.total, "letter")}?`)))
      return context.terminal.note("no letter was sent");

    const started = await context.client.post<Run>(`/runs/${encodeURIComponent(run.id)}/start`, {
      hash: run.hash,
      ...settings,
    });
    if (detach) return context.print(started, () => [`run ${started.id} is ${started.state}`]);
    const ended = await followRun(context, started);
    if (!ended) return;
    context.print(ended, () => [summaryOf(ended)]);
    requireSuccess(ended);
  },
});

/** A setting as the operations API names it. Without a value it is left out, and the API's default applies. */
function numberSetting(name: string, text: string | undefined, [min, max]: readonly [number, number]) {
  if (text === undefined) return {};
  const number = Number(text);
  const isAllowed = Number.isInteger(number) || name === "maxFailurePercent";
  if (text.trim() === "" || !isAllowed || !(number >= min && number <= max)) {
    const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const kind = name === "maxFailurePercent" ? "number" : "whole number";
    throw new UsageError(`--${option} has to be a ${kind} from ${min} to ${max}, not ${text}`);
  }
  return { [name]: number };
}
