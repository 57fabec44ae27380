import type { CommandGroup } from "../../command/command.ts";

export const BACKFILL: CommandGroup = {
  summary: "Send what a warehouse holds as events, while live events flow",
  details:
    "Files that a warehouse has unloaded (CSV, NDJSON, Parquet) become events of the same contracts as all others, by a\n" +
    "mapping. An event has its row's own time, so live events win, whenever they come. Guide: `concord guide backfill`",
  takesPath: "run",
  notes: "`concord backfill ./unload --mapping mapping.yaml` means `concord backfill run`.",
  commands: {
    inspect: {
      summary: "Look at a file's columns, and write a first mapping",
      load: async () => (await import("./inspect.ts")).inspectFile,
    },
    run: {
      summary: "Send the rows of an unload, or with --dry-run only check them",
      load: async () => (await import("./run.ts")).runFolder,
    },
  },
};
