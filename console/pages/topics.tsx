import type { TopicOverview, TopicsOverview } from "#telemetry/overview.ts";
import { useAnswer } from "../answer.ts";
import type { PageProps } from "../page.ts";
import { ROW, useListKeys } from "../parts/list-keys.ts";
import { None } from "../parts/none.tsx";
import {
  formatCount,
  formatDuration,
  formatPercent,
  formatPercentInColumn,
  formatRate,
  pluralize,
} from "../parts/numbers.ts";
import { Sparkline } from "../parts/sparkline.tsx";
import { Answered } from "../parts/states.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { hrefOf } from "../route.ts";
import "./topics.css";
import { ObjectiveBadge, StateBadge } from "./topics/badges.tsx";
import { TopicDetail } from "./topics/detail.tsx";
import { byUrgency } from "./topics/urgency.ts";

const REFRESH_SECONDS = 5;

/** Every topic that has a contract: whether it flows, how fresh it is, and what fails of it. */
export function TopicsPage({ route }: PageProps) {
  useListKeys();
  const answer = useAnswer<TopicsOverview>("/topics", REFRESH_SECONDS);
  const [, name] = route.path;
  return (
    <Answered answer={answer} what="topics" rows={10}>
      {(overview) => {
        if (!name) return <TopicList overview={overview} />;
        const found = [...overview.topics, ...overview.sources].find((each) => each.name === name);
        return <TopicDetail name={name} topic={found} objective={overview.objective} route={route} />;
      }}
    </Answered>
  );
}

function TopicList({ overview }: { readonly overview: TopicsOverview }) {
  const { sources, topics, objective } = overview;
  const others = topics.filter(({ name }) => !sources.some((source) => isOf(name, source.name)));
  return (
    <div class="stack">
      <div>
        <h1>Topics</h1>
        <p class="muted">
          Objective: {formatPercent(objective.share)} of a topic's records are visible within{" "}
          {formatDuration(objective.withinMs)} of acceptance, over 30 days. A late topic has a problem at its source, a
          stalled one in Concord.
        </p>
      </div>
      {byUrgency(sources).map((source) => (
        <section key={source.name} class="card" aria-label={`Source ${source.name}`}>
          <div class="row topics-source">
            <h2>
              <a href={hrefOf(["topics", source.name])}>{source.name}</a>
            </h2>
            <StateBadge state={source.state} />
            <span class="muted">
              {pluralize(source.received, "record")} in the last hour, last one <Time at={source.lastReceivedAtMs} />
            </span>
          </div>
          <SourceTopics topics={byUrgency(topics.filter(({ name }) => isOf(name, source.name)))} />
        </section>
      ))}
      {others.length > 0 && (
        <section class="card">
          <h2>Without a contract</h2>
          <TopicTable topics={others} />
        </section>
      )}
    </div>
  );
}

const isOf = (topic: string, source: string): boolean => topic.startsWith(`device.${source}.`);

/** The topics that have something to say; silent ones are folded, so that they push nothing off the screen. */
function SourceTopics({ topics }: { readonly topics: readonly TopicOverview[] }) {
  const silent = topics.filter(({ state }) => state === "silent");
  const others = topics.filter(({ state }) => state !== "silent");
  return (
    <>
      {others.length > 0 && <TopicTable topics={others} />}
      {silent.length > 0 && (
        <details class="topics-silent">
          <summary>{pluralize(silent.length, "silent topic")}</summary>
          <TopicTable topics={silent} />
        </details>
      )}
    </>
  );
}

const COLUMNS: readonly Column<TopicOverview>[] = [
  {
    name: "Topic",
    by: ({ name }) => name,
    isName: true,
    cell: ({ name }) => (
      <a {...ROW} href={hrefOf(["topics", name])}>
        {name.split(".").slice(2).join(".") || name}
      </a>
    ),
  },
  { name: "State", by: ({ state }) => state, cell: ({ state }) => <StateBadge state={state} /> },
  {
    name: "Rate",
    by: ({ receivedPerMinute }) => receivedPerMinute.at(-2) ?? 0,
    isNumber: true,
    cell: ({ receivedPerMinute }) => formatRate((receivedPerMinute.at(-2) ?? 0) / 60),
  },
  {
    name: "Last hour",
    by: ({ received }) => received,
    class: "topics-hour tight",
    cell: ({ received, receivedPerMinute }) => (
      <>
        <Sparkline values={receivedPerMinute} label={`${pluralize(received, "record")} in the last hour, by minute`} />{" "}
        <span class="topics-sum num muted">{formatCount(received)}</span>
      </>
    ),
  },
  {
    name: "Dead letters",
    by: ({ deadLettered }) => deadLettered,
    isNumber: true,
    cell: ({ name, deadLettered }) =>
      deadLettered > 0 ? <a href={hrefOf(["groups"], { topic: name })}>{formatCount(deadLettered)}</a> : "0",
  },
  {
    name: "p99 latency",
    by: ({ p99Ms }) => p99Ms,
    isNumber: true,
    cell: ({ p99Ms }) => (p99Ms === null ? <None /> : formatDuration(p99Ms)),
  },
  {
    name: "In time",
    by: ({ objective }) => objective.share1h,
    isNumber: true,
    cell: ({ objective: { share1h } }) => (share1h === null ? <None /> : formatPercentInColumn(share1h)),
  },
  {
    name: "Objective",
    class: "tight",
    by: ({ objective }) => objective.state,
    cell: ({ objective }) => (objective.state === "unknown" ? <None /> : <ObjectiveBadge state={objective.state} />),
  },
];

const TopicTable = ({ topics }: { readonly topics: readonly TopicOverview[] }) => (
  <Table class="topics" columns={COLUMNS} items={topics} keyOf={({ name }) => name} />
);
