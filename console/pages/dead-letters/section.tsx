import type { ComponentChildren } from "preact";

const SECTIONS = ["groups", "letters", "runs"] as const;
const NAMES = { groups: "Groups", letters: "Letters", runs: "Runs" } as const;

type SectionProps = {
  readonly at: (typeof SECTIONS)[number];
  /** What can be done with all that is listed. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
};

/** A list of dead letters, with links to the other two. */
export const Section = ({ at, actions, children }: SectionProps) => (
  <div class="stack dead-letters">
    <header class="row spread">
      <div class="row sections">
        <h1>Dead letters</h1>
        <nav class="row" aria-label="Dead letters">
          {SECTIONS.map((section) => (
            <a key={section} href={`#/${section}`} aria-current={section === at ? "page" : undefined}>
              {NAMES[section]}
            </a>
          ))}
        </nav>
      </div>
      {actions && <div class="row">{actions}</div>}
    </header>
    {children}
  </div>
);

type OneProps = {
  readonly at: (typeof SECTIONS)[number];
  readonly title: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
};

/** The page of one item of a list, with a link back to the list. */
export const One = ({ at, title, actions, children }: OneProps) => (
  <div class="stack dead-letters">
    <header class="one-head">
      <a class="back" href={`#/${at}`}>
        ← {NAMES[at]}
      </a>
      <div class="row spread">
        <h1 class="row">{title}</h1>
        {actions && <div class="row">{actions}</div>}
      </div>
    </header>
    {children}
  </div>
);
