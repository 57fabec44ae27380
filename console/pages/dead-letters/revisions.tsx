import type { Revision } from "#ops/api.ts";
import { FullTime } from "../../parts/time.tsx";

/** What was edited, first to last. */
export const Revisions = ({ revisions }: { readonly revisions: readonly Revision[] }) => (
  <section class="card" aria-labelledby="revisions">
    <h2 id="revisions">Edits</h2>
    <ol class="revisions">
      {revisions.map(({ revision, patch, actor, reason, at }) => (
        <li key={revision} value={revision}>
          <p>
            “{reason}” <span class="muted">by {actor}, </span>
            <FullTime at={at} />
          </p>
          <Patch patch={patch} />
        </li>
      ))}
    </ol>
  </section>
);

type Operation = { readonly op?: string; readonly path?: string; readonly from?: string; readonly value?: unknown };

/** A JSON Patch, an operation a line. */
export const Patch = ({ patch }: { readonly patch: readonly object[] }) => (
  <ul class="patch">
    {patch.map((each, i) => {
      const { op, path, from, value } = each as Operation;
      return (
        <li key={`${i} ${path}`} class="mono">
          <span class={`op ${op}`}>{op}</span> {from !== undefined && `${from} → `}
          {path === "" ? "the whole" : path}
          {value !== undefined && <span class="value"> {JSON.stringify(value)}</span>}
        </li>
      );
    })}
  </ul>
);
