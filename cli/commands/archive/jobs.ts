import { JOB_OBJECTS, type JobStatus } from "#ops/archive-api.ts";
import { followJob, requireDone } from "../../ops/follow-job.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { toneOf } from "../../terminal/paint.ts";
import type { Column } from "../../terminal/table.ts";
import { formatAge, formatTime } from "../../terminal/times.ts";
import { jobLines } from "./job-lines.ts";

export const jobs = opsCommand({
  details:
    "files         compaction each hour, and forgetting: both write the same files, so one runs after the other\n" +
    "verification  compares a seventh of the fleet each night: concord verify\n" +
    "rebuild       runs when it is ordered: concord rebuild",
  arguments: { name: { summary: "The job to show; all of them unless given", optional: true, offer: JOB_OBJECTS } },
  options: { wait: { summary: "Show the progress of the job until it ends, fails or is paused" } },
  examples: ["concord archive jobs", "concord archive jobs files --wait"],
  run: async (context, { name, wait }) => {
    const { client, print, table, nowMs } = context;
    if (name === undefined) {
      const all = await client.get<{ readonly jobs: readonly JobStatus[] }>("/archive/jobs");
      print(all, () => table(all.jobs, columns(nowMs)));
      return;
    }
    const job = await client.get<JobStatus>(`/archive/jobs/${encodeURIComponent(name)}`);
    const last = wait ? await followJob(context, job) : job;
    if (!last) return;
    print(last, () => jobLines(last, nowMs));
    if (wait) requireDone(last);
  },
});

const columns = (nowMs: number): Column<JobStatus>[] => [
  { title: "JOB", value: ({ name }) => name },
  { title: "KIND", value: ({ kind }) => kind ?? "–" },
  { title: "STATE", value: ({ state }) => state, tone: ({ state }) => toneOf(state) },
  { title: "STARTED", value: ({ startedAt }) => formatTime(startedAt), dropOrder: 2 },
  { title: "AGE", value: ({ startedAt }) => formatAge(startedAt, nowMs), align: "right", tone: () => "faint" },
  {
    title: "PROGRESS",
    value: ({ report }) => (report ? `${report.done}${ofTotal(report.total)}` : "–"),
    align: "right",
  },
  { title: "BY", value: ({ actor }) => actor ?? "–", maxWidth: 24, minWidth: 8, dropOrder: 1 },
  { title: "WHAT", value: ({ why, report }) => why ?? report?.phase ?? "" },
];

const ofTotal = (total: number | null): string => (total === null ? "" : `/${total}`);
