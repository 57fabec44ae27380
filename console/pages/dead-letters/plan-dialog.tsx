import { useState } from "preact/hooks";
import type { Run, Selection } from "#ops/api.ts";
import { ask } from "../../client.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { go, hrefOf } from "../../route.ts";
import { described } from "./words.ts";

type PlanDialogProps = { readonly selection: Selection; readonly onClose: () => void };

/** Makes a plan, which sends nothing yet, and opens it. */
export function PlanDialog({ selection, onClose }: PlanDialogProps) {
  const [force, setForce] = useState(false);
  return (
    <FormDialog
      title="Plan a replay"
      submit="Plan"
      busy="Planning…"
      action={() => ask<Run>("POST", "/plans", { selection, force })}
      onDone={({ id }) => go(hrefOf(["runs", id]))}
      onClose={onClose}
    >
      <p>
        Concord checks {described(selection)} against the contracts and the devices as they are now, and sends nothing.
        You see the plan first, and then start or discard it.
      </p>
      <label class="check">
        <input type="checkbox" checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />
        <span>Force: include letters that would fail again or have failed too often</span>
      </label>
    </FormDialog>
  );
}
