import type { Run } from "../../../src/shared/desk/api.ts";
import { deskCommand } from "../../desk/command.ts";
import { agreed, refuseUnasked } from "../../desk/confirm.ts";
import { follow, throwUnlessWell } from "../../desk/follow.ts";
import { SELECTION, selectionOf } from "../../desk/selection.ts";
import { UsageError } from "../../usage-error.ts";
import { FORCE, nothingToSend, planLines, planned } from "./plan.ts";
import { summaryOf } from "./runs.ts";

export const replay = deskCommand({
  name: "replay",
  options: {
    ...SELECTION,
    ...FORCE,
    name: { type: "string", description: "What this run is, for whoever finds it" },
    rate: { type: "string", description: "Letters a second, 1 to 500 (50)" },
    canary: { type: "string", description: "Letters that go first, and have to come back, 0 to 1000 (10)" },
    "max-failure-percent": { type: "string", description: "Of those that come back; above it the run pauses (20)" },
    yes: { type: "boolean", description: "Starts without asking" },
    detach: { type: "boolean", description: "Starts, and does not wait" },
  },
  run: async (desk, { force, name, yes, detach, rate, canary, "max-failure-percent": most, ...given }) => {
    // All that can be wrong with the call is said before anything is planned.
    if (!name?.trim()) throw new UsageError('say what this run is: --name "modes are known now"');
    selectionOf(given);
    const order = {
      name,
      ...numberOf("rate", rate, [1, 500]),
      ...numberOf("canary", canary, [0, 1_000]),
      ...numberOf("maxFailurePercent", most, [0, 100]),
    };
    refuseUnasked(desk.terminal, yes, "`dlq plan` with the same options");

    const run = await planned(desk, given, force === true);
    if (run.progress.total === 0) {
      desk.print(run, () => planLines(desk, run));
      throw nothingToSend();
    }
    if (!desk.isJson || !yes) for (const line of planLines(desk, run)) desk.terminal.note(line);
    if (!yes && !(await agreed(desk.terminal, `Replay ${run.progress.total} letters?`)))
      return desk.terminal.note("nothing was sent");

    const started = await desk.client.post<Run>(`/runs/${encodeURIComponent(run.id)}/start`, {
      hash: run.hash,
      ...order,
    });
    if (detach) return desk.print(started, () => [`run ${started.id} is ${started.state}`]);
    const ended = await follow(desk, started);
    if (!ended) return;
    desk.print(ended, () => [summaryOf(ended)]);
    throwUnlessWell(ended);
  },
});

/** Left out where it was not said: the desk has its own. */
function numberOf(name: string, text: string | undefined, [least, most]: readonly [number, number]) {
  if (text === undefined) return {};
  const number = Number(text);
  const isWhole = Number.isInteger(number) || name === "maxFailurePercent";
  if (text.trim() === "" || !isWhole || !(number >= least && number <= most)) {
    const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${option} has to be a number from ${least} to ${most}, not ${text}`);
  }
  return { [name]: number };
}
