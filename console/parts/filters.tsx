import { useEffect, useRef, useState } from "preact/hooks";
import { hrefOf, type Route, replaceRoute } from "../route.ts";
import { Field } from "./field.tsx";
import { zoneOf } from "./time.tsx";
import "./filters.css";

export type Filter = { readonly name: string; readonly label: string } & (
  | { readonly kind: "choice"; readonly options: readonly string[] }
  | { readonly kind: "text"; readonly placeholder?: string }
  | { readonly kind: "time" }
);

/** Somebody who types has not sent it yet. */
const QUIET_MS = 250;

type FiltersProps = {
  readonly route: Route;
  readonly filters: readonly Filter[];
  /** Those that are seldom needed, behind a word. */
  readonly others?: readonly Filter[];
};

/** The filters of a list. They are part of the address, so that a view can be shared. */
export function Filters({ route, filters, others = [] }: FiltersProps) {
  const { path, query } = route;
  const set = (name: string, value: string) =>
    replaceRoute(hrefOf(path, { ...Object.fromEntries(query), [name]: value }));
  const one = (filter: Filter) => (
    <OneFilter
      key={filter.name}
      filter={filter}
      value={query.get(filter.name) ?? ""}
      onChange={(value) => set(filter.name, value)}
    />
  );
  return (
    <search class="filters" aria-label="Filters">
      {filters.map(one)}
      {others.length > 0 && (
        <details open={others.some(({ name }) => query.has(name))}>
          <summary>More filters</summary>
          <div class="filters">{others.map(one)}</div>
        </details>
      )}
      {[...query.keys()].some((name) => name !== "sort") && (
        <button
          type="button"
          class="plain"
          onClick={() => replaceRoute(hrefOf(path, { sort: query.get("sort") ?? undefined }))}
        >
          Clear filters
        </button>
      )}
    </search>
  );
}

type OneProps = { readonly filter: Filter; readonly value: string; readonly onChange: (value: string) => void };

function OneFilter({ filter, value, onChange }: OneProps) {
  switch (filter.kind) {
    case "choice":
      return (
        <Field label={filter.label}>
          {(id) => (
            <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
              <option value="">Any</option>
              {filter.options.map((option) => (
                <option key={option} value={option}>
                  {option}
                </option>
              ))}
            </select>
          )}
        </Field>
      );
    case "text":
      return <TextFilter filter={filter} value={value} onChange={onChange} />;
    case "time":
      return (
        <Field label={`${filter.label} (${zoneOf(Date.parse(value) || Date.now())})`}>
          {(id) => (
            <input
              id={id}
              type="datetime-local"
              value={toLocal(value)}
              onChange={(event) => onChange(toIso(event.currentTarget.value))}
            />
          )}
        </Field>
      );
  }
}

function TextFilter({ filter, value, onChange }: OneProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(value);
  // The address may change by a link; text that is being typed is kept.
  useEffect(() => {
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const say = (text: string) => {
    clearTimeout(timer.current);
    sent.current = text.trim();
    if (sent.current !== value) onChange(sent.current);
  };
  return (
    <Field label={filter.label}>
      {(id) => (
        <input
          id={id}
          type="search"
          data-filter
          aria-keyshortcuts="/"
          title="Press / to search here"
          autocomplete="off"
          spellcheck={false}
          placeholder={filter.kind === "text" ? filter.placeholder : undefined}
          value={typed}
          onInput={({ currentTarget: { value: text } }) => {
            setTyped(text);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => say(text), QUIET_MS);
          }}
          onKeyDown={(event) => event.key === "Enter" && say(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A time of the address as the input takes it: in local time. */
function toLocal(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return "";
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const toIso = (local: string): string => (local === "" ? "" : new Date(local).toISOString());
