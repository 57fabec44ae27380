import { useEffect, useRef, useState } from "preact/hooks";
import { READING_FIELDS, type ReadingField, type Readings } from "#ops/readings-api.ts";
import { type Answer, useAnswer } from "../../answer.ts";
import { pluralize } from "../../parts/numbers.ts";
import { RangeChoice, rangeIn } from "../../parts/range.tsx";
import { Answered, Empty } from "../../parts/states.tsx";
import { formatClock, formatFullTime } from "../../parts/time.tsx";
import { hrefOf, type Route, replaceRoute } from "../../route.ts";
import { FIELDS, ReadingsChart, statText } from "./readings-chart.tsx";
import { drawnOf, overall, RANGES, type Range, type Span, spanOf } from "./readings-scale.ts";

/** Readings have no stream, so they are polled, and asked for again soon after a report of the device's own stream. */
const EVERY_SECONDS = 60;
const THROTTLE_MS = 5_000;

const SHOWN_AT_FIRST: readonly ReadingField[] = ["indoorTemperatureC", "heatSetpointC", "coolSetpointC"];

const LABELS = Object.fromEntries(Object.entries(RANGES).map(([name, { label }]) => [name, label])) as Readonly<
  Record<Range, string>
>;

type CardProps = {
  readonly deviceKey: string;
  readonly route: Route;
  /** The time at which the chart ends; now, if it is absent. */
  readonly untilMs?: number | undefined;
  /** When the device has last reported. */
  readonly reportedAt?: string | undefined;
};

/** What a device measured over a day, a week or a year. Range and fields are part of the address. */
export function ReadingsCard({ deviceKey, route, untilMs, reportedAt }: CardProps) {
  const nowMs = useMinutes();
  const range = rangeIn(route, LABELS);
  const span = spanOf(range, untilMs ?? nowMs);
  const answer = useKept(
    useAnswer<Readings>(pathOf(deviceKey, span), EVERY_SECONDS),
    `${deviceKey} ${range} ${untilMs}`,
  );
  useAgainAfter(reportedAt, answer.reload);
  const fields = fieldsIn(route);
  return (
    <section class="card" aria-labelledby="readings">
      <div class="row spread">
        <h2 id="readings">Readings</h2>
        <RangeChoice route={route} ranges={LABELS} range={range} />
      </div>
      <FieldChoice fields={fields} route={route} />
      <Answered answer={answer} what="readings" rows={4}>
        {({ points, completeSince }) => (
          <>
            {points.length === 0 ? (
              <Empty title={`No readings in this ${range}`}>
                {range === "year" ? "The archive has no status report of it." : "A longer range may have some."}
              </Empty>
            ) : (
              <Shown points={points} span={span} fields={fields} />
            )}
            {completeSince && Date.parse(completeSince) > span.fromMs && (
              <p class="muted note">
                Reports that were received before {formatFullTime(completeSince)} may be missing: the archive does not
                reach further back.
              </p>
            )}
          </>
        )}
      </Answered>
    </section>
  );
}

const pathOf = (deviceKey: string, { fromMs, toMs, stepMs }: Span): string =>
  `/devices/${encodeURIComponent(deviceKey)}/readings?${new URLSearchParams({
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    step: String(stepMs / 1_000),
    fields: READING_FIELDS.join(","),
  })}`;

function useMinutes(): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

/** Reloads when the time of the last report changes, at most once per {@link THROTTLE_MS}. */
function useAgainAfter(reportedAt: string | undefined, reload: () => void): void {
  const known = useRef({ reportedAt, atMs: Date.now() });
  useEffect(() => {
    if (known.current.reportedAt === reportedAt) return;
    const timer = setTimeout(
      () => {
        known.current = { reportedAt, atMs: Date.now() };
        reload();
      },
      Math.max(0, known.current.atMs + THROTTLE_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [reportedAt, reload]);
}

/** While the next steps of the same chart load, the last ones stay. */
function useKept<T>(answer: Answer<T>, chart: string): Answer<T> {
  const kept = useRef<{ readonly chart: string; readonly data: T }>(undefined);
  if (answer.data !== undefined) kept.current = { chart, data: answer.data };
  return answer.isLoading && kept.current?.chart === chart ? { ...answer, data: kept.current.data } : answer;
}

/** The fields that the address names; those of a fresh page if it names none that there is. */
function fieldsIn({ query }: Route): readonly ReadingField[] {
  const named = query.get("fields")?.split(",") ?? [];
  const known = READING_FIELDS.filter((field) => named.includes(field));
  return known.length > 0 ? known : SHOWN_AT_FIRST;
}

function FieldChoice({ fields, route }: { readonly fields: readonly ReadingField[]; readonly route: Route }) {
  const toggle = (field: ReadingField) => {
    const next = READING_FIELDS.filter((each) => fields.includes(each) !== (each === field));
    replaceRoute(hrefOf(route.path, { ...Object.fromEntries(route.query), fields: next.join(",") }));
  };
  return (
    <fieldset class="row stretch readings-fields">
      <legend class="unseen">Fields</legend>
      {READING_FIELDS.map((field) => (
        <label key={field}>
          <input
            type="checkbox"
            checked={fields.includes(field)}
            // One stays, so that there is something to see.
            disabled={fields.length === 1 && fields[0] === field}
            onChange={() => toggle(field)}
          />
          <svg class={`readings-key readings-of-${field}`} width="18" height="10" aria-hidden="true">
            <polyline points="0,5 18,5" />
          </svg>
          {FIELDS[field].name}
        </label>
      ))}
    </fieldset>
  );
}

type ShownProps = Pick<Readings, "points"> & { readonly span: Span; readonly fields: readonly ReadingField[] };

function Shown({ points, span, fields }: ShownProps) {
  const sums = fields.flatMap((field) => {
    const all = overall(drawnOf(points, field, span.stepMs));
    return all ? [`${FIELDS[field].name} ${statText(all, FIELDS[field].unit)}`] : [];
  });
  if (sums.length === 0) return <Empty title="No report has these fields">Choose others above.</Empty>;
  return (
    <>
      <ReadingsChart points={points} span={span} fields={fields} />
      <p class="muted note">
        All of it: {sums.join(" · ")}. The band goes from the lowest to the highest value of a step, the line is its
        mean.
      </p>
      <details class="readings-table">
        <summary>{pluralize(points.length, "step")} as a table</summary>
        <div class="readings-scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Step from</th>
                {fields.map((field) => (
                  <th key={field} scope="col">
                    {FIELDS[field].name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points.map((point) => (
                <tr key={point.at}>
                  <th scope="row">{formatClock(point.at)}</th>
                  {fields.map((field) => {
                    const { [field]: stat } = point;
                    return <td key={field}>{stat ? statText(stat, FIELDS[field].unit) : "–"}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
