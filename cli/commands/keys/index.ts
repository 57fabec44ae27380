import type { CommandGroup } from "../../command/command.ts";

export const KEYS = {
  summary: "Make keys that sign tokens",
  details: "A platform has the public halves in its setting TOKEN_KEYS: `concord guide keys` has the steps.",
  commands: {
    new: {
      summary: "Make a key: its public entry is printed, its private half is written to a file",
      load: async () => (await import("./new.ts")).newKey,
    },
  },
} as const satisfies CommandGroup;
