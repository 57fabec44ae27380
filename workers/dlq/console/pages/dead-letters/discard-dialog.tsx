import { useState } from "preact/hooks";
import type { Selection } from "../../../../../src/shared/desk/api.ts";
import { ask } from "../../client.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { ReasonDialog } from "../../parts/reason-dialog.tsx";
import { described, lettersOf } from "./words.ts";

type DiscardDialogProps = {
  readonly selection: Selection;
  readonly onDiscarded: () => void;
  readonly onClose: () => void;
};

/** Throws letters away that wait, with a reason; for a day each can be taken back. */
export function DiscardDialog({ selection, onDiscarded, onClose }: DiscardDialogProps) {
  const [discarded, setDiscarded] = useState<number>();
  if (discarded === 0) {
    return (
      <Dialog title="Nothing was discarded" onClose={onClose}>
        <p>None of them was waiting: what is replaying, resolved or discarded already stays as it is.</p>
        <button type="button" onClick={onDiscarded}>
          Look again
        </button>
      </Dialog>
    );
  }
  return (
    <ReasonDialog
      title={"ids" in selection ? `Discard ${lettersOf(selection.ids.length)}` : "Discard many letters"}
      button="Discard"
      tone="danger"
      deed={(reason) => ask<{ discarded: number }>("POST", "/discards", { selection, reason })}
      onDone={(answer) => (answer.discarded === 0 ? setDiscarded(0) : onDiscarded())}
      onClose={onClose}
    >
      <p>
        This throws away {described(selection)}. Their events never reach the devices. Each can be restored for 24
        hours.
      </p>
    </ReasonDialog>
  );
}
