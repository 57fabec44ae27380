import type { Trends } from "../../../../../src/shared/desk/api.ts";
import { useAnswer } from "../../answer.ts";
import { None } from "../../parts/none.tsx";
import { countedOf } from "../../parts/numbers.ts";
import { Sparkline } from "../../parts/sparkline.tsx";

/** A trend moves by the hour. */
const REFRESH_SECONDS = 60;

/** As many as the API tells of at once. */
const MOST = 100;

/** The failures of these groups by hour, over the last day. */
export function useTrends(ids: readonly string[]): Trends | undefined {
  const asked = ids.slice(0, MOST).toSorted().join(",");
  return useAnswer<Trends>(asked === "" ? null : `/trends?groups=${asked}`, REFRESH_SECONDS).data;
}

const sumOf = (hours: readonly number[]): number => hours.reduce((sum, count) => sum + count, 0);

/** Failures of the last day, for sorting; nothing while they are not known. */
export const failuresIn = (trends: Trends | undefined, id: string): number | null => {
  const hours = trends?.trends[id];
  return hours ? sumOf(hours) : null;
};

export function Trend({ hours }: { readonly hours: readonly number[] | undefined }) {
  if (!hours) return <None />;
  const total = sumOf(hours);
  return (
    <span class="trend">
      <Sparkline values={hours} label={`${countedOf(total, "failure")} in the last 24 hours, by hour`} width={96} />{" "}
      <span class="muted num">{total}</span>
    </span>
  );
}
