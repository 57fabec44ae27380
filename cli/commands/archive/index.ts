import type { CommandGroup } from "../../command/command.ts";

export const ARCHIVE = {
  summary: "Look after the archive of settled records, and the jobs over it",
  details:
    "Calls the operations API of the platform at CONCORD_URL with the token in CONCORD_TOKEN, as\n" +
    "`concord dlq` does. An environment without an archive says so.",
  commands: {
    status: {
      summary: "Show what the archive holds, and what waits for its compaction",
      load: async () => (await import("./status.ts")).status,
    },
    check: {
      summary: "Compare day files with their manifests: existence, hash, counts",
      load: async () => (await import("./check.ts")).check,
    },
    jobs: {
      summary: "Show the jobs over the archive, or one of them",
      load: async () => (await import("./jobs.ts")).jobs,
    },
    pause: {
      summary: "Pause a job; it keeps its place",
      load: async () => (await import("./orders.ts")).pause,
    },
    resume: {
      summary: "Resume a job that is paused or has failed",
      load: async () => (await import("./orders.ts")).resume,
    },
    cancel: {
      summary: "Cancel a job; what it has done stays (admin)",
      load: async () => (await import("./orders.ts")).cancel,
    },
  },
  notes: `Exit codes
  0  success
  1  the platform cannot be reached, something failed, or there is no archive
  2  the call cannot work
  3  there is no such job
  4  the job has failed, is paused or was canceled; or a check has found a problem
  5  the token does not permit this
  6  the job is in another state than the order needs`,
} as const satisfies CommandGroup;
