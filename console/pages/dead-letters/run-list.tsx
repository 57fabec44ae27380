import type { Run } from "#ops/api.ts";
import type { PageProps } from "../../page.ts";
import { usePaged } from "../../paged.ts";
import { Badge } from "../../parts/badge.tsx";
import { ROW } from "../../parts/list-keys.ts";
import { listPath } from "../../parts/list-query.ts";
import { Listed } from "../../parts/listed.tsx";
import { None } from "../../parts/none.tsx";
import { formatCount } from "../../parts/numbers.ts";
import { StackedBar } from "../../parts/stacked-bar.tsx";
import { Empty } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { partsOfProgress } from "./run-progress.tsx";
import { Section } from "./section.tsx";
import { countCompleted, shortId, toneOf } from "./words.ts";

const timeColumn = (name: string, of: (run: Run) => string | null): Column<Run> => ({
  name,
  class: "tight",
  cell: (run) => {
    const at = of(run);
    return at === null ? <None /> : <Time at={at} />;
  },
});

const COLUMNS: readonly Column<Run>[] = [
  { name: "State", cell: ({ state }) => <Badge tone={toneOf(state)}>{state}</Badge> },
  {
    name: "Run",
    isName: true,
    class: "what",
    cell: ({ id, name, why }) => (
      <>
        <a {...ROW} href={hrefOf(["runs", id])}>
          {name ?? `Plan ${shortId(id)}`}
        </a>
        {why && <span class="sub">{why}</span>}
      </>
    ),
  },
  {
    name: "Progress",
    class: "bar-cell",
    cell: ({ progress, canary }) => (
      <StackedBar parts={partsOfProgress(progress)} total={progress.total} label="Progress" mark={canary} />
    ),
  },
  {
    name: "Completed",
    isNumber: true,
    cell: (run) => `${formatCount(countCompleted(run))} / ${formatCount(run.progress.total)}`,
  },
  {
    name: "Failed",
    isNumber: true,
    cell: ({ progress }) => formatCount(progress.failed),
  },
  { name: "By", cell: ({ actor }) => actor },
  timeColumn("Planned", ({ createdAt }) => createdAt),
  timeColumn("Started", ({ startedAt }) => startedAt),
  timeColumn("Ended", ({ endedAt }) => endedAt),
];

/** Plans and replay runs. */
export function RunList({ route }: PageProps) {
  const runs = usePaged<Run>(listPath("/runs", {}, route.query), "runs", 2);
  return (
    <Section at="runs">
      <Listed
        list={runs}
        what={["run", "runs"]}
        empty={
          <Empty title="No runs yet">
            Plan a replay of a <a href="#/groups">group</a> or of <a href="#/letters">letters</a>.
          </Empty>
        }
      >
        {(items) => (
          <div class="card flush">
            <Table columns={COLUMNS} items={items} keyOf={({ id }) => id} pagesOf="runs" />
          </div>
        )}
      </Listed>
    </Section>
  );
}
