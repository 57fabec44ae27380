import { useEffect } from "preact/hooks";
import type { Me } from "#ops/api.ts";
import { useAnswer } from "../answer.ts";
import { ErrorMessage, Loading } from "../parts/states.tsx";
import { announceSignIn, dropToken } from "./session.ts";

/**
 * The page at /ops/sign-in, which lies behind Access: whoever sees it has a session. It tells the console's other tabs,
 * and leads back to where the person was, or says that it can be closed.
 */
export function SignedIn() {
  const me = useAnswer<Me>("/me");
  const back = new URLSearchParams(location.search).get("at");
  useEffect(() => {
    if (!me.data) return;
    announceSignIn();
    if (back !== null) location.replace(consoleAt(back));
  }, [me.data, back]);
  return (
    <main class="login">
      <div class="login-box">
        <h1>Concord operations</h1>
        {me.data && <p role="status">You are signed in as {me.data.actor}. You can close this tab.</p>}
        {me.refusal?.status === 401 ? (
          <p class="error-message" role="alert">
            This page was opened without a session of Cloudflare Access, so Access is not in front of <code>/ops</code>{" "}
            on {location.hostname}. Ask whoever runs Concord here, or use a token.
          </p>
        ) : (
          me.refusal && <ErrorMessage refusal={me.refusal} onRetry={me.reload} />
        )}
        {me.isLoading && <Loading what="who you are" />}
        {!me.isLoading && (
          <p>
            <a href={consoleAt(back ?? "")} onClick={me.data ? undefined : dropToken}>
              Go to the console
            </a>
          </p>
        )}
      </div>
    </main>
  );
}

/** Only what is behind the `#` is taken from the address: anybody could have made it. */
const consoleAt = (hash: string): string => `/ops${hash.startsWith("#") ? hash : ""}`;
