import { useState } from "preact/hooks";
import type { DeviceAsOf } from "#ops/readings-api.ts";
import { useAnswer } from "../../answer.ts";
import { Answered } from "../../parts/states.tsx";
import { formatFullTime, zoneOf } from "../../parts/time.tsx";
import { go, hrefOf, type Route } from "../../route.ts";
import { Alerts } from "./alerts.tsx";
import { DeviceHead } from "./device-head.tsx";
import { ReadingsCard } from "./readings.tsx";
import { Timeline } from "./timeline.tsx";
import { TwinTable } from "./twin-table.tsx";

/** A time of the past, and optionally when it was known. RFC 3339, as in the address. */
export type AsOf = { readonly asOf: string; readonly knownAt?: string };

/** What the address asks for; `undefined` is now. A time that is none is not one. */
export function asOfIn({ query }: Route): AsOf | undefined {
  const [asOf, knownAt] = ["asOf", "knownAt"].map((name) => timeIn(query.get(name)));
  return asOf === undefined ? undefined : { asOf, ...(knownAt !== undefined && { knownAt }) };
}

function timeIn(text: string | null): string | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** "2026-11-27T10:12:00", in the browser's zone: what `datetime-local` takes. */
function localText(at: string | number): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

type ControlProps = { readonly route: Route; readonly shown: AsOf | undefined };

/** Chooses a time, as which the device is shown. The times are in the browser's zone. */
export function AsOfControl({ route, shown }: ControlProps) {
  const [asOf, setAsOf] = useState(shown ? localText(shown.asOf) : "");
  const [knownAt, setKnownAt] = useState(shown?.knownAt ? localText(shown.knownAt) : "");
  const zone = zoneOf(Date.now());
  const submit = (event: Event) => {
    event.preventDefault();
    go(
      hrefOf(route.path, {
        ...Object.fromEntries(route.query),
        asOf: asOf && new Date(asOf).toISOString(),
        knownAt: asOf && knownAt && new Date(knownAt).toISOString(),
      }),
    );
  };
  const newest = localText(Date.now());
  return (
    <details class="as-of" open={shown !== undefined}>
      <summary>As of an earlier time</summary>
      <form class="row" aria-label="The device at an earlier time" onSubmit={submit}>
        <TimeField name="as-of" label={`As of (${zone})`} value={asOf} max={newest} onInput={setAsOf} isRequired />
        <TimeField
          name="known-at"
          label="As known at (now if empty)"
          value={knownAt}
          max={newest}
          onInput={setKnownAt}
        />
        <button type="submit">Show</button>
        {shown && (
          <a class="button" href={hrefOf(route.path, { ...Object.fromEntries(route.query), asOf: "", knownAt: "" })}>
            Back to now
          </a>
        )}
      </form>
    </details>
  );
}

type TimeFieldProps = {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly max: string;
  readonly isRequired?: boolean;
  readonly onInput: (value: string) => void;
};

const TimeField = ({ name, label, value, max, isRequired = false, onInput }: TimeFieldProps) => (
  <div class="field">
    <label for={`device-${name}`}>{label}</label>
    <input
      id={`device-${name}`}
      type="datetime-local"
      step={1}
      required={isRequired}
      max={max}
      value={value}
      onInput={({ currentTarget }) => onInput(currentTarget.value)}
    />
  </div>
);

type ViewProps = { readonly deviceKey: string; readonly route: Route; readonly time: AsOf };

/** The device by the events until a time. It does not change any more, so nothing is followed. */
export function AsOfView({ deviceKey, route, time }: ViewProps) {
  const query = new URLSearchParams(time);
  const answer = useAnswer<DeviceAsOf>(`/devices/${encodeURIComponent(deviceKey)}?${query}`);
  const untilMs = Date.parse(time.asOf);
  return (
    <Answered answer={answer} what={`device ${deviceKey} as of ${time.asOf}`} rows={8}>
      {({ device, asOf, completeUntil, completeSince }) => (
        <>
          <p class="as-of-note" role="status">
            As of {formatFullTime(asOf)}, by what was received{" "}
            {time.knownAt ? `until ${formatFullTime(time.knownAt)}` : "so far"}. Complete for what was received{" "}
            {completeSince && `from ${formatFullTime(completeSince)} on, `}before {formatFullTime(completeUntil)}.{" "}
            {completeSince &&
              `What was received before ${formatFullTime(completeSince)} may be missing: the archive does not reach further back. `}
            Events and dead letters are shown for now only, and names of dealers are those of now.
          </p>
          <DeviceHead device={device} />
          <div class="device-grid">
            <section class="card" aria-labelledby="life">
              <Timeline device={device} events={[]} fresh={NONE} onPick={() => {}} untilMs={untilMs} />
            </section>
            <div class="stack aside">
              <TwinTable device={device} />
              <Alerts device={device} />
            </div>
            <ReadingsCard deviceKey={deviceKey} route={route} untilMs={untilMs} />
          </div>
        </>
      )}
    </Answered>
  );
}

const NONE: ReadonlySet<string> = new Set();
