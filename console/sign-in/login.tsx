import { useState } from "preact/hooks";
import type { SignIn } from "#ops/api.ts";
import type { Refusal } from "../client.ts";
import { readToken } from "./session.ts";
import { SignInWays } from "./ways.tsx";

/** Where a session of Access ends. Access answers at this path of every hostname that it is in front of. */
export const ACCESS_LOGOUT = "/cdn-cgi/access/logout";

type LoginProps = { readonly refusal: Refusal; readonly onToken: () => void };

/** Asks who this is, and says what is possible here. */
export function Login({ refusal, onToken }: LoginProps) {
  // What was refused before says nothing of the token that is being tried.
  const [before, setBefore] = useState<Refusal>();
  const isForbidden = refusal.status === 403;
  const { access } = (refusal.details.signIn ?? {}) as Partial<SignIn>;
  // Whoever has not tried yet made no mistake.
  const isTried = readToken() !== null || isForbidden;
  return (
    <main class="login">
      <div class="login-box">
        <h1>Concord operations</h1>
        <SignInWays
          byAccess={access !== undefined || refusal.code === "session_ended"}
          inNewTab={false}
          problem={isTried && refusal !== before ? refusal.message : undefined}
          onToken={() => {
            setBefore(refusal);
            onToken();
          }}
        />
        {access && isForbidden && (
          <p class="muted">
            <a href={ACCESS_LOGOUT}>Sign out of {access.team}</a> to sign in as somebody else.
          </p>
        )}
      </div>
    </main>
  );
}
