import { useState } from "preact/hooks";
import type { GroupState } from "#letters/states.ts";
import type { Group } from "#ops/api.ts";
import { ask } from "../../client.ts";
import { TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";

/** The states that an operator can set, and what each means. */
const STATES = {
  acknowledged: "Somebody is working on it.",
  ignored: "New failures alert nobody: a test device, for example.",
  resolved: "It is fixed. A new failure makes it regressed, and alerts.",
  open: "Nobody is working on it.",
} as const satisfies Partial<Record<GroupState, string>>;
type Settable = keyof typeof STATES;

type StateDialogProps = {
  readonly group: Group;
  readonly onSet: (group: Group) => void;
  readonly onClose: () => void;
};

/** Sets the state of a group, with a note. */
export function StateDialog({ group, onSet, onClose }: StateDialogProps) {
  const others = (Object.keys(STATES) as Settable[]).filter((state) => state !== group.state);
  const [state, setState] = useState<Settable>(others[0] as Settable);
  const [note, setNote] = useState("");
  return (
    <FormDialog
      title="Set the state of the group"
      submit={`Set ${state}`}
      action={() =>
        ask<Group>("POST", `/groups/${encodeURIComponent(group.id)}/state`, { state, ...(note && { note }) })
      }
      onDone={onSet}
      onClose={onClose}
    >
      <fieldset class="choices">
        <legend>The group is {group.state}. Set it to</legend>
        {others.map((each) => (
          <label key={each} class="check">
            <input type="radio" name="state" checked={state === each} onChange={() => setState(each)} />
            <span>
              <strong>{each}</strong> <span class="muted">{STATES[each]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <TextField
        label="Note"
        hint="Everybody sees it: a ticket or a name, for example. The audit log keeps it too."
        value={note}
        onInput={setNote}
      />
    </FormDialog>
  );
}
