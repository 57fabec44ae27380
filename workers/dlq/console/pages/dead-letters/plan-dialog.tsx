import { useState } from "preact/hooks";
import type { Run, Selection } from "../../../../../src/shared/desk/api.ts";
import { useDeed } from "../../answer.ts";
import { ask } from "../../client.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Trouble } from "../../parts/states.tsx";
import { go, hrefOf } from "../../route.ts";
import { described } from "./words.ts";

type PlanDialogProps = { readonly selection: Selection; readonly onClose: () => void };

/** Orders a plan, which sends nothing yet, and goes to look at it. */
export function PlanDialog({ selection, onClose }: PlanDialogProps) {
  const [force, setForce] = useState(false);
  const { isBusy, refusal, run } = useDeed(
    () => ask<Run>("POST", "/plans", { selection, force }),
    ({ id }) => go(hrefOf(["runs", id])),
  );
  return (
    <Dialog title="Plan a replay" onClose={onClose}>
      <div class="stack">
        <p>
          Concord asks the contracts of today what a replay of {described(selection)} would do to the devices as they
          are, and sends nothing. You look at the plan, and start it or not.
        </p>
        <label class="check">
          <input type="checkbox" checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />
          <span>Force: also what would fail again, and what has failed too often</span>
        </label>
        {refusal && <Trouble refusal={refusal} />}
        <div class="row">
          <button type="button" class="primary" disabled={isBusy} onClick={() => run()}>
            {isBusy ? "Planning…" : "Plan"}
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </div>
    </Dialog>
  );
}
