import type { Counts } from "../../../../../src/shared/telemetry/metrics.ts";
import type { FlowState, TopicOverview, TopicsOverview } from "../../../../../src/shared/telemetry/overview.ts";
import { countOf, durationOf, percentOf } from "../../parts/numbers.ts";
import { Sparkline } from "../../parts/sparkline.tsx";
import { Empty } from "../../parts/states.tsx";
import { FullTime } from "../../parts/time.tsx";
import { hrefOf } from "../../route.ts";
import { ObjectiveBadge, StateBadge } from "./badges.tsx";

/** What to make of a state. */
const MEANINGS: Readonly<Record<FlowState, string>> = {
  flowing: "Records arrive and become visible.",
  failing: "Records arrive, and all of the last five minutes became dead letters. Their issues name the cause.",
  quiet: "No records lately, which is usual here.",
  late: "No records for much longer than usual. Ask the source whether its connector runs.",
  stalled: "Records were accepted and do not become visible. Check the consumer's log and the queue's backlog.",
  silent: "No records for a month, or ever.",
};

type TopicDetailProps = {
  readonly name: string;
  readonly topic: TopicOverview | undefined;
  readonly objective: TopicsOverview["objective"];
};

export function TopicDetail({ name, topic, objective }: TopicDetailProps) {
  if (!topic) {
    return (
      <Empty title={`There is no topic ${name}`}>
        <a href="#/topics">All topics</a>
      </Empty>
    );
  }
  const isSource = !name.includes(".");
  const letters = hrefOf(["letters"], isSource ? { source: name } : { topic: name });
  return (
    <div class="stack">
      <div>
        <a href="#/topics">Topics</a>
        <h1 class="topic-name">
          {name} <StateBadge state={topic.state} />
        </h1>
        <p>{MEANINGS[topic.state]}</p>
        <p>
          Last record <FullTime at={topic.lastReceivedAtMs} />
          {topic.inFlight > 0 && `; ${countOf(topic.inFlight)} in flight`}
        </p>
      </div>
      <section class="card">
        <h2>Last hour</h2>
        <Sparkline
          values={topic.receivedPerMinute}
          label={`${countOf(topic.received)} records in the last hour, by minute`}
          width={720}
          height={96}
        />
        <p class="muted">{countOf(topic.received)} records, by minute; the last minute is still filling.</p>
      </section>
      <div class="topic-parts">
        <Objective topic={topic} objective={objective} />
        <section class="card">
          <h2>How records ended</h2>
          <CountList counts={topic.outcomes} empty="No record of it was merged yet." />
        </section>
        <section class="card">
          <h2>Why records failed</h2>
          <CountList counts={topic.rejections} empty="No record of it ever failed." />
          {Object.keys(topic.rejections).length > 0 && <a href={letters}>Its dead letters</a>}
        </section>
      </div>
    </div>
  );
}

function Objective({ topic, objective }: Pick<TopicDetailProps, "objective"> & { readonly topic: TopicOverview }) {
  const { state, share1h, share30d, burn5m, burn1h, burn6h, budgetLeft } = topic.objective;
  const share = (value: number | null) => (value === null ? "–" : percentOf(value));
  const burn = (value: number | null) => (value === null ? "–" : `× ${value.toFixed(1)}`);
  const facts: readonly (readonly [string, string])[] = [
    ["In time, last hour", share(share1h)],
    ["In time, 30 days", share(share30d)],
    ["Error budget left", budgetLeft !== null && budgetLeft < 0 ? "overspent" : share(budgetLeft)],
    ["Burn rate, 5 minutes", burn(burn5m)],
    ["Burn rate, 1 hour", burn(burn1h)],
    ["Burn rate, 6 hours", burn(burn6h)],
    ["Half ever within", topic.p50Ms === null ? "–" : durationOf(topic.p50Ms)],
    ["99 % ever within", topic.p99Ms === null ? "–" : durationOf(topic.p99Ms)],
  ];
  return (
    <section class="card">
      <h2>
        Freshness <ObjectiveBadge state={state} />
      </h2>
      <p class="muted">
        {percentOf(objective.share)} visible within {durationOf(objective.withinMs)}. At a burn rate of 1 the budget
        lasts exactly 30 days.
      </p>
      <Figures figures={facts} />
    </section>
  );
}

function CountList({ counts, empty }: { readonly counts: Counts; readonly empty: string }) {
  const facts = Object.entries(counts).map(([name, count = 0]) => [name.replaceAll("_", " "), countOf(count)] as const);
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
