import { useState } from "preact/hooks";
import type { DeskUser } from "../../../../../src/shared/auth/desk-role.ts";
import type { Selection } from "../../../../../src/shared/desk/api.ts";
import { Act } from "../../parts/act.tsx";
import { DiscardDialog } from "./discard-dialog.tsx";
import { PlanDialog } from "./plan-dialog.tsx";

type SelectionActionsProps = {
  readonly user: DeskUser;
  readonly selection: Selection;
  /** Why nothing can be done with it now, if so. */
  readonly unless?: string | undefined;
  readonly onDiscarded: () => void;
};

/** What can be done with many letters at once: a plan of a replay, or a discard. */
export function SelectionActions({ user, selection, unless, onDiscarded }: SelectionActionsProps) {
  const [open, setOpen] = useState<"plan" | "discard">();
  const close = () => setOpen(undefined);
  return (
    <>
      <Act user={user} as="operator" tone="primary" unless={unless} onAct={() => setOpen("plan")}>
        Plan a replay…
      </Act>
      <Act user={user} as="operator" tone="danger" unless={unless} onAct={() => setOpen("discard")}>
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
