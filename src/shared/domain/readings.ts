import type { StatusReport } from "./change.ts";
import type { ConcordEvent } from "./event.ts";
import { toMilliseconds, toMoment } from "./time.ts";
import { compareText, type Version, versionMoment } from "./version.ts";

/** The numbers of a status report: °C, and percent of relative humidity. */
export const READING_FIELDS = ["indoorTemperatureC", "heatSetpointC", "coolSetpointC", "humidityPct"] as const;
/** A number of a status report. */
export type ReadingField = (typeof READING_FIELDS)[number];

/** What one status report measured. */
export type Reading = {
  /** When it was reported, in milliseconds since 1970 UTC. */
  readonly atMs: number;
  /** A short hash of the report's version: two copies of a report have the same one. */
  readonly tag: string;
} & Readonly<Partial<Record<ReadingField, number>>>;

/** Of the reports within one step that have a field: at least one. */
export type ReadingStat = {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly count: number;
};

/** A step of time, and each field that a report within it has. */
export type ReadingPoint = {
  /** When the step begins: a whole number of steps since 1970, in UTC. */
  readonly at: string;
} & Readonly<Partial<Record<ReadingField, ReadingStat>>>;

/** What is asked for: the reports from `fromMs`, inclusive, until `toMs`, exclusive, by steps of a whole number of seconds. */
export type ReadingRange = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepSeconds: number;
  readonly fields: readonly ReadingField[];
};

/** Points of one answer: a week by quarters of an hour, a year by twelve hours. Our choice; a screen has not more pixels for them. */
export const MAX_POINTS = 800;

/** The shortest step, in seconds. Our choice: devices report every few minutes. */
export const MIN_STEP_SECONDS = 60;

/** The longest one, in seconds: 68 years, the most that GraphQL's `Int` can say. */
const MAX_STEP_SECONDS = 2 ** 31 - 1;

/** No time is written before the year 0, in which a long step may have begun. */
const YEAR_0_MS = Date.parse("0000-01-01T00:00:00Z");

/** What is wrong with a range, as a sentence for its sender; `null` if nothing is. */
export function problemOf({ fromMs, toMs, stepSeconds, fields }: ReadingRange): string | null {
  if (!(fromMs < toMs)) return "`from` must be before `to`.";
  if (!Number.isInteger(stepSeconds) || stepSeconds < MIN_STEP_SECONDS)
    return `\`step\` must be a whole number of seconds, and at least ${MIN_STEP_SECONDS}.`;
  if (stepSeconds > MAX_STEP_SECONDS) return `\`step\` must be at most ${MAX_STEP_SECONDS} seconds.`;
  if (fields.length === 0) return "`fields` must name at least one field, or be absent.";
  const points = pointsIn({ fromMs, toMs, stepSeconds });
  if (points <= MAX_POINTS) return null;
  const fitting = Math.ceil((toMs - fromMs) / 1_000 / (MAX_POINTS - 1));
  return `The answer would have up to ${points} points, over the limit of ${MAX_POINTS}: ask for a step of ${fitting} seconds or more, or for less time.`;
}

/** The most points that a range can have. */
const pointsIn = ({ fromMs, toMs, stepSeconds }: Omit<ReadingRange, "fields">): number =>
  Math.floor((toMs - 1) / (stepSeconds * 1_000)) - Math.floor(fromMs / (stepSeconds * 1_000)) + 1;

/** What an event measured; `null` unless it is a status report. */
export function readingOf({
  occurredAtMs,
  version,
  change: { status },
}: Pick<ConcordEvent, "occurredAtMs" | "version" | "change">): Reading | null {
  return status ? { atMs: occurredAtMs, tag: tagOf(version), ...numbersOf(status) } : null;
}

/** When a report was made, and its tag, by its version alone. */
export const reportOf = (version: Version): Pick<Reading, "atMs" | "tag"> => ({
  atMs: toMilliseconds(versionMoment(version)),
  tag: tagOf(version),
});

const numbersOf = (status: StatusReport): Partial<Record<ReadingField, number>> =>
  Object.fromEntries(
    READING_FIELDS.flatMap((field) => {
      const value = status[field];
      return value === undefined ? [] : [[field, value]];
    }),
  );

/** FNV-1a of 32 bits. It tells two reports of one device in one millisecond apart. */
function tagOf(version: Version): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < version.length; i++) hash = Math.imul(hash ^ version.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

/**
 * The readings by steps, oldest first; a step without readings is left out. Copies of a report count once, in whatever
 * order they come.
 */
export function summarize(
  readings: Iterable<Reading>,
  { fromMs, toMs, stepSeconds, fields }: ReadingRange,
): ReadingPoint[] {
  const stepMs = stepSeconds * 1_000;
  const wanted = once(readings).filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const steps = Map.groupBy(wanted, ({ atMs }) => Math.floor(atMs / stepMs));
  return [...steps].flatMap(([step, within]) => {
    const stats = fields.flatMap((field) => {
      const values = within.flatMap((reading) => reading[field] ?? []);
      return values.length === 0 ? [] : [[field, statOf(values)] as const];
    });
    return stats.length === 0
      ? []
      : [{ at: toMoment(Math.max(YEAR_0_MS, step * stepMs)), ...Object.fromEntries(stats) }];
  });
}

function statOf(values: readonly number[]): ReadingStat {
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / values.length, count: values.length };
}

/** Each report once, oldest first. Of two reports that claim the same version, the greater content counts, as in a register. */
function once(readings: Iterable<Reading>): Reading[] {
  const known = new Map<string, Reading>();
  for (const reading of readings) {
    const id = `${reading.atMs} ${reading.tag}`;
    const other = known.get(id);
    if (!other || compareText(contentOf(reading), contentOf(other)) > 0) known.set(id, reading);
  }
  return [...known.values()].sort((a, b) => a.atMs - b.atMs || compareText(a.tag, b.tag));
}

const contentOf = (reading: Reading): string => JSON.stringify(READING_FIELDS.map((field) => reading[field] ?? null));
