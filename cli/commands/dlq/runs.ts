import { createInterface } from "node:readline/promises";
import type { Run } from "../../../src/shared/desk/api.ts";
import { agoOf, type Column, columnsOf } from "../../desk/columns.ts";
import { type Desk, deskCommand, SELECTION, selectionOf } from "../../desk/command.ts";
import { ProgressLine } from "../../desk/progress-line.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";

const FORCE = {
  force: { type: "boolean", description: "Also what would fail again, and what has failed too often" },
} as const;

export const plan = deskCommand({
  name: "plan",
  description: "Says what a replay would do, and does nothing",
  options: { ...SELECTION, ...FORCE },
  run: async (desk, { force, ...given }) => {
    const run = await planned(desk, selectionOf(given), force === true);
    desk.print(run, () => [...planLines(run), `run ${run.id}, good for an hour`]);
    if (run.progress.total === 0) throw nothing();
  },
});

export const replay = deskCommand({
  name: "replay",
  description: "Plans, asks, replays at a pace, and shows how far it is; Ctrl-C stops looking, not the run",
  options: {
    ...SELECTION,
    ...FORCE,
    name: { type: "string", description: "What this run is, for whoever finds it" },
    rate: { type: "string", description: "Letters a second, 1 to 500 (50)" },
    canary: { type: "string", description: "Letters that go first, and have to come back (10)" },
    "max-failure-percent": { type: "string", description: "Of those that come back; above it the run pauses (20)" },
    yes: { type: "boolean", description: "Starts without asking" },
    detach: { type: "boolean", description: "Starts, and does not wait" },
  },
  run: async (desk, { force, name, yes, detach, rate, canary, "max-failure-percent": most, ...given }) => {
    if (!name) throw new UsageError('say what this run is: --name "modes are known now"');
    const order = { name, ...numbers({ rate, canary, maxFailurePercent: most }) };
    if (!yes && !process.stdin.isTTY)
      throw new UsageError("nobody is there to be asked: say --yes, after `dlq plan` with the same options");
    const run = await planned(desk, selectionOf(given), force === true);
    if (run.progress.total === 0) {
      desk.print(run, () => planLines(run));
      throw nothing();
    }
    if (!desk.isJson) console.error(planLines(run).join("\n"));
    if (!yes && !(await agreed(`Replay ${run.progress.total} letters?`))) return console.error("nothing was sent");
    const started = await desk.client.post<Run>(`/runs/${run.id}/start`, { hash: run.hash, ...order });
    if (detach) return desk.print(started, () => [`run ${started.id} is ${started.state}`]);
    const ended = await follow(desk, started);
    desk.print(ended, () => [summaryOf(ended)]);
    throwUnlessWell(ended);
  },
});

export const runs = deskCommand({
  name: "runs",
  description: "Runs, newest first; with an id one of them, and with --pause, --resume or --cancel an order to it",
  positional: { name: "id", description: "The run's id", required: false },
  options: {
    pause: { type: "boolean", description: "Sends nothing more until it is resumed" },
    resume: { type: "boolean", description: "Goes on" },
    cancel: { type: "boolean", description: "Ends; what is on its way comes to its end" },
    wait: { type: "boolean", description: "Waits until it ends" },
  },
  run: async (desk, { pause, resume, cancel, wait }, id) => {
    const orders = Object.entries({ pause, resume, cancel }).filter(([, given]) => given);
    if (orders.length > 1) throw new UsageError("one order at a time");
    if (id === "") {
      if (orders.length > 0 || wait) throw new UsageError("say which run");
      const answer = await desk.client.get<{ runs: Run[] }>("/runs");
      desk.print(answer, () => columnsOf(answer.runs, runColumns(desk.nowMs), desk.width));
      if (answer.runs.length === 0) throw new ExitError(EXIT.nothing, "there is no run yet");
      return;
    }
    const path = `/runs/${encodeURIComponent(id)}`;
    const [order] = orders;
    const run = order ? await desk.client.post<Run>(`${path}/${order[0]}`) : await desk.client.get<Run>(path);
    const last = wait ? await follow(desk, run) : run;
    desk.print(last, () => [...planLines(last), summaryOf(last)]);
    if (wait) throwUnlessWell(last);
  },
});

export const runColumns = (nowMs: number): Column<Run>[] => [
  { title: "RUN", of: ({ id }) => id },
  { title: "STATE", of: ({ state }) => state },
  { title: "BEGAN", of: ({ startedAt }) => agoOf(startedAt, nowMs), align: "right" },
  {
    title: "BACK",
    of: ({ progress }) => `${progress.total - progress.waiting - progress.inFlight}/${progress.total}`,
    align: "right",
  },
  { title: "FAILED", of: ({ progress }) => progress.failed, align: "right" },
  { title: "BY", of: ({ actor }) => actor, most: 24 },
  { title: "WHAT", of: ({ name, why }) => `${name ?? "–"}${why ? ` (${why})` : ""}` },
];

const planned = ({ client }: Desk, selection: object, force: boolean): Promise<Run> =>
  client.post<Run>("/plans", { selection, force });

const nothing = () => new ExitError(EXIT.nothing, "nothing of that would be sent");

/** The plan as a table, with what will not be sent and why. */
export function planLines({
  plan: { selected, passes, superseded, duplicate, stillFailing, refused, tooLarge },
  progress,
}: Run): string[] {
  const lines: [string, number, string][] = [
    ["selected", selected, ""],
    ["pass", passes, "and change or confirm what is known"],
    ["superseded", superseded, "newer is known; they close without a write"],
    ["duplicate", duplicate, "known already; they close without a write"],
    ...stillFailing.map(({ signature, count }): [string, number, string] => ["still fail", count, signature]),
    ...refused.map(({ why, count }): [string, number, string] => ["not sent", count, why]),
    ["too large", tooLarge, "for a queue message"],
    ["will be sent", progress.total, ""],
  ];
  return lines
    .filter(([name, count]) => count > 0 || name === "selected" || name === "will be sent")
    .map(([name, count, note]) => `  ${name.padEnd(14)}${String(count).padStart(7)}  ${note}`.trimEnd());
}

const summaryOf = ({
  id,
  state,
  why,
  progress: { applied, unchanged, duplicate, superseded, failed, skipped, waiting },
}: Run): string =>
  `run ${id} is ${state}${why ? ` (${why})` : ""}: ${applied} applied, ${unchanged} unchanged, ${duplicate} duplicate, ${superseded} superseded, ${failed} failed, ${skipped} skipped, ${waiting} not sent`;

/** Looks every second until it ends or stands. */
async function follow({ client, isJson }: Desk, begun: Run): Promise<Run> {
  const line = new ProgressLine(isJson ? undefined : process.stderr);
  const onInterrupt = () => {
    line.end();
    console.error(`\nThe run goes on. To pause it: concord dlq runs ${begun.id} --pause`);
    process.exit(130);
  };
  process.once("SIGINT", onInterrupt);
  try {
    for (let run = begun; ; run = await client.get<Run>(`/runs/${begun.id}`)) {
      const { total, waiting, inFlight, failed } = run.progress;
      line.show(total - waiting - inFlight, total, run.why ?? `${failed} failed`);
      if (run.state !== "running") return run;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  } finally {
    line.end();
    process.off("SIGINT", onInterrupt);
  }
}

function throwUnlessWell({ id, state, why, progress }: Run): void {
  if (state === "done" && progress.failed === 0) return;
  const what =
    state === "done" ? `${progress.failed} letters have failed again` : `run ${id} is ${state}${why ? `: ${why}` : ""}`;
  throw new ExitError(EXIT.failures, `${what}. See them with: concord dlq groups`);
}

function numbers(given: Readonly<Record<string, string | undefined>>): Record<string, number> {
  const set = Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined);
  return Object.fromEntries(
    set.map(([name, text]) => {
      const number = Number(text);
      if (text.trim() === "" || !Number.isFinite(number))
        throw new UsageError(`${name} has to be a number, not ${text}`);
      return [name, number];
    }),
  );
}

async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
