import type { Group } from "../../../../../src/shared/desk/api.ts";
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
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { CountsBar } from "./counts-bar.tsx";
import { RunsInProgress } from "./runs-in-progress.tsx";
import { Section } from "./section.tsx";
import { causeOf, toneOf, waitingIn } from "./words.ts";
import "../../parts/rows.css";

const FILTERS: readonly Filter[] = [
  { name: "state", label: "State", kind: "choice", options: GROUP_STATES },
  { name: "reason", label: "Reason", kind: "choice", options: REASONS },
  { name: "topic", label: "Topic", kind: "text", placeholder: "full topic name" },
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
        {(items) => (
          <div class="card flush scroll">
            <table class="rows">
              <thead>
                <tr>
                  <th scope="col">State</th>
                  <th scope="col">What fails</th>
                  <th scope="col">Reason</th>
                  <th scope="col" class="num">
                    Waiting
                  </th>
                  <th scope="col" class="num">
                    Letters
                  </th>
                  <th scope="col">How they stand</th>
                  <th scope="col">First failed</th>
                  <th scope="col">Last failed</th>
                </tr>
              </thead>
              <tbody>
                {items.map((group) => (
                  <GroupRow key={group.id} group={group} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Listed>
    </Section>
  );
}

function GroupRow({ group }: { readonly group: Group }) {
  const { id, state, topic, reason, counts, letters, firstFailedAt, lastFailedAt, note } = group;
  return (
    <tr>
      <td data-label="State">
        <span>
          <Badge tone={toneOf(state)}>{state}</Badge>
        </span>
      </td>
      <th scope="row" class="what">
        <a {...ROW} href={hrefOf(["groups", id])}>
          {causeOf(group)}
        </a>
        <span class="sub mono">{topic}</span>
        {note && <span class="sub">“{note}”</span>}
      </th>
      <td data-label="Reason" class="tight">
        {reason}
      </td>
      <td data-label="Waiting" class="num">
        <strong>{countOf(waitingIn(counts))}</strong>
      </td>
      <td data-label="Letters" class="num">
        {countOf(letters)}
      </td>
      <td data-label="How they stand" class="bar-cell">
        <CountsBar counts={counts} />
      </td>
      <td data-label="First failed" class="tight">
        <Time at={firstFailedAt} />
      </td>
      <td data-label="Last failed" class="tight">
        <Time at={lastFailedAt} />
      </td>
    </tr>
  );
}
