import { useState } from "preact/hooks";
import type { OpsUser } from "#auth/ops-role.ts";
import type { NextStep, Selection } from "#ops/api.ts";
import { Act } from "../../parts/act.tsx";
import { DiscardDialog } from "./discard-dialog.tsx";
import { PlanDialog } from "./plan-dialog.tsx";

type SelectionActionsProps = {
  readonly user: OpsUser;
  readonly selection: Selection;
  /** What can help these letters, where that is known. */
  readonly next?: NextStep | undefined;
  /** Why nothing can be done with it now, if so. */
  readonly unless?: string | undefined;
  readonly onDiscarded: () => void;
};

/** What can be done with many letters at once: a plan of a replay, or a discard. */
export function SelectionActions({ user, selection, next = "replay", unless, onDiscarded }: SelectionActionsProps) {
  const [open, setOpen] = useState<"plan" | "discard">();
  const close = () => setOpen(undefined);
  return (
    <>
      <Act
        user={user}
        as="operator"
        tone={next === "replay" && "primary"}
        unless={unless}
        onAct={() => setOpen("plan")}
      >
        Plan a replay…
      </Act>
      <Act
        user={user}
        as="operator"
        tone={next === "discard" ? "primary danger" : "danger"}
        unless={unless}
        onAct={() => setOpen("discard")}
      >
        Discard…
      </Act>
      {open === "plan" && <PlanDialog selection={selection} onClose={close} />}
      {open === "discard" && (
        <DiscardDialog
          selection={selection}
          onClose={close}
          onDiscarded={() => {
            close();
            onDiscarded();
          }}
        />
      )}
    </>
  );
}
