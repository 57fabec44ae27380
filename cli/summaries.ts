/** What each command does, in one line: help lists them without loading any. */
export const SUMMARIES = {
  credential: "Makes a credential for a client that writes to ingest",
  dlq: "The dead-letter desk: look at what failed, fix it, replay it",
  token: "Prints a token for the API and the operations API",
} as const;

export const DLQ_SUMMARIES = {
  list: "Letters, newest failure first",
  show: "One letter with all that is known of it; personal values are masked",
  groups: "Kinds of failure, with how many letters each has",
  state: "Sets the state of a group: acknowledged, resolved, ignored or open",
  edit: "Edits a letter, or with --group all of a group, by a JSON Patch; a replay sends the result",
  plan: "Says what a replay would do, and does nothing",
  replay: "Plans, asks, replays at a pace, and shows the progress; Ctrl-C stops watching, not the run",
  runs: "Runs, newest first; `runs <id>` shows one; `runs pause|resume|cancel <id>` controls it",
  discard: "Discards waiting letters; `dlq restore` undoes it for a day",
  restore: "Undoes a discard",
  export: "Letters as NDJSON, one a line, with the exact text of their payloads; for an admin",
  import: "Reads such a file; letters that are known stay as they are; for an admin",
  fixtures: "Writes letters as files that a contract's test can read, a folder a topic; for an admin",
  watch: "Groups that wait and runs in progress, every two seconds, until Ctrl-C",
  audit: "Who did what at the desk, newest first",
} as const;

export type DlqCommandName = keyof typeof DLQ_SUMMARIES;

/** Behind the commands in the help of `concord dlq`. */
export const EXIT_CODES = `Exit codes
  0  success
  1  the platform cannot be reached, or something failed
  2  a call that cannot work
  3  nothing was found, or nothing selected
  4  a run is paused or canceled, or letters failed again
  5  the token may not do this
  6  somebody was faster, a contract refuses it, or a file exists already`;
