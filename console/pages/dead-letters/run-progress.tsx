import type { Progress, Run } from "#ops/api.ts";
import { formatCount } from "../../parts/numbers.ts";
import { Legend, type Part, StackedBar } from "../../parts/stacked-bar.tsx";
import { OUTCOME_TONES } from "./outcome-tones.ts";
import { countCompleted } from "./words.ts";

/** The letters of a run by state, the finished ones first. */
export const partsOfProgress = (progress: Progress): Part[] => [
  { name: "applied", count: progress.applied, tone: OUTCOME_TONES.applied },
  { name: "unchanged", count: progress.unchanged, tone: OUTCOME_TONES.unchanged },
  { name: "duplicate", count: progress.duplicate, tone: OUTCOME_TONES.duplicate },
  { name: "superseded", count: progress.superseded, tone: OUTCOME_TONES.superseded },
  { name: "failed", count: progress.failed, tone: "bad" },
  { name: "skipped", count: progress.skipped, tone: "quiet" },
  { name: "in flight", count: progress.inFlight, tone: "moving" },
];

/** How far a run is, and how its letters ended. */
export function RunProgress({ run }: { readonly run: Run }) {
  const { progress, canary } = run;
  const parts = partsOfProgress(progress);
  const share = progress.total === 0 ? 100 : Math.floor((countCompleted(run) / progress.total) * 100);
  return (
    <section class="card stack" aria-labelledby="progress">
      <h2 id="progress">Progress</h2>
      <p class="figure">
        <strong>{share} %</strong> {formatCount(countCompleted(run))} of {formatCount(progress.total)} completed
      </p>
      <div>
        <StackedBar parts={parts} total={progress.total} label="Progress" mark={canary} />
        <Legend parts={[...parts, { name: "not sent", count: progress.waiting, tone: "quiet" }]} />
      </div>
      {canary > 0 && canary < progress.total && (
        <p class="muted">
          The line marks the canary: the first {formatCount(canary)}{" "}
          {countCompleted(run) >= canary ? "completed." : "are sent before the others."}
        </p>
      )}
    </section>
  );
}
