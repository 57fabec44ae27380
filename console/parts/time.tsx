import { useEffect, useState } from "preact/hooks";

/** Units, and the age in seconds from which they are used. Of one year or more, days still say when. */
const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number, from: number])[] = [
  ["year", 31_557_600, 63_115_200],
  ["day", 86_400, 86_400],
  ["hour", 3_600, 3_600],
  ["minute", 60, 60],
  ["second", 1, 1],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const DATE = { day: "numeric", month: "short", year: "numeric" } as const;
const CLOCK = { hour: "2-digit", minute: "2-digit" } as const;
const ZONE = { timeZoneName: "short" } as const;

const absolute = new Intl.DateTimeFormat("en-GB", { ...DATE, ...CLOCK, second: "2-digit", ...ZONE });
const minutes = new Intl.DateTimeFormat("en-GB", { ...DATE, ...CLOCK, ...ZONE });
const day = new Intl.DateTimeFormat("en-GB", DATE);
const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...CLOCK, ...ZONE });

/** "30 Nov 2026, 15:57:02 UTC": no time without its zone, so that two people speak of the same moment. */
export const formatFullTime = (at: string | number): string => absolute.format(new Date(at));

/** The same to the minute. */
export const formatMinute = (at: string | number): string => minutes.format(new Date(at));

/** "30 Nov, 15:57 UTC"; of another year, with the year. */
export const formatClock = (at: string | number): string => (isThisYear(at) ? clock : minutes).format(new Date(at));

const isThisYear = (at: string | number): boolean => new Date(at).getFullYear() === new Date().getFullYear();

/** "30 Nov 2026" */
export const formatDay = (at: string | number): string => day.format(new Date(at));

/** "UTC", "GMT+1": the zone of all times that are shown, at a given time. */
export const zoneOf = (at: number): string =>
  clock.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";

/** "3 min. ago", of the unit that says most. */
export function formatRelativeTime(ms: number, nowMs: number): string {
  const seconds = Math.round((ms - nowMs) / 1_000);
  const [unit, size] = STEPS.find(([, , from]) => Math.abs(seconds) >= from) ?? (["second", 1] as const);
  return relative.format(Math.trunc(seconds / size), unit);
}

/** Ticks for all times on a page, every ten seconds. */
let nowMs = Date.now();
const watchers = new Set<() => void>();
setInterval(() => {
  nowMs = Date.now();
  for (const watcher of watchers) watcher();
}, 10_000);

/** A time as people say it, and exactly in its tooltip and for machines. @param at RFC 3339, or milliseconds since 1970 */
export function Time({ at }: { readonly at: string | number | null }) {
  const [, setRound] = useState(0);
  useEffect(() => {
    const again = () => setRound((last) => last + 1);
    watchers.add(again);
    return () => void watchers.delete(again);
  }, []);
  if (at === null) return <span class="muted">never</span>;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={formatFullTime(at)}>
      {formatRelativeTime(date.getTime(), Math.max(nowMs, date.getTime()))}
    </time>
  );
}

/** A time of which the day is enough, such as one long ago. */
export const Day = ({ at }: { readonly at: string }) => (
  <time dateTime={new Date(at).toISOString()} title={formatFullTime(at)}>
    {formatDay(at)}
  </time>
);

/** Both at once, where there is room. */
export const FullTime = ({ at }: { readonly at: string | number | null }) => (
  <span>
    <Time at={at} />
    {at !== null && <span class="muted"> · {formatFullTime(at)}</span>}
  </span>
);
