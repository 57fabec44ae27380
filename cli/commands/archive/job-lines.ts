import type { JobStatus } from "#ops/archive-api.ts";
import { formatTime, formatTimeAndAge } from "../../terminal/times.ts";

/** A job in lines for people. */
export function jobLines(job: JobStatus, nowMs: number): string[] {
  const { name, kind, state, why, actor, startedAt, endedAt, steps, report, lastDone, lastFailed } = job;
  const total = report?.total ?? null;
  return [
    kind === null ? `${name}: no job was ever started` : `${name}: ${kind} is ${state}${why ? ` (${why})` : ""}`,
    ...(startedAt ? [`  started   ${formatTimeAndAge(startedAt, nowMs)}, by ${actor}`] : []),
    ...(endedAt ? [`  ended     ${formatTimeAndAge(endedAt, nowMs)}`] : []),
    ...(report
      ? [`  progress  ${report.done}${total === null ? "" : ` of ${total}`} ${report.unit}, ${steps} steps`]
      : []),
    ...(report ? [`  ${state === "running" ? "now " : "last"}      ${report.phase}`] : []),
    ...Object.entries(report?.figures ?? {}).map(([what, count]) => `  ${what}: ${count}`),
    ...Object.entries(lastDone).map(([each, at]) => `  ${each} was last done ${formatTime(at ?? null)}`),
    ...Object.entries(lastFailed).map(
      ([each, { at, actor, why: failedFor }]) =>
        `  ${each} last failed ${formatTime(at)}, started by ${actor}: ${failedFor}`,
    ),
  ];
}
