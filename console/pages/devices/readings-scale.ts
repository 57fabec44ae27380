import type { ReadingField, ReadingPoint, ReadingStat } from "#ops/readings-api.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How far back a chart goes, and in which steps: as many as a screen has room for. */
export const RANGES = {
  day: { label: "Day", spanMs: DAY, stepSeconds: 600 },
  week: { label: "Week", spanMs: 7 * DAY, stepSeconds: 3_600 },
  year: { label: "Year", spanMs: 365 * DAY, stepSeconds: 86_400 },
} as const;
export type Range = keyof typeof RANGES;

export type Span = { readonly fromMs: number; readonly toMs: number; readonly stepMs: number };

/** The steps of a range whose last one has this time in it. */
export function spanOf(range: Range, untilMs: number): Span {
  const { spanMs, stepSeconds } = RANGES[range];
  const stepMs = stepSeconds * 1_000;
  const toMs = (Math.floor(untilMs / stepMs) + 1) * stepMs;
  return { fromMs: toMs - spanMs, toMs, stepMs };
}

/** One field of a point, in the middle of its step. */
export type Drawn = ReadingStat & { readonly atMs: number };

export const drawnOf = (points: readonly ReadingPoint[], field: ReadingField, stepMs: number): readonly Drawn[] =>
  points.flatMap(({ at, [field]: stat }) => (stat ? [{ ...stat, atMs: Date.parse(at) + stepMs / 2 }] : []));

/** A device reports when it likes, so a gap is one of so many times its usual distance, or of this share of the chart. */
const GAP = 3.5;
const GAP_SHARE = 1 / 12;

/** Points that a line connects: it breaks where the device was silent for much longer than it usually is, or for long. */
export function stretchesOf(drawn: readonly Drawn[], { fromMs, toMs, stepMs }: Span): readonly (readonly Drawn[])[] {
  const distances = drawn.slice(1).map(({ atMs }, i) => atMs - (drawn[i]?.atMs ?? atMs));
  const usual = Math.max(stepMs, distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? stepMs);
  const longest = Math.max(stepMs, Math.min(GAP * usual, GAP_SHARE * (toMs - fromMs)));
  const stretches: Drawn[][] = [];
  drawn.forEach((point, i) => {
    const last = stretches.at(-1);
    if (last && (distances[i - 1] ?? 0) <= longest) last.push(point);
    else stretches.push([point]);
  });
  return stretches;
}

/** All points as one, `null` without any. The mean is that of all reports. */
export function overall(drawn: readonly Drawn[]): ReadingStat | null {
  const count = drawn.reduce((sum, each) => sum + each.count, 0);
  if (count === 0) return null;
  return {
    min: Math.min(...drawn.map(({ min }) => min)),
    max: Math.max(...drawn.map(({ max }) => max)),
    mean: drawn.reduce((sum, each) => sum + each.mean * each.count, 0) / count,
    count,
  };
}

/** Values that a pane shows: whole marks, a few of them, with every value between the first and the last. */
export function valueMarks(min: number, max: number): readonly number[] {
  const step = [1, 2, 5, 10, 20, 50].find((each) => (max - min) / each <= 4) ?? 100;
  const first = Math.floor(min / step);
  const last = Math.max(first + 1, Math.ceil(max / step));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** The index of the point that is nearest to a time; the points are oldest first. */
export function nearestIndex(timesMs: readonly number[], ms: number): number {
  const after = timesMs.findIndex((each) => each >= ms);
  if (after <= 0) return after === 0 ? 0 : timesMs.length - 1;
  return ms - (timesMs[after - 1] ?? 0) < (timesMs[after] ?? 0) - ms ? after - 1 : after;
}
