import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useDeed } from "../answer.ts";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Trouble } from "./states.tsx";

type ReasonDialogProps<T> = {
  readonly title: string;
  /** What is going to happen. */
  readonly children: ComponentChildren;
  readonly button: string;
  readonly tone?: "primary" | "danger";
  readonly deed: (reason: string) => Promise<T>;
  readonly onDone: (result: T) => void;
  readonly onClose: () => void;
};

/** Asks why before it does something that somebody will ask about. */
export function ReasonDialog<T>({ title, children, button, tone, deed, onDone, onClose }: ReasonDialogProps<T>) {
  const [reason, setReason] = useState("");
  const { isBusy, refusal, run } = useDeed(deed, onDone);
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run(reason.trim());
        }}
      >
        <div>{children}</div>
        <Field label="Why" hint="It stands in the audit log, under your name.">
          {(id, hint) => (
            <textarea
              id={id}
              aria-describedby={hint}
              rows={2}
              maxLength={500}
              required
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        {refusal && <Trouble refusal={refusal} />}
        <div class="row">
          <button type="submit" class={tone} disabled={isBusy || reason.trim() === ""}>
            {button}
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
