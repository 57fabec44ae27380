import { useState } from "preact/hooks";
import type { FlowHistory, FlowTick } from "#telemetry/overview.ts";
import { useAnswer, useStream } from "../answer.ts";
import type { PageProps } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { formatCount, formatRate, formatShortCount, pluralize } from "../parts/numbers.ts";
import { RangeChoice, rangeIn } from "../parts/range.tsx";
import { ErrorMessage, Loading } from "../parts/states.tsx";
import "./flow.css";
import { FLOW_RANGES, FlowChart } from "./flow/chart.tsx";
import { FlowPicture } from "./flow/picture.tsx";
import { percentileOf, rateOfFigure, withTick } from "./flow/rates.ts";
import { boundText, stagesOf, streamsOf } from "./flow/stages.ts";

/** The history is by minutes, so it is read once a minute. */
const HISTORY_SECONDS = 60;

/** The flow of events through the platform, live. */
export function FlowPage({ route }: PageProps) {
  const [ticks, setTicks] = useState<readonly FlowTick[]>([]);
  const refusal = useStream<FlowTick>("/flow", (tick) => setTicks((all) => withTick(all, tick)));
  const range = rangeIn(route, FLOW_RANGES);
  const history = useAnswer<FlowHistory>(`/history?range=${range === "5m" ? "1h" : range}`, HISTORY_SECONDS);
  const last = ticks.at(-1);
  const stages = stagesOf(ticks);
  const streams = streamsOf(ticks);
  return (
    <div class="stack">
      <div class="row spread">
        <h1 class="flow-title">Flow</h1>
        {refusal ? <Badge tone="warn">no connection, retrying</Badge> : last ? <Badge tone="good">live</Badge> : null}
      </div>
      {refusal && <ErrorMessage refusal={refusal} />}
      {!last && !refusal && <Loading what="the flow" rows={6} />}
      {last && (
        <>
          <Headlines ticks={ticks} last={last} />
          <section class="card flow-card" aria-label="Event flow">
            <FlowPicture stages={stages} streams={streams} />
            <ol class="flow-list">
              {stages.map(({ name, kind, value, lines, href }) => (
                <li key={name} class={kind}>
                  {href ? <a href={href}>{name}</a> : <span class="flow-list-name">{name}</span>}
                  <span class="num">{value}</span>
                  <span class="muted">{lines.join(" · ")}</span>
                </li>
              ))}
            </ol>
          </section>
          <section class="card flow-history" aria-label="Records per second">
            <RangeChoice route={route} ranges={FLOW_RANGES} range={range} />
            <FlowChart ticks={ticks} range={range} history={history.data} />
          </section>
        </>
      )}
    </div>
  );
}

/** The main figures, large enough to be read from a distance. */
function Headlines({ ticks, last }: { readonly ticks: readonly FlowTick[]; readonly last: FlowTick }) {
  const { totals, deadLetters, inFlight } = last;
  const [p50, p99] = [percentileOf(ticks, "freshness", 0.5), percentileOf(ticks, "freshness", 0.99)];
  const sockets = Math.max(0, totals.socketsOpened - totals.socketsClosed);
  const figures = [
    {
      name: "Events",
      value: formatRate(rateOfFigure(ticks, "accepted")),
      note: `${formatShortCount(totals.accepted)} in total`,
    },
    {
      name: "p99 latency",
      value: p99 === null ? "–" : boundText(p99),
      note:
        p99 === null || p50 === null
          ? "from accepted to visible; none in the last minute"
          : `from accepted to visible, last minute; p50 ${boundText(p50)}`,
    },
    { name: "In flight", value: formatCount(inFlight), note: "accepted, not visible yet" },
    {
      name: "Dead letters",
      value: deadLetters ? formatCount(deadLetters.waiting) : "–",
      note: deadLetters ? "waiting for an operator" : "D1 does not answer",
    },
    { name: "Queries", value: formatRate(rateOfFigure(ticks, "queries")), note: pluralize(sockets, "live socket") },
  ];
  return (
    <dl class="headlines">
      {figures.map(({ name, value, note }) => (
        <div key={name} class="card">
          <dt>{name}</dt>
          <dd>
            <span class="headline">{value}</span>
            <span class="muted">{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
