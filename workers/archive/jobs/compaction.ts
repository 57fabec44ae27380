import * as z from "zod";
import { ManifestConflict } from "#archive/manifest.ts";
import { dayOf } from "#archive/names.ts";
import { isArchived, newestExpiredDay, RETENTION, type RetentionTable } from "#archive/retention.ts";
import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../files/compact-day.ts";
import { nextDay } from "../files/next-day.ts";
import { type ExpiryPlace, expireSeries, expiryBegin } from "../series/expire-series.ts";
import { SERIES_BEGIN, SERIES_BEHIND, type SeriesPlace, seriesOfDay } from "../series/series-of-day.ts";
import { noteFinished, noteUnfinished } from "../series/unfinished.ts";
import { every, type JobDeps, type JobKind, JobProblem, type JobSchedule, type JobStep } from "./job-kind.ts";

/** `day`: only this one, in UTC. By default every closed day that has raw objects. */
const Params = z.strictObject({ day: z.iso.date().optional() });

export type CompactionState = {
  readonly onlyDay: string | null;
  /** When the run began: what is not kept any longer follows from that UTC day. Absent in a run from a release before. */
  readonly begunAtMs?: number;
  /** The first day that is not closed yet. */
  readonly openDay: string;
  /** The newest day of which something may not be kept any longer; `null` if this run does not look. */
  readonly expiredDay: string | null;
  /** The day that is being compacted, or that was last. */
  readonly day: string | null;
  /** `null` between two days. */
  readonly place: Place | null;
  readonly days: number;
  readonly objects: number;
  readonly records: number;
  readonly expired: number;
  /** Segments of the series that were rewritten or removed for the age of what they held. */
  readonly expiredSegments: number;
  /** The day through which this run has looked for day files that are not kept any longer. */
  readonly lookedThrough: string | null;
};

/** A day's files, and then its series; after the last day, what is not kept any longer in all series. */
type Place =
  | DayPlace
  | { readonly stage: "series"; readonly series: SeriesPlace }
  | { readonly stage: "expireSeries"; readonly expiry: ExpiryPlace };

/** Records settle for so long after their day before it is compacted; what comes later is late, and compacted then. Ours. */
const DAY_CLOSES_AFTER_MS = 30 * MINUTE_MS;

/** Where the job remembers the day on which it last looked for what is not kept any longer. */
const EXPIRY_LOOKED = "compaction:expiry-looked";

/** Turns the raw objects of closed days into day files. Each step depends on the bucket alone, and may be repeated. */
export const compactionBy = (retention: RetentionTable): JobKind<unknown, CompactionState> => ({
  begin: async (params, { nowMs, storage }) => {
    const read = Params.safeParse(params);
    if (!read.success) throw new JobProblem(`Nothing was started: ${z.prettifyError(read.error)}.`);
    const openDay = dayOf(nowMs - DAY_CLOSES_AFTER_MS);
    const { day = null } = read.data;
    if (day !== null && day >= openDay)
      throw new JobProblem(
        `Nothing was started: ${day} is not closed. Days are closed half an hour after their end, in UTC.`,
      );
    const isLookedAt = storage.kv.get<string>(EXPIRY_LOOKED) === dayOf(nowMs);
    return {
      ...{ onlyDay: day, begunAtMs: nowMs, openDay },
      ...{ expiredDay: isLookedAt ? null : newestExpiredDay(nowMs, retention) },
      ...{ day: null, place: null, days: 0, objects: 0, records: 0, expired: 0 },
      ...{ expiredSegments: 0, lookedThrough: null },
    };
  },

  step: async (state, deps) => {
    const its = { ...deps, retention };
    if (state.place === null) return betweenDays(state, its);
    if (state.place.stage === "expireSeries") return stepOfExpiry(state, state.place.expiry, its);
    try {
      return { state: await stepOfDay(state, state.day as string, state.place, its), isDone: false };
    } catch (error) {
      // Another writer was first. This step's files are not named, and are deleted with the day's other strays.
      if (error instanceof ManifestConflict) return { state: { ...state, place: DAY_BEGINS }, isDone: false };
      throw error;
    }
  },

  report: ({ day, place, days, objects, records, expired, expiredSegments }) => ({
    phase: place === null ? "Looks for the next day." : phaseOf(place, day),
    done: days,
    total: null,
    unit: "days",
    figures: {
      "raw objects replaced": objects,
      "records added": records,
      "records removed for their age": expired,
      "segments of series rewritten for age": expiredSegments,
    },
  }),
});

export const compaction = compactionBy(RETENTION);

type Deps = JobDeps & { readonly retention: RetentionTable };
type Step = JobStep<CompactionState>;

/** Begins the next day; behind the last one, what is not kept any longer is taken out of the series. */
async function betweenDays(state: CompactionState, { bucket, nowMs, storage, retention }: Deps): Promise<Step> {
  if (state.onlyDay !== null) {
    const isBegun = state.day !== null;
    if (!isBegun) await noteUnfinished(bucket, state.onlyDay);
    return { state: isBegun ? state : { ...state, day: state.onlyDay, place: DAY_BEGINS }, isDone: isBegun };
  }
  const isKept = (topic: string, day: string) => isArchived(topic, day, nowMs, retention);
  const { day, lookedThrough, isEnd } = await nextDay(bucket, state, isKept);
  if (day !== null) {
    await noteUnfinished(bucket, day);
    return { state: { ...state, day, lookedThrough, place: DAY_BEGINS }, isDone: false };
  }
  if (!isEnd) return { state: { ...state, lookedThrough }, isDone: false };
  const { begunAtMs = nowMs } = state;
  if (state.expiredDay !== null) {
    const place: Place = { stage: "expireSeries", expiry: expiryBegin(begunAtMs) };
    return { state: { ...state, lookedThrough, place }, isDone: false };
  }
  storage.kv.put(EXPIRY_LOOKED, dayOf(begunAtMs));
  return { state, isDone: true };
}

async function stepOfExpiry(
  state: CompactionState,
  expiry: ExpiryPlace,
  { bucket, storage, retention }: Deps,
): Promise<Step> {
  const { place, segments } = await expireSeries({ bucket, retention }, expiry);
  const expiredSegments = state.expiredSegments + segments;
  if (place !== null)
    return { state: { ...state, expiredSegments, place: { stage: "expireSeries", expiry: place } }, isDone: false };
  storage.kv.put(EXPIRY_LOOKED, expiry.day);
  return { state: { ...state, expiredSegments, place: null }, isDone: true };
}

/** A step of a day's files, or of its series. */
async function stepOfDay(
  state: CompactionState,
  day: string,
  place: Exclude<Place, { readonly stage: "expireSeries" }>,
  { bucket, nowMs, retention }: Deps,
): Promise<CompactionState> {
  const isKept = (topic: string, of: string) => isArchived(topic, of, nowMs, retention);
  if (place.stage === "series") {
    const series = await seriesOfDay({ bucket, nowMs, isKept }, day, place.series);
    if (series !== null) return { ...state, place: { stage: "series", series } };
    await noteFinished(bucket, day);
    return { ...state, place: null, days: state.days + 1 };
  }
  const step = await compactDay({ bucket, nowMs, isKept }, day, place);
  return {
    ...state,
    objects: state.objects + step.objects,
    records: state.records + step.records,
    expired: state.expired + step.expired,
    // An operator who names a day has all of its series made again.
    place: step.place ?? { stage: "series", series: state.onlyDay === null ? SERIES_BEHIND : SERIES_BEGIN },
  };
}

const PHASES: Readonly<Record<Place["stage"], string>> = {
  gather: "Turns raw objects into day files",
  expire: "Removes what is not kept any longer",
  fold: "Makes large files of small ones",
  sweep: "Deletes files that do not count",
  series: "Makes the series by device",
  expireSeries: "Takes what is not kept any longer out of the series",
};

const phaseOf = ({ stage }: Place, day: string | null): string =>
  stage === "expireSeries" ? `${PHASES[stage]}.` : `${PHASES[stage]} of ${day}.`;

/** Each hour, so that late records wait no longer. */
export const compactionSchedule: JobSchedule = { paramsIfDue: every(HOUR_MS) };
