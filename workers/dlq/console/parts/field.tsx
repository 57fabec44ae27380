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
