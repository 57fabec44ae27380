import { hrefOf, type Route } from "../route.ts";
import "./range.css";

type RangeProps<R extends string> = {
  readonly route: Route;
  readonly ranges: Readonly<Record<R, string>>;
  readonly range: R;
};

/** The range that the address names, or the first of them. */
export const rangeIn = <R extends string>({ query }: Route, ranges: Readonly<Record<R, string>>): R =>
  (Object.keys(ranges) as R[]).find((each) => each === query.get("range")) ?? (Object.keys(ranges)[0] as R);

/** How far back a chart goes. It is part of the address, so that what is seen can be shared. */
export const RangeChoice = <R extends string>({ route, ranges, range }: RangeProps<R>) => (
  <nav class="range" aria-label="Time range">
    {(Object.entries(ranges) as [R, string][]).map(([name, label]) => (
      <a
        key={name}
        href={hrefOf(route.path.length > 0 ? route.path : ["flow"], {
          ...Object.fromEntries(route.query),
          range: name,
        })}
        aria-current={name === range ? "true" : undefined}
      >
        {label}
      </a>
    ))}
  </nav>
);
