/** A stretch of time on so many pixels. */
export type Scale = { readonly fromMs: number; readonly toMs: number; readonly left: number; readonly right: number };

/** Where a moment lies; what lies outside is drawn at the edge. */
export const xOf = ({ fromMs, toMs, left, right }: Scale, ms: number): number =>
  left + (right - left) * Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly number[] = [
  ...[1, 5, 15, 30].map((each) => each * MINUTE),
  ...[1, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 7, 14, 30, 61, 91, 182, 365, 730, 1_825].map((each) => each * DAY),
];

/** Room that a label and the gap behind it want. */
const LABEL_WIDTH = 84;

export type Mark = { readonly x: number; readonly label: string };

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" });

/** Round moments, as many as there is room for. A day begins where the reader is. */
export function marksOf(scale: Scale): Mark[] {
  const { fromMs, toMs, left, right } = scale;
  const room = Math.max(1, Math.floor((right - left) / LABEL_WIDTH));
  const step = STEPS.find((each) => (toMs - fromMs) / each <= room) ?? (STEPS.at(-1) as number);
  const offset = new Date(fromMs).getTimezoneOffset() * MINUTE;
  const marks: Mark[] = [];
  for (let ms = Math.ceil((fromMs - offset) / step) * step + offset; ms <= toMs; ms += step) {
    const x = xOf(scale, ms);
    // A label hangs to the right of its mark.
    if (x <= right - LABEL_WIDTH / 2) marks.push({ x, label: labelOf(ms, step) });
  }
  return marks;
}

function labelOf(ms: number, step: number): string {
  const date = new Date(ms);
  if (step >= 30 * DAY) return month.format(date);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return step >= DAY || isMidnight ? day.format(date) : clock.format(date);
}
