import type { Group, Trends } from "../../../../../src/shared/desk/api.ts";
import { REASONS } from "../../../../../src/shared/desk/reasons.ts";
import { GROUP_STATES } from "../../../../../src/shared/desk/states.ts";
import type { PageProps } from "../../page.ts";
import { usePaged } from "../../paged.ts";
import { Badge } from "../../parts/badge.tsx";
import { type Filter, Filters } from "../../parts/filters.tsx";
import { ROW } from "../../parts/list-keys.ts";
import { Listed } from "../../parts/listed.tsx";
import { countOf } from "../../parts/numbers.ts";
import { Empty } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { CountsBar } from "./counts-bar.tsx";
import { RunsInProgress } from "./runs-in-progress.tsx";
import { Section } from "./section.tsx";
import { failuresIn, Trend, useTrends } from "./trend.tsx";
import { causeOf, toneOf, waitingIn } from "./words.ts";

const FILTERS: readonly Filter[] = [
  { name: "state", label: "State", kind: "choice", options: GROUP_STATES },
  { name: "reason", label: "Reason", kind: "choice", options: REASONS },
  { name: "topic", label: "Topic", kind: "text", placeholder: "full topic name" },
];

const columnsOf = (trends: Trends | undefined): readonly Column<Group>[] => [
  { name: "State", by: ({ state }) => state, cell: ({ state }) => <Badge tone={toneOf(state)}>{state}</Badge> },
  {
    name: "Cause",
    by: causeOf,
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
  { name: "Reason", by: ({ reason }) => reason, class: "tight", cell: ({ reason }) => reason },
  {
    name: "Waiting",
    by: ({ counts }) => waitingIn(counts),
    isNumber: true,
    cell: ({ counts }) => <strong>{countOf(waitingIn(counts))}</strong>,
  },
  { name: "Letters", by: ({ letters }) => letters, isNumber: true, cell: ({ letters }) => countOf(letters) },
  {
    name: "Last 24 h",
    by: ({ id }) => failuresIn(trends, id),
    class: "trend-cell",
    cell: ({ id }) => <Trend hours={trends?.trends[id]} />,
  },
  { name: "By state", class: "bar-cell", cell: ({ counts }) => <CountsBar counts={counts} /> },
  {
    name: "First failed",
    by: ({ firstFailedAt }) => firstFailedAt,
    class: "tight",
    cell: ({ firstFailedAt }) => <Time at={firstFailedAt} />,
  },
  {
    name: "Last failed",
    by: ({ lastFailedAt }) => lastFailedAt,
    class: "tight",
    cell: ({ lastFailedAt }) => <Time at={lastFailedAt} />,
  },
];

/** Kinds of failure, newest failure first. Two thousand letters are often three of them. */
export function GroupList({ route }: PageProps) {
  const asked = new URLSearchParams(
    FILTERS.flatMap(({ name }) => (route.query.get(name) ? [[name, route.query.get(name) as string]] : [])),
  );
  const isNarrowed = asked.size > 0;
  const groups = usePaged<Group>(`/groups?${asked}`, "groups", 5);
  return (
    <Section at="groups">
      <RunsInProgress />
      <Filters route={route} filters={FILTERS} />
      <Listed
        list={groups}
        what={["group", "groups"]}
        empty={
          isNarrowed ? (
            <Empty title="No groups match">Clear a filter to see more.</Empty>
          ) : (
            <Empty title="No dead letters">
              Every record was applied. A record that cannot be applied is kept here until somebody deals with it.
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
      <Table columns={columnsOf(trends)} items={groups} keyOf={({ id }) => id} />
    </div>
  );
}
