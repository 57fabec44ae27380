import { AUDIT_ACTIONS, type Audit } from "../../../../src/shared/desk/api.ts";
import type { PageProps } from "../page.ts";
import { usePaged } from "../paged.ts";
import { type Filter, Filters } from "../parts/filters.tsx";
import { useListKeys } from "../parts/list-keys.ts";
import { Listed } from "../parts/listed.tsx";
import { Empty } from "../parts/states.tsx";
import { AuditTable } from "./audit/audit-table.tsx";
import "./audit.css";

const FILTERS: readonly Filter[] = [
  { name: "actor", label: "Who", kind: "text", placeholder: "you@example.com" },
  { name: "target", label: "Target", kind: "text", placeholder: "id of a letter, group or run" },
  { name: "action", label: "Action", kind: "choice", options: AUDIT_ACTIONS },
];

/** Who did what, and why. No entry can be changed. */
export function AuditPage({ route }: PageProps) {
  useListKeys();
  const asked = new URLSearchParams(
    FILTERS.flatMap(({ name }) => (route.query.get(name) ? [[name, route.query.get(name) as string]] : [])),
  );
  const entries = usePaged<Audit>(`/audit?${asked}`, "audit", 10);
  return (
    <div class="stack audit">
      <h1>Audit</h1>
      <Filters route={route} filters={FILTERS} />
      <Listed
        list={entries}
        what={["entry", "entries"]}
        empty={
          asked.size > 0 ? (
            <Empty title="No entries match">Clear a filter to see more.</Empty>
          ) : (
            <Empty title="Nothing has been done yet">
              Every replay, edit, discard, unmasking and run is recorded here, and no entry can be changed.
            </Empty>
          )
        }
      >
        {(items) => <AuditTable entries={items} />}
      </Listed>
    </div>
  );
}
