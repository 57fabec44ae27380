import type { GroupEdit } from "#ops/api.ts";
import { formatCount } from "../../parts/numbers.ts";
import { type DiffLine, diffPayloads } from "./payload-diff.ts";
import { formatLetters } from "./words.ts";

/** What one patch does to a group: how many letters would pass, and a few of them before and after. */
export const GroupEditPreview = ({ edit: { letters, pass, fail, applied, samples } }: { readonly edit: GroupEdit }) => (
  <div class="stack" role="status">
    <p>
      <strong>
        {applied > 0
          ? `${formatLetters(applied)} edited. Replay the group now.`
          : `${formatCount(pass)} of ${formatLetters(letters)} would pass. None is edited yet.`}
      </strong>
    </p>
    {fail.issues.length > 0 && (
      <ul class="issues">
        {fail.issues.map(({ path, code, count }) => (
          <li key={`${path} ${code}`} class="issue">
            ✗ {formatCount(count)} still: {code} at <code>{path || "value"}</code>
          </li>
        ))}
      </ul>
    )}
    {samples.map((sample) => (
      <Sample key={sample.id} sample={sample} />
    ))}
  </div>
);

function Sample({ sample: { id, before, after, issues } }: { readonly sample: GroupEdit["samples"][number] }) {
  const diff = before !== null && after !== null ? diffPayloads(before, after) : undefined;
  return (
    <section class="sample" aria-label={`Letter ${id}`}>
      <p class="muted mono">{id}</p>
      <div class="pair">
        {diff ? (
          <>
            <Side name="Before" sign="−" lines={diff[0]} />
            <Side name="After" sign="+" lines={diff[1]} />
          </>
        ) : (
          <>
            <pre class="raw">{before ?? "no value"}</pre>
            <pre class="raw">
              {after ??
                (issues.map(({ path, message }) => `✗ ${path || "value"}: ${message}`).join("\n") ||
                  "✗ the patch cannot be applied")}
            </pre>
          </>
        )}
      </div>
    </section>
  );
}

type SideProps = { readonly name: "Before" | "After"; readonly sign: string; readonly lines: readonly DiffLine[] };

/** One side of a comparison. A changed line has a sign as well as a colour. */
const Side = ({ name, sign, lines }: SideProps) => (
  <ol class={`diff ${name.toLowerCase()}`} aria-label={name}>
    {lines.map(({ depth, name: member, text, differs, path, kind }) => (
      <li
        key={`${kind} ${path}`}
        class={differs ? "differs" : undefined}
        data-sign={differs ? sign : undefined}
        style={{ "--depth": depth }}
      >
        <code>
          {member !== null && `${member}: `}
          {text}
        </code>
      </li>
    ))}
  </ol>
);
