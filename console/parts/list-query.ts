import { useMemo } from "preact/hooks";
import type { Filter } from "./filters.tsx";

/** Spans of time up to now that a list can be narrowed down to. */
const SPANS = { "1h": 3_600_000, "24h": 86_400_000, "7d": 7 * 86_400_000 } as const;

/** When a span began, for the API; `undefined` for a span that there is not. */
export const sinceOf = (span: string | null, nowMs: number): string | undefined =>
  span !== null && Object.hasOwn(SPANS, span)
    ? new Date(nowMs - SPANS[span as keyof typeof SPANS]).toISOString()
    : undefined;

/** Filters by time. @param what happens then: "Failed" */
export const withinFilter = (what: string): Filter => ({
  name: "within",
  label: `${what} in the last`,
  kind: "choice",
  options: Object.keys(SPANS),
});

export const rangeFilters = (what: string): readonly Filter[] => [
  { name: "since", label: `${what} since`, kind: "time" },
  { name: "until", label: `${what} before`, kind: "time" },
];

type Filtered<Name extends string> = Partial<Record<Name | "since" | "until", string>>;

/** What the address narrows a list down to, for the API, which says what is wrong with it, if something is. */
export const filterIn = <Name extends string>(query: URLSearchParams, names: readonly Name[]): Filtered<Name> => {
  const given = [...names, "since", "until"].flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : []));
  return Object.fromEntries(given) as Filtered<Name>;
};

/**
 * The same, with a span of time up to now as its beginning.
 * @param names of the parameters that the API takes beside `since` and `until`
 */
export function useFilter<Name extends string>(query: URLSearchParams, names: readonly Name[]): Filtered<Name> {
  const within = query.get("within");
  // Computed once: otherwise the list would be requested again as time passes.
  const since = useMemo(() => sinceOf(within, Date.now()), [within]);
  return { ...filterIn(query, names), ...(since && { since }) };
}

/** The path of a list: narrowed down by a filter, in the order that the address has. */
export function listPath(path: string, filter: Readonly<Record<string, string | undefined>>, query: URLSearchParams) {
  const sort = query.get("sort");
  const given = Object.entries({ ...filter, ...(sort && { sort }) }).filter((entry) => entry[1] !== undefined);
  return `${path}?${new URLSearchParams(given as [string, string][])}`;
}
