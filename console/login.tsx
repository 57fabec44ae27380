import { useState } from "preact/hooks";
import { keepToken } from "./session.ts";

type LoginProps = { readonly problem?: string | undefined; readonly onToken: () => void };

/** Asks for a token, and says where to get one. */
export function Login({ problem, onToken }: LoginProps) {
  const [token, setToken] = useState("");
  return (
    <main class="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          keepToken(token.trim().replace(/^Bearer\s+/i, ""));
          onToken();
        }}
      >
        <h1>Concord operations</h1>
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
        {problem && (
          <p class="error-message" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="primary">
          Open the console
        </button>
        <p class="muted">
          <code>npx concord token --role operator --as you@example.com</code> prints one. It is kept in this tab until
          the tab is closed.
        </p>
      </form>
    </main>
  );
}
