import type { ComponentChild } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { SignedInBy } from "#auth/ops-role.ts";
import type { Me } from "#ops/api.ts";
import { useAnswer } from "./answer.ts";
import type { PageProps } from "./page.ts";
import { AuditPage } from "./pages/audit.tsx";
import { DeadLettersPage } from "./pages/dead-letters.tsx";
import { DevicesPage } from "./pages/devices.tsx";
import { FlowPage } from "./pages/flow.tsx";
import { TopicsPage } from "./pages/topics.tsx";
import { isTaken } from "./parts/list-keys.ts";
import { ErrorMessage, Loading } from "./parts/states.tsx";
import { useRoute } from "./route.ts";
import { SignInAgain } from "./sign-in/again.tsx";
import { ACCESS_LOGOUT, Login } from "./sign-in/login.tsx";
import { dropToken } from "./sign-in/session.ts";
import { useSessionEnd, useSignInElsewhere } from "./sign-in/use-session.ts";

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
  // A session that has run out, or was taken away, is noticed within a minute.
  const me = useAnswer<Me>("/me", 60);
  const end = useSessionEnd();
  useSignInElsewhere(me.reload);
  const { data, refusal } = me;
  if (refusal?.status === 403 || (refusal?.status === 401 && !data)) {
    return <Login refusal={refusal} onToken={me.reload} />;
  }
  if (data) {
    return (
      <>
        {/* Somebody else gets a page of their own, without what was typed. */}
        <Ops key={data.actor} me={data} />
        {end && <SignInAgain end={end} by={data.by} onToken={me.reload} />}
      </>
    );
  }
  return (
    <main class="login">
      {refusal ? <ErrorMessage refusal={refusal} onRetry={me.reload} /> : <Loading what="the console" />}
    </main>
  );
}

function Ops({ me }: { readonly me: Me }) {
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
          <span title={`role ${me.role}, signed in by ${WAYS[me.by]} until ${timeOf(me.expiresAt)}`}>{me.actor}</span>
          <SignOut by={me.by} />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {page ? (
          page.show({ route, user: me })
        ) : (
          <p>
            This page does not exist. Go to <a href="#/flow">Flow</a>.
          </p>
        )}
      </main>
    </>
  );
}

const WAYS: Readonly<Record<SignedInBy, string>> = {
  token: "a token",
  access: "Cloudflare Access",
  "access-service": "a service token",
};

const timeOf = (iso: string): string => new Date(iso).toLocaleString();

/** Access keeps its session in a cookie that only Access can end; a token is dropped here. */
function SignOut({ by }: { readonly by: SignedInBy }) {
  if (by === "access") {
    return (
      <a class="sign-out" href={ACCESS_LOGOUT}>
        Sign out
      </a>
    );
  }
  return (
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
  );
}
