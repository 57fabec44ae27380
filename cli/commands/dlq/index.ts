import { defineCommand } from "citty";
import { UsageError } from "../../usage-error.ts";
import { audit } from "./audit.ts";
import { edit } from "./edit.ts";
import { exportLetters } from "./export.ts";
import { fixtures } from "./fixtures.ts";
import { groups, state } from "./groups.ts";
import { importLetters } from "./import.ts";
import { discard, list, restore } from "./letters.ts";
import { plan } from "./plan.ts";
import { replay } from "./replay.ts";
import { runs } from "./runs.ts";
import { show } from "./show.ts";
import { watch } from "./watch.ts";

export const COMMANDS = {
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
};

export const dlq = defineCommand({
  meta: {
    name: "dlq",
    description: `The dead-letter desk. CONCORD_TOKEN says who you are.

Ends with
  0  all is well
  1  the platform cannot be reached, or something failed
  2  a call that cannot work
  3  nothing was found, or nothing selected
  4  a run is paused or canceled, or letters failed again
  5  the token may not do this
  6  somebody was faster, a contract refuses it, or a file is there already

`,
  },
  // citty looks for the command behind them and drops them without a word.
  setup({ rawArgs: [first] }) {
    if (first?.startsWith("-")) throw new UsageError(`${first} goes behind the command: concord dlq list ${first}`);
  },
  subCommands: COMMANDS,
});
