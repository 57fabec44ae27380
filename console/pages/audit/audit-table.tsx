import type { Audit } from "#ops/api.ts";
import { ROW } from "../../parts/list-keys.ts";
import { None } from "../../parts/none.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { formatFullTime, Time } from "../../parts/time.tsx";
import { shortId } from "../dead-letters/words.ts";
import { type ChangeLine, listChanges } from "./changes.ts";
import { targetHref } from "./target.ts";

type AuditTableProps = {
  readonly entries: readonly Audit[];
  /** All are of one target, which stands above them. */
  readonly isOfOne?: boolean;
};

const COLUMNS: readonly Column<Audit>[] = [
  {
    name: "Time",
    class: "tight",
    cell: ({ at }) => (
      <>
        <Time at={at} />
        <span class="sub">{formatFullTime(at)}</span>
      </>
    ),
  },
  {
    name: "Actor",
    class: "who-cell",
    cell: ({ actor, role }) => (
      <>
        {actor}
        <span class="sub">{role}</span>
      </>
    ),
  },
  { name: "Action", class: "mono tight", cell: ({ action }) => action },
  { name: "Target", class: "to-cell mono", cell: (entry) => <Target entry={entry} /> },
  { name: "Change", cell: ({ before, after }) => <Changes lines={listChanges(before, after)} /> },
  { name: "Reason", cell: ({ reason }) => reason ?? <None /> },
];

/** Who did what, and when. */
export const AuditTable = ({ entries, isOfOne = false }: AuditTableProps) => (
  <div class="card flush">
    <Table
      columns={isOfOne ? COLUMNS.filter(({ name }) => name !== "Target") : COLUMNS}
      items={entries}
      keyOf={({ id }) => id}
      pagesOf={isOfOne ? undefined : "audit"}
    />
  </div>
);

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

/** "inFlight" → "in flight" */
const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const Changes = ({ lines }: { readonly lines: readonly ChangeLine[] }) =>
  lines.length === 0 ? (
    <None />
  ) : (
    <ul class="changes">
      {lines.map(({ name, before, after }) => (
        <li key={name}>
          <span class="muted">{wordsOf(name)}</span>{" "}
          {before !== undefined && after !== undefined ? <s>{before}</s> : before && `was ${before}`}
          {before !== undefined && after !== undefined && " → "}
          {after !== undefined && <strong>{after}</strong>}
        </li>
      ))}
    </ul>
  );
