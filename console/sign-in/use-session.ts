import { useEffect, useState } from "preact/hooks";
import { onSessionChange, onSignInElsewhere, type SessionEnd, sessionEnd } from "./session.ts";

/** Why the session has ended, while it has. */
export function useSessionEnd(): SessionEnd | undefined {
  const [end, setEnd] = useState(sessionEnd());
  useEffect(() => {
    const follow = () => setEnd(sessionEnd());
    // It may have ended between the first drawing and this.
    follow();
    return onSessionChange(follow);
  }, []);
  return end;
}

/** Calls back when the session goes on after its end. */
export function useResumed(onResumed: () => void): void {
  useEffect(() => onSessionChange(() => sessionEnd() === undefined && onResumed()), [onResumed]);
}

/** Calls back when somebody may have signed in: another tab says so, or this one is looked at again. */
export function useSignInElsewhere(onSignIn: () => void): void {
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && sessionEnd() && onSignIn();
    const stop = onSignInElsewhere(onSignIn);
    document.addEventListener("visibilitychange", look);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", look);
    };
  }, [onSignIn]);
}
