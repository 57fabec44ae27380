import type { ComponentChild } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Issue } from "#domain/issue.ts";
import type { Letter } from "#ops/api.ts";
import { ask, type Refusal } from "../../client.ts";
import { Field } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { ReasonField } from "../../parts/reason-dialog.tsx";
import { ErrorMessage } from "../../parts/states.tsx";
import { type MadePatch, patchBetween, patchIn } from "./patch-between.ts";
import { prettyPrint } from "./payload-lines.ts";
import { Patch } from "./revisions.tsx";

type EditDialogProps = {
  /** Unmasked: an editor sees what is edited. */
  readonly letter: Letter;
  readonly text: string;
  readonly onEdited: (letter: Letter) => void;
  readonly onClose: () => void;
};

/** Another payload for the replays of a letter, kept as a patch beside the original. */
export function EditDialog({ letter, text, onEdited, onClose }: EditDialogProps) {
  const [way, setWay] = useState<"payload" | "patch">("payload");
  const [payload, setPayload] = useState(() => prettyPrint(text));
  const [patchText, setPatchText] = useState("[]");
  const [reason, setReason] = useState("");
  const made = useMemo(
    () => (way === "payload" ? patchBetween(text, payload) : patchIn(patchText)),
    [way, text, payload, patchText],
  );
  const save = () =>
    ask<Letter>("PATCH", `/dead-letters/${encodeURIComponent(letter.id)}`, {
      patch: made.ok ? made.patch : [],
      reason: reason.trim(),
      // The editor shows the unmasked text, and the answer is unmasked too.
      unmask: reason.trim(),
      revision: letter.revision,
    });
  return (
    <FormDialog
      title="Edit the payload"
      submit="Save the edit"
      isReady={made.ok && reason.trim() !== ""}
      action={save}
      onDone={onEdited}
      refused={(refusal) => <EditTrouble refusal={refusal} />}
      onClose={onClose}
    >
      <Ways way={way} onChange={setWay} />
      {way === "payload" ? (
        <TextArea label="Payload" value={payload} onInput={setPayload} />
      ) : (
        <TextArea label="Patch (RFC 6902)" hint={PATCH_HINT} value={patchText} onInput={setPatchText} />
      )}
      <Preview made={made} />
      <ReasonField value={reason} onInput={setReason} />
    </FormDialog>
  );
}

export const PATCH_HINT = <code>{'[{"op": "replace", "path": "/data/mode", "value": "heat"}]'}</code>;

type WaysProps = { readonly way: "payload" | "patch"; readonly onChange: (way: "payload" | "patch") => void };

const Ways = ({ way, onChange }: WaysProps) => (
  <fieldset class="choices">
    <legend>The original is kept. A replay sends the edited payload, which you write as</legend>
    <label class="check">
      <input type="radio" name="way" checked={way === "payload"} onChange={() => onChange("payload")} />
      <span>a payload</span>
    </label>
    <label class="check">
      <input type="radio" name="way" checked={way === "patch"} onChange={() => onChange("patch")} />
      <span>a patch</span>
    </label>
  </fieldset>
);

type TextAreaProps = {
  readonly label: string;
  readonly hint?: ComponentChild;
  readonly value: string;
  readonly onInput: (text: string) => void;
};

export const TextArea = ({ label, hint, value, onInput }: TextAreaProps) => (
  <Field label={label} hint={hint}>
    {(id, describedBy) => (
      <textarea
        id={id}
        aria-describedby={describedBy}
        class="code"
        rows={Math.min(Math.max(value.split("\n").length + 1, 6), 18)}
        spellcheck={false}
        autocomplete="off"
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    )}
  </Field>
);

const Preview = ({ made }: { readonly made: MadePatch }) => (
  <div role="status">
    {made.ok ? (
      <>
        <p class="muted">The patch</p>
        <Patch patch={made.patch} />
      </>
    ) : (
      <p class="muted">{made.message}</p>
    )}
  </div>
);

/** With what the contract has against the payload that the patch makes. */
function EditTrouble({ refusal }: { readonly refusal: Refusal }) {
  const issues = (refusal.details.issues ?? []) as readonly Issue[];
  return (
    <div>
      <ErrorMessage refusal={refusal} />
      <ul class="issues">
        {issues.map(({ path, code, message }) => (
          <li key={`${path} ${code}`} class="issue">
            ✗ <code>{path || "value"}</code>: {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
