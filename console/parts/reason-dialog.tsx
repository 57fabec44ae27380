import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { TextField } from "./field.tsx";
import { FormDialog } from "./form-dialog.tsx";

type ReasonDialogProps<T> = {
  readonly title: string;
  /** What is going to happen. */
  readonly children: ComponentChildren;
  readonly button: string;
  readonly tone?: "primary" | "danger";
  readonly action: (reason: string) => Promise<T>;
  readonly onDone: (result: T) => void;
  readonly onClose: () => void;
};

/** Asks for a reason, which the audit log keeps, and then does it. */
export function ReasonDialog<T>({ title, children, button, tone, action, onDone, onClose }: ReasonDialogProps<T>) {
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      title={title}
      submit={button}
      tone={tone}
      isReady={reason.trim() !== ""}
      action={() => action(reason.trim())}
      onDone={onDone}
      onClose={onClose}
    >
      <div>{children}</div>
      <ReasonField value={reason} onInput={setReason} />
    </FormDialog>
  );
}

type ReasonFieldProps = {
  readonly value: string;
  readonly onInput: (reason: string) => void;
};

/** Why something is done. */
export const ReasonField = (props: ReasonFieldProps) => (
  <TextField label="Why" hint="The audit log keeps it with your name." required {...props} />
);
