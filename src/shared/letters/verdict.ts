import type { ConcordEvent } from "#domain/event.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import type { Failure } from "./letter.ts";

/** What today's contracts say about a record. */
export type Verdict =
  | {
      readonly kind: "passes";
      readonly event: ConcordEvent;
      /** The version that its record is of. */
      readonly version: number;
    }
  | { readonly kind: "fails"; readonly failure: Failure };

export function judge(record: QueuedRecord, nowMs: number): Verdict {
  const parsed = parseStamped(record, nowMs);
  return parsed.ok
    ? { kind: "passes", event: parsed.event, version: parsed.version }
    : { kind: "fails", failure: parsed.rejection };
}

export type IssueCount = { readonly path: string; readonly code: string; readonly count: number };

/** In how many failures each issue occurs, most frequent first. All elements of a list count as one place. */
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
