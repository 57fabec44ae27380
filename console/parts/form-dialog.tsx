import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAction } from "../answer.ts";
import type { Refusal } from "../client.ts";
import { Dialog } from "./dialog.tsx";
import { ErrorMessage } from "./states.tsx";

type FormDialogProps<T> = {
  readonly title: string;
  readonly onClose: () => void;
  /** What the button says. */
  readonly submit: string;
  /** What it says meanwhile, where that takes a while. */
  readonly busy?: string;
  readonly tone?: "primary" | "danger" | undefined;
  readonly isReady?: boolean;
  readonly action: () => Promise<T>;
  readonly onDone: (result: T) => void;
  /** What closes the dialog without doing anything. */
  readonly cancel?: string;
  /** More than the message, where the refusal has more to say. */
  readonly refused?: (refusal: Refusal) => ComponentChildren;
  /** Further buttons, between the two. */
  readonly buttons?: ComponentChildren;
  readonly children: ComponentChildren;
};

/** A dialog with a form, which stays open with the refusal when it is refused. A change of the form clears the refusal. */
export function FormDialog<T>(props: FormDialogProps<T>) {
  const { title, onClose, submit, busy = submit, tone = "primary", isReady = true, cancel = "Cancel" } = props;
  const { action, onDone, refused, buttons, children } = props;
  const [edits, setEdits] = useState(0);
  const { isBusy, refusal, run } = useAction(action, { onDone, subject: String(edits) });
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onInput={() => setEdits((last) => last + 1)}
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        {children}
        {refusal && (refused ? refused(refusal) : <ErrorMessage refusal={refusal} />)}
        <div class="row">
          <button type="submit" class={tone} disabled={isBusy || !isReady}>
            {isBusy ? busy : submit}
          </button>
          {buttons}
          <button type="button" onClick={onClose}>
            {cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
