import type { Audit } from "../../../../../src/shared/desk/api.ts";
import { ROW } from "../../parts/list-keys.ts";
import { Time } from "../../parts/time.tsx";
import { shortId } from "../dead-letters/words.ts";
import { type ChangeLine, changesOf } from "./changes.ts";
import { targetHref } from "./target.ts";
import "../../parts/rows.css";

type AuditTableProps = {
  readonly entries: readonly Audit[];
  /** All are of one target, which stands above them. */
  readonly isOfOne?: boolean;
};

/** What was done at the desk, newest first. */
export const AuditTable = ({ entries, isOfOne = false }: AuditTableProps) => (
  <div class="card flush scroll">
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">Did</th>
          {!isOfOne && <th scope="col">To</th>}
          <th scope="col">What came of it</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Row key={entry.id} entry={entry} isOfOne={isOfOne} />
        ))}
      </tbody>
    </table>
  </div>
);

const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

function Row({ entry, isOfOne }: { readonly entry: Audit; readonly isOfOne: boolean }) {
  const { at, actor, role, action, before, after, reason } = entry;
  return (
    <tr>
      <td data-label="When" class="tight">
        <div>
          <Time at={at} />
          <span class="sub">{absolute.format(new Date(at))}</span>
        </div>
      </td>
      <td data-label="Who" class="who-cell">
        <div>
          {actor}
          <span class="sub">{role}</span>
        </div>
      </td>
      <td data-label="Did" class="mono tight">
        {action}
      </td>
      {!isOfOne && (
        <td data-label="To" class="to-cell mono">
          <Target entry={entry} />
        </td>
      )}
      <td data-label="What came of it">
        <Changes lines={changesOf(before, after)} />
      </td>
      <td data-label="Why">{reason ?? <span class="muted">–</span>}</td>
    </tr>
  );
}

function Target({ entry }: { readonly entry: Audit }) {
  const href = targetHref(entry);
  return href === null ? (
    <span>{entry.target}</span>
  ) : (
    <a {...ROW} href={href} title={entry.target}>
      {entry.target.startsWith("{") ? entry.target : shortId(entry.target)}
    </a>
  );
}

const Changes = ({ lines }: { readonly lines: readonly ChangeLine[] }) =>
  lines.length === 0 ? (
    <span class="muted">–</span>
  ) : (
    <ul class="changes">
      {lines.map(({ name, before, after }) => (
        <li key={name}>
          <span class="muted">{name}</span>{" "}
          {before !== undefined && after !== undefined ? <s>{before}</s> : before && `was ${before}`}
          {before !== undefined && after !== undefined && " → "}
          {after !== undefined && <strong>{after}</strong>}
        </li>
      ))}
    </ul>
  );
