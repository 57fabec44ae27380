import type { LetterCounts } from "#ops/api.ts";
import { type Part, StackedBar } from "../../parts/stacked-bar.tsx";

/** The counts of a group's letters by state, waiting ones first. */
export const partsOfCounts = (counts: LetterCounts): Part[] => [
  { name: "open", count: counts.open, tone: "bad" },
  { name: "quarantined", count: counts.quarantined, tone: "warn" },
  { name: "replaying", count: counts.replaying, tone: "moving" },
  { name: "resolved", count: counts.resolved, tone: "good" },
  { name: "discarded", count: counts.discarded, tone: "quiet" },
];

export function CountsBar({ counts }: { readonly counts: LetterCounts }) {
  const parts = partsOfCounts(counts);
  return <StackedBar parts={parts} total={parts.reduce((sum, { count }) => sum + count, 0)} label="Letters" />;
}
