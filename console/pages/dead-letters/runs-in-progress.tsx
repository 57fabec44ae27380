import type { Run } from "#ops/api.ts";
import { useAnswer } from "../../answer.ts";
import { Badge } from "../../parts/badge.tsx";
import { formatCount } from "../../parts/numbers.ts";
import { StackedBar } from "../../parts/stacked-bar.tsx";
import { hrefOf } from "../../route.ts";
import { partsOfProgress } from "./run-progress.tsx";
import { countCompleted, shortId, toneOf } from "./words.ts";

/** Runs that are running or paused; nothing where there are none. */
export function RunsInProgress() {
  const { data } = useAnswer<{ runs: readonly Run[] }>("/runs", 2);
  const runs = data?.runs.filter(({ state }) => state === "running" || state === "paused") ?? [];
  if (runs.length === 0) return null;
  return (
    <section class="card in-progress" aria-label="Runs in progress">
      {runs.map((run) => (
        <div key={run.id}>
          <Badge tone={toneOf(run.state)}>{run.state}</Badge>
          <a href={hrefOf(["runs", run.id])}>{run.name ?? shortId(run.id)}</a>
          <StackedBar
            parts={partsOfProgress(run.progress)}
            total={run.progress.total}
            label={run.name ?? "Run"}
            mark={run.canary}
          />
          <span class="num">
            {formatCount(countCompleted(run))} / {formatCount(run.progress.total)}
          </span>
        </div>
      ))}
    </section>
  );
}
