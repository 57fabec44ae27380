import { useState } from "preact/hooks";
import type { Group, GroupEdit } from "#ops/api.ts";
import { useAction } from "../../answer.ts";
import { ask } from "../../client.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { ReasonField } from "../../parts/reason-dialog.tsx";
import { ErrorMessage } from "../../parts/states.tsx";
import { PATCH_HINT, TextArea } from "./edit-dialog.tsx";
import { GroupEditPreview } from "./group-edit-preview.tsx";
import { patchIn } from "./patch-between.ts";
import { formatLetters } from "./words.ts";

type GroupEditDialogProps = { readonly group: Group; readonly onApplied: () => void; readonly onClose: () => void };

/** One patch for all waiting letters of a group, with a preview before anything is edited. */
export function GroupEditDialog({ group, onApplied, onClose }: GroupEditDialogProps) {
  const [text, setText] = useState("[]");
  const [reason, setReason] = useState("");
  const [testsMasked, setTestsMasked] = useState(false);
  const [previewed, setPreviewed] = useState<{ text: string; edit: GroupEdit }>();
  const made = patchIn(text);
  const send = (apply: boolean) =>
    ask<GroupEdit>("POST", `/groups/${encodeURIComponent(group.id)}/edit`, {
      patch: made.ok ? made.patch : [],
      reason: reason.trim(),
      ...(testsMasked && { unmask: reason.trim() }),
      apply,
    });
  const apply = useAction(() => send(true), {
    onDone: (edit) => {
      setPreviewed({ text, edit });
      onApplied();
    },
    subject: `${reason} ${text}`,
  });
  // Only what was previewed is applied: another patch needs another preview.
  const seen = previewed?.text === text ? previewed.edit : undefined;
  const isReady = made.ok && reason.trim() !== "" && !apply.isBusy;
  const isApplied = seen !== undefined && seen.applied > 0;
  return (
    <FormDialog
      title="Edit all waiting letters of the group"
      submit="Preview"
      tone={seen ? undefined : "primary"}
      isReady={isReady}
      action={() => send(false)}
      onDone={(edit) => setPreviewed({ text, edit })}
      cancel={isApplied ? "Close" : "Cancel"}
      buttons={
        <button
          type="button"
          class={seen && !isApplied ? "primary" : undefined}
          disabled={!isReady || !seen || seen.pass === 0 || isApplied}
          title={seen ? undefined : "Preview it first."}
          onClick={() => apply.run()}
        >
          {seen && !isApplied ? `Edit ${formatLetters(seen.pass)}` : "Edit"}
        </button>
      }
      onClose={onClose}
    >
      <TextArea label="Patch (RFC 6902)" hint={PATCH_HINT} value={text} onInput={setText} />
      {!made.ok && <p class="muted">{made.message}</p>}
      {made.ok && hasTest(made.patch) && (
        <label class="check">
          <input type="checkbox" checked={testsMasked} onChange={() => setTestsMasked(!testsMasked)} />
          <span>Allow the patch to test masked values. The audit log records this.</span>
        </label>
      )}
      <ReasonField value={reason} onInput={setReason} />
      {apply.refusal && <ErrorMessage refusal={apply.refusal} />}
      {seen && <GroupEditPreview edit={seen} />}
    </FormDialog>
  );
}

const hasTest = (patch: readonly { readonly op?: unknown }[]): boolean => patch.some(({ op }) => op === "test");
