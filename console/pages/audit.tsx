import { AUDIT_ACTIONS, type Audit } from "#ops/api.ts";
import type { PageProps } from "../page.ts";
import { usePaged } from "../paged.ts";
import { type Filter, Filters } from "../parts/filters.tsx";
import { useListKeys } from "../parts/list-keys.ts";
import { listPath, rangeFilters, useFilter, withinFilter } from "../parts/list-query.ts";
import { Listed } from "../parts/listed.tsx";
import { Empty } from "../parts/states.tsx";
import { AuditTable } from "./audit/audit-table.tsx";
import "./audit.css";

const FILTERS: readonly Filter[] = [
  { name: "actor", label: "Actor", kind: "text", placeholder: "you@example.com" },
  { name: "target", label: "Target", kind: "text", placeholder: "whole id" },
  { name: "action", label: "Action", kind: "choice", options: AUDIT_ACTIONS },
  withinFilter("Recorded"),
];

const OTHERS = rangeFilters("Recorded");

/** The audit log: who did what, and why. Only words that quote somebody who was forgotten are ever replaced. */
export function AuditPage({ route }: PageProps) {
  useListKeys();
  const filter = useFilter(route.query, ["actor", "target", "action"]);
  const entries = usePaged<Audit>(listPath("/audit", filter, route.query), "audit", 10);
  return (
    <div class="stack audit">
      <h1>Audit log</h1>
      <Filters route={route} filters={FILTERS} others={OTHERS} />
      <Listed
        list={entries}
        what={["entry", "entries"]}
        empty={
          Object.keys(filter).length > 0 ? (
            <Empty title="No entries match these filters">Clear a filter to see more.</Empty>
          ) : (
            <Empty title="No entries yet">
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
