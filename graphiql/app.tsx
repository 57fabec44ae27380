import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { createFetcher } from "./fetcher.ts";
import { savedQueries } from "./saved-queries.ts";
import { type Start, start } from "./start.ts";
import { dropToken, keepToken, readToken } from "./token.ts";
import { TokenForm } from "./token-form.tsx";

type State = Start | { readonly kind: "starting" } | { readonly kind: "out-of-reach" };

/** The page: a form for a token where one is needed, and GraphiQL with it. */
export function App() {
  const [state, setState] = useState<State>({ kind: "starting" });
  const [attempt, setAttempt] = useState(0);
  const again = () => setAttempt((before) => before + 1);
  useEffect(() => {
    let isCurrent = true;
    const show = (next: State) => isCurrent && setState(next);
    start().then(show, () => show({ kind: "out-of-reach" }));
    return () => {
      isCurrent = false;
    };
  }, [attempt]);
  switch (state.kind) {
    case "starting":
      return null;
    case "out-of-reach":
      return (
        <main className="start" role="alert">
          <p>The API does not answer. Nothing was sent.</p>
          <button type="button" onClick={again}>
            Try again
          </button>
        </main>
      );
    case "token-needed":
      return (
        <TokenForm
          {...state}
          onToken={(token) => {
            keepToken(token);
            again();
          }}
        />
      );
    case "ready":
      return (
        <Editors
          {...state}
          onForget={() => {
            dropToken();
            setState({ kind: "token-needed", environment: state.environment, why: null });
          }}
        />
      );
  }
}

type Ready = Extract<Start, { readonly kind: "ready" }> & { readonly onForget: () => void };

function Editors({ environment, token, deviceKey, onForget }: Ready) {
  const fetcher = useMemo(() => createFetcher(token), [token]);
  const tabs = useMemo(
    () =>
      savedQueries(deviceKey).map(({ query, variables }) => ({
        query,
        variables: variables ? JSON.stringify(variables, null, 2) : null,
      })),
    [deviceKey],
  );
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={tabs}
      defaultEditorToolsVisibility="variables"
      // A token that somebody puts into a tab's headers is not stored with the tab.
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
    >
      <GraphiQL.Logo>
        <span className="logo">Concord {environment}</span>
        {readToken() !== null && (
          <button type="button" className="forget" onClick={onForget}>
            Forget the token
          </button>
        )}
      </GraphiQL.Logo>
    </GraphiQL>
  );
}
