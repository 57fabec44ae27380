import type { ComponentChild } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { OpsUser } from "#auth/ops-role.ts";
import { useAnswer } from "./answer.ts";
import { Login } from "./login.tsx";
import type { PageProps } from "./page.ts";
import { AuditPage } from "./pages/audit.tsx";
import { DeadLettersPage } from "./pages/dead-letters.tsx";
import { DevicesPage } from "./pages/devices.tsx";
import { FlowPage } from "./pages/flow.tsx";
import { TopicsPage } from "./pages/topics.tsx";
import { isTaken } from "./parts/list-keys.ts";
import { ErrorMessage, Loading } from "./parts/states.tsx";
import { useRoute } from "./route.ts";
import { dropToken, readToken } from "./session.ts";

type Page = {
  readonly name: string;
  /** The first parts of a route that lead here; the first of them is the page's own. */
  readonly at: readonly string[];
  readonly show: (props: PageProps) => ComponentChild;
};

/** Alt and the number of its place goes to a page. */
const PAGES: readonly Page[] = [
  { name: "Flow", at: ["flow"], show: (props) => <FlowPage {...props} /> },
  { name: "Topics", at: ["topics"], show: (props) => <TopicsPage {...props} /> },
  { name: "Dead letters", at: ["groups", "letters", "runs"], show: (props) => <DeadLettersPage {...props} /> },
  { name: "Devices", at: ["devices"], show: (props) => <DevicesPage {...props} /> },
  { name: "Audit", at: ["audit"], show: (props) => <AuditPage {...props} /> },
];

export function Console() {
  // A token that has run out, or was taken away, is noticed within a minute.
  const me = useAnswer<OpsUser>("/me", 60);
  if (me.refusal && (me.refusal.status === 401 || me.refusal.status === 403)) {
    return <Login problem={readToken() === null ? undefined : me.refusal.message} onToken={me.reload} />;
  }
  if (me.data) return <Ops user={me.data} />;
  return (
    <main class="login">
      {me.refusal ? <ErrorMessage refusal={me.refusal} onRetry={me.reload} /> : <Loading what="the console" />}
    </main>
  );
}

function Ops({ user }: { readonly user: OpsUser }) {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const at = route.path[0] ?? "flow";
  const page = PAGES.find((each) => each.at.includes(at));
  useEffect(() => {
    document.title = `${page?.name ?? "Not found"} · Concord`;
  }, [page]);
  useEffect(() => {
    const jump = (event: KeyboardEvent) => {
      const target = event.altKey ? PAGES[Number(event.code.replace("Digit", "")) - 1] : undefined;
      // On some keyboards, Alt and a number types a bracket.
      if (!target || isTaken(event)) return;
      event.preventDefault();
      location.hash = `#/${target.at[0]}`;
      main.current?.focus();
    };
    addEventListener("keydown", jump);
    return () => removeEventListener("keydown", jump);
  }, []);
  return (
    <>
      <header class="bar">
        <button type="button" class="skip" onClick={() => main.current?.focus()}>
          Skip to the page
        </button>
        <a class="brand" href="#/flow">
          Concord
        </a>
        <nav aria-label="Pages">
          {PAGES.map(({ name, at: [home] }, i) => (
            <a
              key={name}
              href={`#/${home}`}
              aria-current={page?.name === name ? "page" : undefined}
              aria-keyshortcuts={`Alt+${i + 1}`}
              title={`${name} (Alt+${i + 1})`}
            >
              {name}
            </a>
          ))}
        </nav>
        <div class="who">
          <span title={`role ${user.role}`}>{user.actor}</span>
          {readToken() !== null && (
            <button
              type="button"
              class="plain"
              onClick={() => {
                dropToken();
                // What is on the page goes too, unmasked values first of all, even if the API does not answer.
                location.reload();
              }}
            >
              Sign out
            </button>
          )}
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {page ? (
          page.show({ route, user })
        ) : (
          <p>
            This page does not exist. Go to <a href="#/flow">Flow</a>.
          </p>
        )}
      </main>
    </>
  );
}
