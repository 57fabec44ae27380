import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { dropToken, keepToken } from "./session.ts";

/** The page behind Access to which a person comes back from signing in; see `signed-in.tsx`. */
const SIGN_IN = "/ops/sign-in";

type Ways = {
  /** Whether Cloudflare Access is one of the ways. */
  readonly byAccess: boolean;
  /** Whether the page stays, with what was typed in it. Access's pages need one of their own then. */
  readonly inNewTab: boolean;
  readonly problem?: string | undefined;
  readonly onToken: () => void;
};

/** How one can sign in: by Cloudflare Access where it is configured, and by a token. */
export function SignInWays({ byAccess, inNewTab, problem, onToken }: Ways) {
  const complaint = problem && (
    <p class="error-message" role="alert">
      {problem}
    </p>
  );
  if (!byAccess) return <TokenForm onToken={onToken}>{complaint}</TokenForm>;
  const back = inNewTab ? "" : `?${new URLSearchParams({ at: location.hash })}`;
  return (
    <div class="ways">
      {complaint}
      <a
        class="button primary"
        href={`${SIGN_IN}${back}`}
        {...(inNewTab && { target: "_blank", rel: "noopener" })}
        // A token would be asked about before the session.
        onClick={dropToken}
      >
        Sign in with Cloudflare Access
      </a>
      <details>
        <summary>Use a token instead</summary>
        <TokenForm onToken={onToken} />
      </details>
    </div>
  );
}

type TokenFormProps = { readonly onToken: () => void; readonly children?: ComponentChildren };

function TokenForm({ onToken, children }: TokenFormProps) {
  const [token, setToken] = useState("");
  return (
    <form
      class="ways"
      onSubmit={(event) => {
        event.preventDefault();
        keepToken(token.trim().replace(/^Bearer\s+/i, ""));
        onToken();
      }}
    >
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        value={token}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      {children}
      <button type="submit" class="primary">
        Open the console
      </button>
      <p class="muted">
        <code>npx concord token --role operator --as you@example.com</code> prints one. It is kept in this tab until the
        tab is closed.
      </p>
    </form>
  );
}
