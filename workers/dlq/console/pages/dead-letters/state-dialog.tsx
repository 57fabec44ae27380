import { useState } from "preact/hooks";
import type { Group } from "../../../../../src/shared/desk/api.ts";
import type { GroupState } from "../../../../../src/shared/desk/states.ts";
import { useDeed } from "../../answer.ts";
import { ask } from "../../client.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { Trouble } from "../../parts/states.tsx";

/** What somebody can say of a group, and what follows from it. */
const STATES = {
  acknowledged: "Somebody is on it.",
  ignored: "Whatever comes, nobody is told: a test device, say.",
  resolved: "It is mended. If it fails again, it regresses, and somebody is told.",
  open: "Nobody has looked at it yet.",
} as const satisfies Partial<Record<GroupState, string>>;
type Settable = keyof typeof STATES;

type StateDialogProps = {
  readonly group: Group;
  readonly onSet: (group: Group) => void;
  readonly onClose: () => void;
};

/** Says where a group stands, with a note for whoever comes next. */
export function StateDialog({ group, onSet, onClose }: StateDialogProps) {
  const others = (Object.keys(STATES) as Settable[]).filter((state) => state !== group.state);
  const [state, setState] = useState<Settable>(others[0] as Settable);
  const [note, setNote] = useState("");
  const { isBusy, refusal, run } = useDeed(
    () => ask<Group>("POST", `/groups/${encodeURIComponent(group.id)}/state`, { state, ...(note && { note }) }),
    onSet,
  );
  return (
    <Dialog title="Where the group stands" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <fieldset class="choices">
          <legend>It is {group.state}. From now on it is</legend>
          {others.map((each) => (
            <label key={each} class="check">
              <input type="radio" name="state" checked={state === each} onChange={() => setState(each)} />
              <span>
                <strong>{each}</strong> <span class="muted">{STATES[each]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Field label="Note" hint="What the next one should know: a ticket, a name. It stands in the audit log too.">
          {(id, hint) => (
            <textarea
              id={id}
              aria-describedby={hint}
              rows={2}
              maxLength={500}
              value={note}
              onInput={(event) => setNote(event.currentTarget.value)}
            />
          )}
        </Field>
        {refusal && <Trouble refusal={refusal} />}
        <div class="row">
          <button type="submit" class="primary" disabled={isBusy}>
            Set {state}
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
