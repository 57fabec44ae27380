import type { TopicOverview, TopicsOverview } from "../../../../src/shared/telemetry/overview.ts";
import { useAnswer } from "../answer.ts";
import type { PageProps } from "../page.ts";
import { countOf, durationOf, percentOf, rateOf } from "../parts/numbers.ts";
import { Sparkline } from "../parts/sparkline.tsx";
import { Answered } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { hrefOf } from "../route.ts";
import "./topics.css";
import { ObjectiveBadge, StateBadge } from "./topics/badges.tsx";
import { TopicDetail } from "./topics/detail.tsx";

const REFRESH_SECONDS = 5;

/** Every topic that has a contract: whether it flows, how fresh it is, and what fails of it. */
export function TopicsPage({ route }: PageProps) {
  const answer = useAnswer<TopicsOverview>("/topics", REFRESH_SECONDS);
  const [, name] = route.path;
  return (
    <Answered answer={answer} what="topics" rows={10}>
      {(overview) => {
        if (!name) return <TopicList overview={overview} />;
        const found = [...overview.topics, ...overview.sources].find((each) => each.name === name);
        return <TopicDetail name={name} topic={found} objective={overview.objective} />;
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
          Fresh enough is {percentOf(objective.share)} of a topic's records visible within{" "}
          {durationOf(objective.withinMs)} of their acceptance, over 30 days. Late is for the source to answer, stalled
          is for us.
        </p>
      </div>
      {sources.map((source) => (
        <section key={source.name} class="card">
          <div class="row topics-source">
            <h2>
              <a href={hrefOf(["topics", source.name])}>{source.name}</a>
            </h2>
            <StateBadge state={source.state} />
            <span class="muted">
              {countOf(source.received)} in the last hour, the last <Time at={source.lastReceivedAtMs} />
            </span>
          </div>
          <TopicTable topics={topics.filter(({ name }) => isOf(name, source.name))} />
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

const TopicTable = ({ topics }: { readonly topics: readonly TopicOverview[] }) => (
  <div class="scroll">
    <table class="topics">
      <thead>
        <tr>
          <th scope="col">Topic</th>
          <th scope="col">State</th>
          <th scope="col" class="num">
            Now
          </th>
          <th scope="col">Last hour</th>
          <th scope="col" class="num">
            Dead
          </th>
          <th scope="col" class="num">
            99 % within
          </th>
          <th scope="col" class="num">
            In time
          </th>
          <th scope="col">Objective</th>
        </tr>
      </thead>
      <tbody>
        {topics.map((topic) => (
          <TopicRow key={topic.name} topic={topic} />
        ))}
      </tbody>
    </table>
  </div>
);

function TopicRow({ topic }: { readonly topic: TopicOverview }) {
  const { name, state, received, receivedPerMinute, deadLettered, p99Ms, objective } = topic;
  const lastMinute = receivedPerMinute.at(-2) ?? 0;
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf(["topics", name])}>{name.split(".").slice(2).join(".") || name}</a>
      </th>
      <td>
        <StateBadge state={state} />
      </td>
      <td class="num">{rateOf(lastMinute / 60)}</td>
      <td class="topics-hour">
        <Sparkline values={receivedPerMinute} label={`${countOf(received)} records in the last hour, by minute`} />{" "}
        <span class="num muted">{countOf(received)}</span>
      </td>
      <td class="num">
        {deadLettered > 0 ? <a href={hrefOf(["groups"], { topic: name })}>{countOf(deadLettered)}</a> : "0"}
      </td>
      <td class="num">{p99Ms === null ? "–" : durationOf(p99Ms)}</td>
      <td class="num">{objective.share1h === null ? "–" : percentOf(objective.share1h)}</td>
      <td>
        <ObjectiveBadge state={objective.state} />
      </td>
    </tr>
  );
}
