import { useState } from "preact/hooks";
import type { Issue } from "#domain/issue.ts";
import { formatCount } from "../../parts/numbers.ts";
import { type PayloadLine, parseLines } from "./payload-lines.ts";

/** More than anybody reads, and few enough to be drawn at once. Ours. */
const MOST_LINES = 1_000;

type PayloadProps = {
  /** In a few words, for the heading. */
  readonly title: string;
  readonly text: string | null;
  readonly encoding: "text" | "base64";
  readonly issues: readonly Issue[];
  /** Why there is none. */
  readonly none?: string;
};

/** A payload as it came, with what its contract has against it beside the very place. */
export function Payload({ title, text, encoding, issues, none = "It has none." }: PayloadProps) {
  const lines = text !== null && encoding === "text" ? parseLines(text, issues) : undefined;
  return (
    <section class="card payload-card" aria-label={title}>
      <h2>{title}</h2>
      {/* Without lines there is no place to mark. */}
      {!lines && issues.length > 0 && <Issues issues={issues} />}
      {text === null && <p class="muted">{none}</p>}
      {text !== null && !lines && (
        <>
          <p class="muted">{encoding === "base64" ? "Its bytes as base64:" : "It is not JSON; this is its text:"}</p>
          <pre class="raw">{text}</pre>
        </>
      )}
      {lines && <Lines lines={lines} />}
    </section>
  );
}

function Lines({ lines }: { readonly lines: readonly PayloadLine[] }) {
  const [isWhole, setIsWhole] = useState(lines.length <= MOST_LINES);
  const shown = isWhole ? lines : lines.slice(0, MOST_LINES);
  return (
    <>
      <ol class="payload">
        {shown.map((line, i) => (
          <Line key={`${i} ${line.path}`} line={line} />
        ))}
      </ol>
      {!isWhole && (
        <button type="button" onClick={() => setIsWhole(true)}>
          Show all {formatCount(lines.length)} lines
        </button>
      )}
    </>
  );
}

function Line({ line: { depth, name, text, kind, issues } }: { readonly line: PayloadLine }) {
  const isMarked = issues.length > 0;
  return (
    <li class={isMarked ? (kind === "missing" ? "marked missing" : "marked") : undefined} style={{ "--depth": depth }}>
      <code>
        {name !== null && <span class="name">{name}: </span>}
        {kind === "missing" ? <em>missing</em> : <span class={kind === "value" ? "value" : undefined}>{text}</span>}
      </code>
      {issues.map(({ code, message, path }) => (
        <span key={`${path} ${code} ${message}`} class="issue" title={`${code} at ${path || "value"}`}>
          <span aria-hidden="true">✗ </span>
          {path.includes("*") && `${path}: `}
          {message}
        </span>
      ))}
    </li>
  );
}

const Issues = ({ issues }: { readonly issues: readonly Issue[] }) => (
  <ul class="issues">
    {issues.map(({ path, code, message }) => (
      <li key={`${path} ${code} ${message}`} class="issue">
        ✗ <code>{path || "value"}</code>: {message}
      </li>
    ))}
  </ul>
);
