import type { ComponentChild } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Letter } from "../../../../../src/shared/desk/api.ts";
import type { Issue } from "../../../../../src/shared/domain/issue.ts";
import { useDeed } from "../../answer.ts";
import { ask, type Refusal } from "../../client.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { Trouble } from "../../parts/states.tsx";
import { type MadePatch, patchBetween, patchIn } from "./patch-between.ts";
import { prettyOf } from "./payload-lines.ts";
import { Patch } from "./revisions.tsx";

type EditDialogProps = {
  /** Unmasked: who edits sees what he edits. */
  readonly letter: Letter;
  readonly text: string;
  readonly onEdited: (letter: Letter) => void;
  readonly onClose: () => void;
};

/** Another payload for a letter's replays, as a patch beside the original. */
export function EditDialog({ letter, text, onEdited, onClose }: EditDialogProps) {
  const [way, setWay] = useState<"payload" | "patch">("payload");
  const [payload, setPayload] = useState(() => prettyOf(text));
  const [patchText, setPatchText] = useState("[]");
  const [reason, setReason] = useState("");
  const made = useMemo(
    () => (way === "payload" ? patchBetween(text, payload) : patchIn(patchText)),
    [way, text, payload, patchText],
  );
  const { isBusy, refusal, run } = useDeed(
    (patch: readonly object[]) =>
      ask<Letter>("PATCH", `/dead-letters/${encodeURIComponent(letter.id)}`, {
        patch,
        reason: reason.trim(),
        // Its text is on the screen already, and so is what the answer says.
        unmask: reason.trim(),
        revision: letter.revision,
      }),
    onEdited,
  );
  return (
    <Dialog title="Edit the payload" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (made.ok) run(made.patch);
        }}
      >
        <Ways way={way} onChange={setWay} />
        {way === "payload" ? (
          <TextArea label="Payload" value={payload} onInput={setPayload} />
        ) : (
          <TextArea label="Patch (RFC 6902)" hint={PATCH_HINT} value={patchText} onInput={setPatchText} />
        )}
        <Preview made={made} />
        <Why value={reason} onInput={setReason} />
        {refusal && <EditTrouble refusal={refusal} />}
        <div class="row">
          <button type="submit" class="primary" disabled={isBusy || !made.ok || reason.trim() === ""}>
            Save the edit
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export const PATCH_HINT = <code>{'[{"op": "replace", "path": "/data/mode", "value": "heat"}]'}</code>;

type WaysProps = { readonly way: "payload" | "patch"; readonly onChange: (way: "payload" | "patch") => void };

const Ways = ({ way, onChange }: WaysProps) => (
  <fieldset class="choices">
    <legend>The original stays. What a replay sends instead comes of</legend>
    <label class="check">
      <input type="radio" name="way" checked={way === "payload"} onChange={() => onChange("payload")} />
      <span>the payload as it should be</span>
    </label>
    <label class="check">
      <input type="radio" name="way" checked={way === "patch"} onChange={() => onChange("patch")} />
      <span>a patch of my own</span>
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

export const Why = ({ value, onInput }: Pick<TextAreaProps, "value" | "onInput">) => (
  <Field label="Why" hint="It stands in the audit log, under your name.">
    {(id, hint) => (
      <input
        id={id}
        aria-describedby={hint}
        maxLength={500}
        required
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
      <Trouble refusal={refusal} />
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
