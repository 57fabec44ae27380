import type { Trends } from "#ops/api.ts";
import { useAnswer } from "../../answer.ts";
import { None } from "../../parts/none.tsx";
import { pluralize } from "../../parts/numbers.ts";
import { Sparkline } from "../../parts/sparkline.tsx";

/** A trend has a value for each hour. */
const REFRESH_SECONDS = 60;

/** The API returns the trends of so many groups at once. */
const MOST = 100;

/** The failures of these groups by hour, over the last day. */
export function useTrends(ids: readonly string[]): Trends | undefined {
  const asked = ids.slice(0, MOST).toSorted().join(",");
  return useAnswer<Trends>(asked === "" ? null : `/trends?groups=${asked}`, REFRESH_SECONDS).data;
}

export function Trend({ hours }: { readonly hours: readonly number[] | undefined }) {
  if (!hours) return <None />;
  const total = hours.reduce((sum, count) => sum + count, 0);
  return (
    <span class="trend">
      <Sparkline values={hours} label={`${pluralize(total, "failure")} in the last 24 hours, by hour`} width={96} />{" "}
      <span class="muted num">{total}</span>
    </span>
  );
}
