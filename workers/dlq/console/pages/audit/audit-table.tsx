import type { Audit } from "../../../../../src/shared/desk/api.ts";
import { ROW } from "../../parts/list-keys.ts";
import { FullTime } from "../../parts/time.tsx";
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

function Row({ entry, isOfOne }: { readonly entry: Audit; readonly isOfOne: boolean }) {
  const { at, actor, role, action, before, after, reason } = entry;
  return (
    <tr>
      <td data-label="When">
        <FullTime at={at} />
      </td>
      <td data-label="Who">
        <span>
          {actor} <span class="muted">{role}</span>
        </span>
      </td>
      <td data-label="Did" class="mono tight">
        {action}
      </td>
      {!isOfOne && (
        <td data-label="To" class="mono">
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
    <a {...ROW} href={href}>
      {entry.target}
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
          <span class="muted">{name}</span> {before !== undefined && after !== undefined ? <s>{before}</s> : before}
          {before !== undefined && after !== undefined && " → "}
          {after !== undefined && <strong>{after}</strong>}
        </li>
      ))}
    </ul>
  );
