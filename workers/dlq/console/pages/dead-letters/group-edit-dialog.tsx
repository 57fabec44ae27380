import { useState } from "preact/hooks";
import type { Group, GroupEdit } from "../../../../../src/shared/desk/api.ts";
import { useDeed } from "../../answer.ts";
import { ask } from "../../client.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Trouble } from "../../parts/states.tsx";
import { PATCH_HINT, TextArea, Why } from "./edit-dialog.tsx";
import { patchIn } from "./patch-between.ts";
import { prettyOf } from "./payload-lines.ts";
import { lettersOf } from "./words.ts";

type GroupEditDialogProps = { readonly group: Group; readonly onApplied: () => void; readonly onClose: () => void };

/** One patch for all letters of a group that wait; what would come of it is shown before it is done. */
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
  const preview = useDeed(
    () => send(false),
    (edit) => setPreviewed({ text, edit }),
  );
  const apply = useDeed(
    () => send(true),
    (edit) => {
      setPreviewed({ text, edit });
      onApplied();
    },
  );
  // What was looked at is what is done: another patch wants another look.
  const seen = previewed?.text === text ? previewed.edit : undefined;
  const refusal = apply.refusal ?? preview.refusal;
  const isBusy = preview.isBusy || apply.isBusy;
  const isReady = made.ok && reason.trim() !== "" && !isBusy;
  return (
    <Dialog title="Edit all letters of the group that wait" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          preview.run();
        }}
      >
        <TextArea label="Patch (RFC 6902)" hint={PATCH_HINT} value={text} onInput={setText} />
        {!made.ok && <p class="muted">{made.message}</p>}
        {made.ok && hasTest(made.patch) && (
          <label class="check">
            <input type="checkbox" checked={testsMasked} onChange={() => setTestsMasked(!testsMasked)} />
            <span>The patch may test masked values. The audit log notes it.</span>
          </label>
        )}
        <Why value={reason} onInput={setReason} />
        {refusal && <Trouble refusal={refusal} />}
        {seen && <Preview edit={seen} />}
        <div class="row">
          <button type="submit" disabled={!isReady}>
            Preview
          </button>
          <button
            type="button"
            class="primary"
            disabled={!isReady || !seen || seen.pass === 0 || seen.applied > 0}
            title={seen ? undefined : "Preview it first."}
            onClick={() => apply.run()}
          >
            {seen && seen.applied === 0 ? `Edit ${lettersOf(seen.pass)}` : "Edit"}
          </button>
          <button type="button" onClick={onClose}>
            {seen && seen.applied > 0 ? "Close" : "Leave it"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const hasTest = (patch: readonly { readonly op?: unknown }[]): boolean => patch.some(({ op }) => op === "test");

const Preview = ({ edit: { letters, pass, fail, applied, samples } }: { readonly edit: GroupEdit }) => (
  <div class="stack" role="status">
    <p>
      <strong>
        {applied > 0
          ? `${lettersOf(applied)} edited; replay the group now.`
          : `${pass} of ${lettersOf(letters)} would pass then. None is edited yet.`}
      </strong>
    </p>
    {fail.issues.length > 0 && (
      <ul class="issues">
        {fail.issues.map(({ path, code, count }) => (
          <li key={`${path} ${code}`} class="issue">
            ✗ {count} still: {code} at <code>{path || "value"}</code>
          </li>
        ))}
      </ul>
    )}
    {samples.map(({ id, before, after, issues }) => (
      <div key={id} class="sample">
        <p class="muted mono">{id}</p>
        <div class="pair">
          <pre class="raw">{before === null ? "nothing" : prettyOf(before)}</pre>
          <pre class="raw">
            {after === null
              ? issues.map(({ path, message }) => `✗ ${path || "value"}: ${message}`).join("\n") || "✗ it does not fit"
              : prettyOf(after)}
          </pre>
        </div>
      </div>
    ))}
  </div>
);
