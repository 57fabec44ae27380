import type { Run } from "#ops/api.ts";
import { ask } from "../../client.ts";
import { ReasonDialog } from "../../parts/reason-dialog.tsx";

type CancelDialogProps = { readonly run: Run; readonly onCanceled: () => void; readonly onClose: () => void };

/** Ends a run early, which cannot be undone. */
export const CancelDialog = ({ run, onCanceled, onClose }: CancelDialogProps) => (
  <ReasonDialog
    title="Cancel the run"
    button="Cancel the run"
    tone="danger"
    action={(reason) => ask<Run>("POST", `/runs/${encodeURIComponent(run.id)}/cancel`, { reason })}
    onDone={onCanceled}
    onClose={onClose}
  >
    <p>
      Letters in flight finish, and no more are sent. A canceled run cannot be resumed. Letters that were not sent keep
      waiting, and you can plan them again.
    </p>
  </ReasonDialog>
);
