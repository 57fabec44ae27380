import type { ComponentChild } from "preact";
import { useId } from "preact/hooks";

type FieldProps = {
  readonly label: string;
  readonly hint?: ComponentChild;
  /** The input, which takes the id and names what describes it. */
  readonly children: (id: string, describedBy: string | undefined) => ComponentChild;
};

/** An input with its name above it and what helps to fill it in below. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  const hintId = hint ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, hintId)}
      {hint && (
        <div class="muted hint" id={hintId}>
          {hint}
        </div>
      )}
    </div>
  );
}

type TextFieldProps = {
  readonly label: string;
  readonly hint: string;
  readonly required?: boolean;
  readonly value: string;
  readonly onInput: (text: string) => void;
};

/** A few words of text, as long as the audit log keeps them. */
export const TextField = ({ label, hint, required = false, value, onInput }: TextFieldProps) => (
  <Field label={label} hint={hint}>
    {(id, describedBy) => (
      <textarea
        id={id}
        aria-describedby={describedBy}
        rows={2}
        maxLength={500}
        required={required}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    )}
  </Field>
);
