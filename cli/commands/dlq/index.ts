import { defineCommand } from "citty";
import { edit, groups, state } from "./groups.ts";
import { discard, list, restore, show } from "./letters.ts";
import { plan, replay, runs } from "./runs.ts";
import { exportLetters, fixtures, importLetters } from "./transfer.ts";
import { audit, watch } from "./watch.ts";

export const dlq = defineCommand({
  meta: {
    name: "dlq",
    description:
      "The dead-letter desk. Ends with 0 if all is well, 1 if the platform cannot be reached, 2 for a call that cannot work, 3 if nothing was found, 4 if a run stands or letters failed again, 5 if the token may not, 6 if somebody was faster or a contract refuses it.",
  },
  subCommands: {
    list,
    show,
    groups,
    state,
    edit,
    plan,
    replay,
    runs,
    discard,
    restore,
    export: exportLetters,
    import: importLetters,
    fixtures,
    watch,
    audit,
  },
});
