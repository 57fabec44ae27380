import { useEffect, useRef, useState } from "preact/hooks";
import type { SignedInBy } from "#auth/ops-role.ts";
import type { SessionEnd } from "./session.ts";
import { SignInWays } from "./ways.tsx";

type SignInAgainProps = { readonly end: SessionEnd; readonly by: SignedInBy; readonly onToken: () => void };

/**
 * Covers the page when the session has ended while it is open. The page stays below, with what was typed in it, and
 * cannot be seen: who looks at the screen now may be somebody else.
 */
export function SignInAgain({ end, by, onToken }: SignInAgainProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  const [why] = useState(end.message);
  const [tried, setTried] = useState<SessionEnd>();
  useEffect(() => {
    const shown = dialog.current;
    // Above every other dialog that is open.
    shown?.showModal();
    return () => {
      isGone.current = true;
      shown?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="sign-in-again"
      aria-labelledby="sign-in-again"
      onCancel={(event) => event.preventDefault()}
      // A browser closes it all the same when Escape is pressed twice.
      onClose={() => isGone.current || dialog.current?.showModal()}
    >
      <h2 id="sign-in-again">Sign in again</h2>
      <p>{why} What you have typed is kept.</p>
      <SignInWays
        byAccess={by === "access"}
        inNewTab
        problem={tried && end !== tried ? end.message : undefined}
        onToken={() => {
          setTried(end);
          onToken();
        }}
      />
    </dialog>
  );
}
