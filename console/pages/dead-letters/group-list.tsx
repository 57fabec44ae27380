import { REASONS } from "#letters/reasons.ts";
import { GROUP_STATES } from "#letters/states.ts";
import type { Group, Trends } from "#ops/api.ts";
import type { PageProps } from "../../page.ts";
import { usePaged } from "../../paged.ts";
import { Badge } from "../../parts/badge.tsx";
import { type Filter, Filters } from "../../parts/filters.tsx";
import { ROW } from "../../parts/list-keys.ts";
import { listPath, rangeFilters, useFilter, withinFilter } from "../../parts/list-query.ts";
import { Listed } from "../../parts/listed.tsx";
import { formatCount } from "../../parts/numbers.ts";
import { Empty } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { CountsBar } from "./counts-bar.tsx";
import { RunsInProgress } from "./runs-in-progress.tsx";
import { Section } from "./section.tsx";
import { Trend, useTrends } from "./trend.tsx";
import { causeOf, toneOf, waitingIn } from "./words.ts";

const FILTERS: readonly Filter[] = [
  { name: "state", label: "State", kind: "choice", options: GROUP_STATES },
  { name: "reason", label: "Reason", kind: "choice", options: REASONS },
  { name: "topic", label: "Topic", kind: "text", placeholder: "full topic name" },
  withinFilter("Failed"),
];

const OTHERS = rangeFilters("Failed");

const columnsOf = (trends: Trends | undefined): readonly Column<Group>[] => [
  { name: "State", cell: ({ state }) => <Badge tone={toneOf(state)}>{state}</Badge> },
  {
    name: "Cause",
    isName: true,
    class: "what",
    cell: (group) => (
      <>
        <a {...ROW} href={hrefOf(["groups", group.id])}>
          {causeOf(group)}
        </a>
        <span class="sub mono">{group.topic}</span>
        {group.note && <span class="sub">“{group.note}”</span>}
      </>
    ),
  },
  { name: "Reason", class: "tight", cell: ({ reason }) => reason },
  {
    name: "Waiting",
    isNumber: true,
    cell: ({ counts }) => <strong>{formatCount(waitingIn(counts))}</strong>,
  },
  { name: "Letters", isNumber: true, cell: ({ letters }) => formatCount(letters) },
  {
    name: "Last 24 h",
    class: "trend-cell tight",
    cell: ({ id }) => <Trend hours={trends?.trends[id]} />,
  },
  { name: "By state", class: "bar-cell", cell: ({ counts }) => <CountsBar counts={counts} /> },
  {
    name: "First failed",
    class: "tight",
    cell: ({ firstFailedAt }) => <Time at={firstFailedAt} />,
  },
  {
    name: "Last failed",
    class: "tight",
    cell: ({ lastFailedAt }) => <Time at={lastFailedAt} />,
  },
];

/** Failures by cause. Two thousand letters often have three. */
export function GroupList({ route }: PageProps) {
  const filter = useFilter(route.query, ["state", "reason", "topic"]);
  const isNarrowed = Object.keys(filter).length > 0;
  const groups = usePaged<Group>(listPath("/groups", filter, route.query), "groups", 5);
  return (
    <Section at="groups">
      <RunsInProgress />
      <Filters route={route} filters={FILTERS} others={OTHERS} />
      <Listed
        list={groups}
        what={["group", "groups"]}
        empty={
          isNarrowed ? (
            <Empty title="No groups match these filters">Clear a filter to see more.</Empty>
          ) : (
            <Empty title="No dead letters">
              Every record was applied. A record that cannot be applied is kept here until an operator closes it.
            </Empty>
          )
        }
      >
        {(items) => <GroupTable groups={items} />}
      </Listed>
    </Section>
  );
}

function GroupTable({ groups }: { readonly groups: readonly Group[] }) {
  const trends = useTrends(groups.map(({ id }) => id));
  return (
    <div class="card flush">
      <Table columns={columnsOf(trends)} items={groups} keyOf={({ id }) => id} pagesOf="groups" />
    </div>
  );
}
