import { useState } from "preact/hooks";
import type { Selection } from "#ops/api.ts";
import { ask } from "../../client.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { ReasonDialog } from "../../parts/reason-dialog.tsx";
import { described, formatLetters } from "./words.ts";

type DiscardDialogProps = {
  readonly selection: Selection;
  readonly onDiscarded: () => void;
  readonly onClose: () => void;
};

/** Discards waiting letters, with a reason; each can be restored for a day. */
export function DiscardDialog({ selection, onDiscarded, onClose }: DiscardDialogProps) {
  const [discarded, setDiscarded] = useState<number>();
  if (discarded === 0) {
    return (
      <Dialog title="Nothing was discarded" onClose={onClose}>
        <p>None of these letters was waiting. Only letters that are open or quarantined can be discarded.</p>
        <button type="button" onClick={onDiscarded}>
          Reload
        </button>
      </Dialog>
    );
  }
  return (
    <ReasonDialog
      title={"ids" in selection ? `Discard ${formatLetters(selection.ids.length)}` : "Discard many letters"}
      button="Discard"
      tone="danger"
      action={(reason) => ask<{ discarded: number }>("POST", "/discards", { selection, reason })}
      onDone={(answer) => (answer.discarded === 0 ? setDiscarded(0) : onDiscarded())}
      onClose={onClose}
    >
      <p>
        This discards {described(selection)}. Their events will not reach the devices. You can restore each letter for
        24 hours.
      </p>
    </ReasonDialog>
  );
}
