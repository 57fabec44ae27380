import type { Counts } from "#telemetry/metrics.ts";
import type { FlowHistory, FlowState, HistoryRange, TopicOverview, TopicsOverview } from "#telemetry/overview.ts";
import { useAnswer } from "../../answer.ts";
import { CountBars } from "../../parts/count-bars.tsx";
import { formatCount, formatDuration, formatPercent, pluralize } from "../../parts/numbers.ts";
import { RangeChoice, rangeIn } from "../../parts/range.tsx";
import { Answered, Empty } from "../../parts/states.tsx";
import { FullTime } from "../../parts/time.tsx";
import { hrefOf, type Route } from "../../route.ts";
import { ObjectiveBadge, StateBadge } from "./badges.tsx";

/** What to make of a state. */
const MEANINGS: Readonly<Record<FlowState, string>> = {
  flowing: "Records arrive and become visible.",
  failing: "Records arrive, and all of the last five minutes became dead letters. Their issues name the cause.",
  quiet: "No recent records, which is usual for this topic.",
  late: "No records for much longer than usual. Ask the source whether its connector runs.",
  stalled: "Records were accepted and do not become visible. Check the consumer's log and the queue's backlog.",
  silent: "No records for a month, or ever.",
};

type TopicDetailProps = {
  readonly name: string;
  readonly topic: TopicOverview | undefined;
  readonly objective: TopicsOverview["objective"];
  readonly route: Route;
};

export function TopicDetail({ name, topic, objective, route }: TopicDetailProps) {
  if (!topic) {
    return (
      <Empty title={`No topic ${name}`}>
        <a href="#/topics">All topics</a>
      </Empty>
    );
  }
  const isSource = !name.includes(".");
  const letters = hrefOf(["letters"], isSource ? { source: name } : { topic: name });
  return (
    <div class="stack">
      <div>
        <a class="back" href="#/topics">
          ← Topics
        </a>
        <h1 class="topic-name">
          {name} <StateBadge state={topic.state} />
        </h1>
        <p>{MEANINGS[topic.state]}</p>
        <p>
          Last record <FullTime at={topic.lastReceivedAtMs} />
          {topic.inFlight > 0 && ` · ${formatCount(topic.inFlight)} in flight`}
        </p>
      </div>
      <History name={name} route={route} />
      <div class="topic-parts">
        <Objective topic={topic} objective={objective} />
        <section class="card">
          <h2>Outcomes, all time</h2>
          <CountList counts={topic.outcomes} empty="No record was merged yet." />
        </section>
        <section class="card">
          <h2>Failures, all time</h2>
          <CountList counts={topic.rejections} empty="No record failed." />
          {Object.keys(topic.rejections).length > 0 && (
            <p class="topic-more">
              <a href={letters}>Dead letters</a>
            </p>
          )}
        </section>
      </div>
    </div>
  );
}

const RANGES = { "1h": "1 hour", "24h": "24 hours", "30d": "30 days" } as const satisfies Record<HistoryRange, string>;

/** Records and dead letters over time: by minute for an hour, by hour for longer. */
function History({ name, route }: { readonly name: string; readonly route: Route }) {
  const range = rangeIn(route, RANGES);
  const answer = useAnswer<FlowHistory>(`/history?${new URLSearchParams({ range, name })}`, 30);
  return (
    <section class="card" aria-label="Records over time">
      <RangeChoice route={route} ranges={RANGES} range={range} />
      <Answered answer={answer} what="the history" rows={2}>
        {(history) => <HistoryCharts history={history} by={range === "1h" ? "minute" : "hour"} />}
      </Answered>
    </section>
  );
}

function HistoryCharts({ history, by }: { readonly history: FlowHistory; readonly by: "minute" | "hour" }) {
  const { received, deadLettered } = history;
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return (
    <>
      <h2>Records by {by}</h2>
      <CountBars history={history} counts={received} kind="write" noun="record" by={by} />
      <p class="muted">
        {pluralize(sum(received), "record")}; the last {by} is still filling.
      </p>
      <h2>Dead letters by {by}</h2>
      <CountBars history={history} counts={deadLettered} kind="dead" noun="dead letter" by={by} />
      <p class="muted">{pluralize(sum(deadLettered), "dead letter")}</p>
    </>
  );
}

function Objective({ topic, objective }: Pick<TopicDetailProps, "objective"> & { readonly topic: TopicOverview }) {
  const { state, share1h, share30d, burn5m, burn1h, burn6h, budgetLeft } = topic.objective;
  const share = (value: number | null) => (value === null ? "–" : formatPercent(value));
  const burn = (value: number | null) => (value === null ? "–" : `× ${value.toFixed(1)}`);
  const facts: readonly (readonly [string, string])[] = [
    ["In time, last hour", share(share1h)],
    ["In time, 30 days", share(share30d)],
    ["Error budget left", budgetLeft !== null && budgetLeft < 0 ? "overspent" : share(budgetLeft)],
    ["Burn rate, 5 minutes", burn(burn5m)],
    ["Burn rate, 1 hour", burn(burn1h)],
    ["Burn rate, 6 hours", burn(burn6h)],
    ["p50, last hour", topic.p50Ms === null ? "–" : formatDuration(topic.p50Ms)],
    ["p99, last hour", topic.p99Ms === null ? "–" : formatDuration(topic.p99Ms)],
  ];
  return (
    <section class="card">
      <h2>
        Freshness <ObjectiveBadge state={state} />
      </h2>
      <p class="muted">
        Objective: {formatPercent(objective.share)} visible within {formatDuration(objective.withinMs)}. At a burn rate
        of 1 the error budget lasts 30 days.
      </p>
      <Figures figures={facts} />
    </section>
  );
}

function CountList({ counts, empty }: { readonly counts: Counts; readonly empty: string }) {
  const facts = Object.entries(counts).map(
    ([name, count = 0]) => [name.replaceAll("_", " "), formatCount(count)] as const,
  );
  return facts.length > 0 ? <Figures figures={facts} /> : <p class="muted">{empty}</p>;
}

const Figures = ({ figures }: { readonly figures: readonly (readonly [name: string, value: string])[] }) => (
  <dl class="topic-figures">
    {figures.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd class="num">{value}</dd>
      </div>
    ))}
  </dl>
);
