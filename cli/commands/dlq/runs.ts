import type { Run } from "../../../src/shared/desk/api.ts";
import type { Column } from "../../desk/columns.ts";
import { deskCommand } from "../../desk/command.ts";
import { backOf, follow, throwUnlessWell } from "../../desk/follow.ts";
import { printList } from "../../desk/list.ts";
import { toneOf } from "../../desk/paint.ts";
import { PAGING } from "../../desk/selection.ts";
import { agoOf, stampOf } from "../../desk/times.ts";
import { UsageError } from "../../usage-error.ts";
import { planLines } from "./plan.ts";

const ORDERS = ["pause", "resume", "cancel"] as const;
const isOrder = (word: string): boolean => (ORDERS as readonly string[]).includes(word);

export const runs = deskCommand({
  name: "runs",
  positionals: [
    { name: "order", description: "pause (sends nothing more), resume or cancel; or the run's id", required: false },
    { name: "id", description: "The run's id", required: false },
  ],
  options: {
    pause: { type: "boolean", description: "The same as the order" },
    resume: { type: "boolean", description: "The same as the order" },
    cancel: { type: "boolean", description: "The same as the order" },
    wait: { type: "boolean", description: "Waits until it ends" },
    ...PAGING,
  },
  run: async (desk, { wait, first, all, ...flags }, one = "", two = "") => {
    if (two !== "" && !isOrder(one)) throw new UsageError(`runs pause, resume or cancel, not ${one}`);
    const orders = [...ORDERS.filter((order) => flags[order]), ...(isOrder(one) ? [one] : [])];
    const id = isOrder(one) ? two : one;
    if (orders.length > 1) throw new UsageError("one order at a time");
    if (id === "" && (orders.length > 0 || wait)) throw new UsageError("say which run: concord dlq runs lists them");
    if (id === "") {
      return printList<"runs", Run>(desk, {
        path: "/runs",
        name: "runs",
        query: {},
        first,
        all,
        columns: runColumns(desk.nowMs),
        nothing: "there is no run yet",
      });
    }
    if (first !== undefined || all) throw new UsageError("--first and --all are for the list of runs");
    const path = `/runs/${encodeURIComponent(id)}`;
    const [order] = orders;
    const run = order ? await desk.client.post<Run>(`${path}/${order}`) : await desk.client.get<Run>(path);
    const last = wait ? await follow(desk, run) : run;
    if (!last) return;
    desk.print(last, () => [...planLines(desk, last), summaryOf(last)]);
    if (wait) throwUnlessWell(last);
  },
});

const runColumns = (nowMs: number): Column<Run>[] => [
  { title: "RUN", of: ({ id }) => id },
  { title: "STATE", of: ({ state }) => state, tone: ({ state }) => toneOf(state) },
  { title: "BEGAN", of: ({ startedAt }) => stampOf(startedAt), goes: 1 },
  { title: "AGO", of: ({ startedAt }) => agoOf(startedAt, nowMs), align: "right", tone: () => "faint" },
  { title: "BACK", of: (run) => `${backOf(run)}/${run.progress.total}`, align: "right" },
  { title: "FAILED", of: ({ progress }) => progress.failed, align: "right", goes: 3 },
  { title: "BY", of: ({ actor }) => actor, most: 24, least: 8, goes: 2 },
  { title: "WHAT", of: ({ name, why }) => `${name ?? "–"}${why ? ` (${why})` : ""}` },
];

export function summaryOf({ id, state, why, progress }: Run): string {
  const { applied, unchanged, duplicate, superseded, failed, skipped, waiting } = progress;
  const counts = `${applied} applied, ${unchanged} unchanged, ${duplicate} duplicate, ${superseded} superseded, ${failed} failed, ${skipped} skipped, ${waiting} not sent`;
  return `run ${id} is ${state}${why ? ` (${why})` : ""}: ${counts}`;
}
