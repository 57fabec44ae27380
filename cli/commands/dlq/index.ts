import type { CommandGroup } from "../../command/command.ts";

export const DLQ = {
  summary: "Inspect, edit and replay dead letters",
  details:
    "Calls the operations API of the platform at CONCORD_URL with the token in CONCORD_TOKEN.\n" +
    "A local platform needs no token. Where Cloudflare Access is in front, set CONCORD_ACCESS_CLIENT_ID and\n" +
    "CONCORD_ACCESS_CLIENT_SECRET to a service token of it.",
  commands: {
    list: {
      summary: "List dead letters, latest failure first",
      load: async () => (await import("./letters.ts")).list,
    },
    show: {
      summary: "Show one letter; personal values are masked",
      load: async () => (await import("./show.ts")).show,
    },
    groups: {
      summary: "List groups of letters that failed alike",
      load: async () => (await import("./groups.ts")).groups,
    },
    state: {
      summary: "Set the state of a group",
      load: async () => (await import("./groups.ts")).state,
    },
    edit: {
      summary: "Edit a letter or a group of letters with a JSON Patch",
      load: async () => (await import("./edit.ts")).edit,
    },
    plan: {
      summary: "Show what a replay would do, without sending anything",
      load: async () => (await import("./plan.ts")).plan,
    },
    replay: {
      summary: "Plan a replay, ask, run it and show its progress",
      load: async () => (await import("./replay.ts")).replay,
    },
    runs: {
      summary: "List, show, pause, resume or cancel replay runs",
      load: async () => (await import("./runs.ts")).runs,
    },
    discard: {
      summary: "Discard letters; each can be restored for 24 hours",
      load: async () => (await import("./letters.ts")).discard,
    },
    restore: {
      summary: "Restore a discarded letter",
      load: async () => (await import("./letters.ts")).restore,
    },
    export: {
      summary: "Export letters, unmasked, as NDJSON (admin)",
      load: async () => (await import("./export.ts")).exportLetters,
    },
    import: {
      summary: "Import letters from an export; known letters are unchanged (admin)",
      load: async () => (await import("./import.ts")).importLetters,
    },
    fixtures: {
      summary: "Save letters, unmasked, as test fixtures, one file each (admin)",
      load: async () => (await import("./fixtures.ts")).fixtures,
    },
    watch: {
      summary: "Show unresolved groups and active runs every two seconds",
      load: async () => (await import("./watch.ts")).watch,
    },
    audit: {
      summary: "List the audit log of the operations API, newest entry first",
      load: async () => (await import("./audit.ts")).audit,
    },
  },
  notes: `Exit codes
  0  success
  1  the platform cannot be reached, or something failed
  2  the call cannot work
  3  nothing was found, or nothing was selected
  4  a run is paused or canceled, or letters failed again
  5  the token does not permit this
  6  it changed in the meantime, a contract rejects it, or a file exists`,
} as const satisfies CommandGroup;
