import type { DeskCommand } from "../../desk/command.ts";
import type { DlqCommandName } from "../../summaries.ts";

/** Each command is loaded when it is called. */
export const COMMANDS: Readonly<Record<DlqCommandName, () => Promise<DeskCommand>>> = {
  list: async () => (await import("./letters.ts")).list,
  show: async () => (await import("./show.ts")).show,
  groups: async () => (await import("./groups.ts")).groups,
  state: async () => (await import("./groups.ts")).state,
  edit: async () => (await import("./edit.ts")).edit,
  plan: async () => (await import("./plan.ts")).plan,
  replay: async () => (await import("./replay.ts")).replay,
  runs: async () => (await import("./runs.ts")).runs,
  discard: async () => (await import("./letters.ts")).discard,
  restore: async () => (await import("./letters.ts")).restore,
  export: async () => (await import("./export.ts")).exportLetters,
  import: async () => (await import("./import.ts")).importLetters,
  fixtures: async () => (await import("./fixtures.ts")).fixtures,
  watch: async () => (await import("./watch.ts")).watch,
  audit: async () => (await import("./audit.ts")).audit,
};
