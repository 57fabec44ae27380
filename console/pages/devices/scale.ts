/** Maps a time range to a range of pixels. */
export type Scale = { readonly fromMs: number; readonly toMs: number; readonly left: number; readonly right: number };

/** The pixel of a time; one outside of the range is at the edge. */
export const xOf = ({ fromMs, toMs, left, right }: Scale, ms: number): number =>
  left + (right - left) * Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));

export type Mark = { readonly x: number; readonly label: string };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 30.5 * DAY;

const STEPS = [
  ...[1, 5, 15, 30].map((each) => each * MINUTE),
  ...[1, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 7, 14].map((each) => each * DAY),
];

/** Steps of whole months, since months differ in length. */
const MONTHS = [1, 2, 3, 6, 12, 24, 60];

/**
 * Marks at round times, as many as there is room for. Days begin at midnight of the reader's time zone.
 * @param labelWidth in pixels, with the gap behind it
 */
export function placeMarks(scale: Scale, labelWidth: number): Mark[] {
  const { fromMs, toMs, left, right } = scale;
  const room = Math.max(1, Math.floor((right - left) / labelWidth)) + 0.5;
  const fits = (step: number) => (toMs - fromMs) / step <= room;
  const step = STEPS.find(fits);
  const moments = step
    ? momentsEach(step, fromMs, toMs)
    : monthsEach(MONTHS.find((each) => fits(each * MONTH)) ?? 120, fromMs, toMs);
  return (
    moments
      .map((ms) => ({ x: xOf(scale, ms), label: formatMark(ms, step ?? MONTH) }))
      // A label is drawn to the right of its mark.
      .filter(({ x }) => x <= right - labelWidth * 0.75)
  );
}

function momentsEach(step: number, fromMs: number, toMs: number): number[] {
  const offset = new Date(fromMs).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((fromMs - offset) / step) * step + offset;
  return Array.from({ length: Math.max(0, Math.floor((toMs - first) / step) + 1) }, (_, i) => first + i * step);
}

function monthsEach(step: number, fromMs: number, toMs: number): number[] {
  const from = new Date(fromMs);
  const moments: number[] = [];
  for (let month = Math.ceil((from.getMonth() + 1) / step) * step; ; month += step) {
    const ms = new Date(from.getFullYear(), month, 1).getTime();
    if (ms > toMs) return moments;
    moments.push(ms);
  }
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" });

function formatMark(ms: number, step: number): string {
  const date = new Date(ms);
  if (step >= MONTH) return month.format(date);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return step >= DAY || isMidnight ? day.format(date) : clock.format(date);
}
