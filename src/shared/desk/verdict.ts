import { parseRecord } from "../contracts/parse.ts";
import type { ConcordEvent } from "../domain/event.ts";
import type { Failure } from "../queue/letter.ts";
import { type QueuedRecord, valueTextOf } from "../queue/parcel.ts";

/** What the contracts of today say of a record. */
export type Verdict =
  | { readonly kind: "passes"; readonly event: ConcordEvent }
  | { readonly kind: "fails"; readonly failure: Failure };

export function judge(record: QueuedRecord, nowMs: number): Verdict {
  const parsed = parseRecord({ ...record, value: valueTextOf(record) }, nowMs);
  return parsed.ok ? { kind: "passes", event: parsed.event } : { kind: "fails", failure: parsed.rejection };
}

export type IssueCount = { readonly path: string; readonly code: string; readonly count: number };

/** In how many failures each issue is, most frequent first; places of lists are one. */
export function issuesByPath(failures: readonly Failure[]): IssueCount[] {
  const counts = new Map<string, IssueCount>();
  for (const failure of failures) {
    if (failure.reason !== "schema_mismatch") continue;
    const issues = failure.issues.map(({ path, code }) => ({ path: path.replace(/\.\d+(?=\.|$)/g, "[]"), code }));
    for (const issue of new Map(issues.map((each) => [`${each.path} ${each.code}`, each])).values()) {
      const key = `${issue.path} ${issue.code}`;
      counts.set(key, { ...issue, count: (counts.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || (a.path < b.path ? -1 : 1));
}
