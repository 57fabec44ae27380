import type { Run } from "../../../../../src/shared/desk/api.ts";
import { ask } from "../../client.ts";
import { ReasonDialog } from "../../parts/reason-dialog.tsx";

type CancelDialogProps = { readonly run: Run; readonly onCanceled: () => void; readonly onClose: () => void };

/** Ends a run before its end, which nobody can take back. */
export const CancelDialog = ({ run, onCanceled, onClose }: CancelDialogProps) => (
  <ReasonDialog
    title="Cancel the run"
    button="Cancel the run"
    tone="danger"
    deed={(reason) => ask<Run>("POST", `/runs/${encodeURIComponent(run.id)}/cancel`, { reason })}
    onDone={onCanceled}
    onClose={onClose}
  >
    <p>
      What is on its way comes to its end, and nothing more is sent. It cannot be resumed; what was not sent waits as
      before, and can be planned anew.
    </p>
  </ReasonDialog>
);
