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

/** Somebody who types has not said it yet. */
const QUIET_MS = 250;

type FiltersProps = {
  readonly route: Route;
  readonly filters: readonly Filter[];
  /** Those that are seldom needed, behind a word. */
  readonly others?: readonly Filter[];
};

/** What narrows a list down. It stands in the address, so that what one looks at can be shared. */
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
        <button type="button" class="plain" onClick={() => replaceRoute(hrefOf(path))}>
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
              <option value="">any</option>
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
              value={localOf(value)}
              onChange={(event) => onChange(isoOf(event.currentTarget.value))}
            />
          )}
        </Field>
      );
  }
}

function TextFilter({ filter, value, onChange }: OneProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const said = useRef(value);
  // The address may change by a link; what somebody is typing is not taken from him.
  useEffect(() => {
    if (value !== said.current) setTyped(value);
    said.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const say = (text: string) => {
    clearTimeout(timer.current);
    said.current = text.trim();
    if (said.current !== value) onChange(said.current);
  };
  return (
    <Field label={filter.label}>
      {(id) => (
        <input
          id={id}
          type="search"
          data-filter
          aria-keyshortcuts="/"
          title="/ goes here"
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

/** A time of the address, as the input wants it: in the clock of whoever looks. */
function localOf(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return "";
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const isoOf = (local: string): string => (local === "" ? "" : new Date(local).toISOString());
