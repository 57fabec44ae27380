import type { Run } from "../../../../../src/shared/desk/api.ts";
import type { PageProps } from "../../page.ts";
import { usePaged } from "../../paged.ts";
import { Badge } from "../../parts/badge.tsx";
import { ROW } from "../../parts/list-keys.ts";
import { Listed } from "../../parts/listed.tsx";
import { countOf } from "../../parts/numbers.ts";
import { StackedBar } from "../../parts/stacked-bar.tsx";
import { Empty } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { partsOfProgress } from "./run-progress.tsx";
import { Section } from "./section.tsx";
import { backOf, shortId, toneOf } from "./words.ts";
import "../../parts/rows.css";

/** Plans and runs, newest first. */
export function RunList(_: PageProps) {
  const runs = usePaged<Run>("/runs?", "runs", 2);
  return (
    <Section at="runs">
      <Listed
        list={runs}
        what={["run", "runs"]}
        empty={
          <Empty title="No runs yet">
            Plan a replay of a <a href="#/groups">group</a>, or of some <a href="#/letters">letters</a>.
          </Empty>
        }
      >
        {(items) => (
          <div class="card flush scroll">
            <table class="rows">
              <thead>
                <tr>
                  <th scope="col">State</th>
                  <th scope="col">Run</th>
                  <th scope="col">Progress</th>
                  <th scope="col" class="num">
                    Back
                  </th>
                  <th scope="col" class="num">
                    Failed
                  </th>
                  <th scope="col">By</th>
                  <th scope="col">Planned</th>
                  <th scope="col">Began</th>
                  <th scope="col">Ended</th>
                </tr>
              </thead>
              <tbody>
                {items.map((run) => (
                  <RunRow key={run.id} run={run} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Listed>
    </Section>
  );
}

function RunRow({ run }: { readonly run: Run }) {
  const { id, name, state, why, progress, actor, createdAt, startedAt, endedAt, canary } = run;
  return (
    <tr>
      <td data-label="State">
        <span>
          <Badge tone={toneOf(state)}>{state}</Badge>
        </span>
      </td>
      <th scope="row" class="what">
        <a {...ROW} href={hrefOf(["runs", id])}>
          {name ?? `Plan ${shortId(id)}`}
        </a>
        {why && <span class="sub">{why}</span>}
      </th>
      <td data-label="Progress" class="bar-cell">
        <StackedBar parts={partsOfProgress(progress)} total={progress.total} label="Progress" mark={canary} />
      </td>
      <td data-label="Back" class="num">
        {countOf(backOf(run))} / {countOf(progress.total)}
      </td>
      <td data-label="Failed" class="num">
        {countOf(progress.failed)}
      </td>
      <td data-label="By">{actor}</td>
      <td data-label="Planned" class="tight">
        <Time at={createdAt} />
      </td>
      <td data-label="Began" class="tight">
        <Time at={startedAt} />
      </td>
      <td data-label="Ended" class="tight">
        {endedAt ? <Time at={endedAt} /> : <span class="muted">–</span>}
      </td>
    </tr>
  );
}
