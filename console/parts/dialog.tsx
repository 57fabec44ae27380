import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

type DialogProps = { readonly title: string; readonly onClose: () => void; readonly children: ComponentChildren };

/** What somebody opens a dialog for: to say something, or else to do it. */
const BEGIN = "textarea, input:not([type=checkbox]), button.primary";

/** The browser's own modal dialog: it holds the focus, Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // The browser would begin with the cross.
    shown?.querySelector<HTMLElement>(BEGIN)?.focus();
    return () => {
      // The browser says so a moment later, when another dialog may be open.
      isGone.current = true;
      // Taken out of the page while it is open, it would keep the focus from going back.
      shown?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-label={title} onClose={() => isGone.current || onClose()}>
      <header class="dialog-head">
        <h2>{title}</h2>
        <button type="button" class="plain" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}
