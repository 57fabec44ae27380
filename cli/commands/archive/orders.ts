import { JOB_OBJECTS, type JobAction, type JobStatus } from "#ops/archive-api.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { jobLines } from "./job-lines.ts";

/** A command that gives a job one order. */
const order = (action: JobAction, details: string) =>
  opsCommand({
    details,
    arguments: { name: { summary: "The job", offer: JOB_OBJECTS } },
    options: { because: { value: "why", summary: "Why, for the audit log" } },
    examples: [`concord archive ${action} files --because "R2 has an incident"`],
    run: async ({ client, print, nowMs }, { name, because }) => {
      const path = `/archive/jobs/${encodeURIComponent(name)}/${action}`;
      const job = await client.post<JobStatus>(path, because === undefined ? {} : { reason: because });
      print(job, () => jobLines(job, nowMs));
    },
  });

export const pause = order(
  "pause",
  "The step that runs now is finished and kept. No other job starts in its place until it is resumed or canceled.",
);
export const resume = order(
  "resume",
  "It goes on with the step at which it stopped. A job that failed can be resumed for an hour; then the schedule begins\n" +
    "the next one that is due in its place.",
);
export const cancel = order(
  "cancel",
  "A job that starts by itself begins again when it is next due. A forgetting that has begun is taken up again within\n" +
    "the hour.",
);
