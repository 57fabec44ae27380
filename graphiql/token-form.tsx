import { type FormEvent, useId } from "react";

type Props = {
  readonly environment: string;
  /** Why the last one was not accepted. */
  readonly why: string | null;
  readonly onToken: (token: string) => void;
};

/** Asks for a token, and says how to get one. */
export function TokenForm({ environment, why, onToken }: Props) {
  const field = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    if (typeof token === "string" && token.trim() !== "") onToken(token.trim().replace(/^Bearer\s+/i, ""));
  };
  return (
    <main className="start">
      <h1>Concord {environment}: GraphiQL</h1>
      {why !== null && <p role="alert">{why}</p>}
      <form onSubmit={submit}>
        <label htmlFor={field}>Token</label>
        <input id={field} name="token" type="password" autoComplete="off" spellCheck={false} required />
        <button type="submit">Open GraphiQL</button>
      </form>
      <p>
        Whoever has a signing key prints one with <code>npx concord token --role service</code>, or for a dealer with{" "}
        <code>npx concord token --role dealer --dealer D-21</code>. It stays in this tab and is gone with it.
      </p>
    </main>
  );
}
