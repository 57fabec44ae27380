import * as z from "zod";
import { type ArchiveBucket, listKeys } from "#archive/bucket.ts";
import { ManifestConflict } from "#archive/manifest.ts";
import { DAYS_PREFIX, dayOf, RAW_PREFIX } from "#archive/names.ts";
import { isArchived, newestExpiredDay } from "#archive/retention.ts";
import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../files/compact-day.ts";
import { SERIES_BEGIN, type SeriesPlace, seriesOfDay } from "../series/series-of-day.ts";
import { firstUnfinished, noteFinished, noteUnfinished } from "../series/unfinished.ts";
import { every, type JobKind, JobProblem, type JobSchedule } from "./job-kind.ts";

/** `day`: only this one, in UTC. By default every closed day that has raw objects. */
const Params = z.strictObject({ day: z.iso.date().optional() });

export type CompactionState = {
  readonly onlyDay: string | null;
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
};

/** A day's files, and then its series. */
type Place = DayPlace | { readonly stage: "series"; readonly series: SeriesPlace };

/** Records settle for so long after their day before it is compacted; what comes later is late, and compacted then. Ours. */
const DAY_CLOSES_AFTER_MS = 30 * MINUTE_MS;

/** Where the job remembers the day on which it last looked for what is not kept any longer. */
const EXPIRY_LOOKED = "compaction:expiry-looked";

/** Turns the raw objects of closed days into day files. Each step depends on the bucket alone, and may be repeated. */
export const compaction: JobKind<unknown, CompactionState> = {
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
      ...{ onlyDay: day, openDay, expiredDay: isLookedAt ? null : newestExpiredDay(nowMs) },
      ...{ day: null, place: null, days: 0, objects: 0, records: 0, expired: 0 },
    };
  },

  step: async (state, { bucket, nowMs, storage }) => {
    if (state.place === null) {
      const day = await nextDay(bucket, state);
      if (day !== null) {
        await noteUnfinished(bucket, day);
        return { state: { ...state, day, place: DAY_BEGINS }, isDone: false };
      }
      if (state.onlyDay === null) storage.kv.put(EXPIRY_LOOKED, dayOf(nowMs));
      return { state, isDone: true };
    }
    const day = state.day as string;
    if (state.place.stage === "series") {
      const series = await seriesOfDay({ bucket, nowMs }, day, state.place.series);
      if (series !== null) return { state: { ...state, place: { stage: "series", series } }, isDone: false };
      await noteFinished(bucket, day);
      return { state: { ...state, place: null, days: state.days + 1 }, isDone: false };
    }
    const isKept = (topic: string, day: string) => isArchived(topic, day, nowMs);
    try {
      const step = await compactDay({ bucket, nowMs, isKept }, day, state.place);
      const counts = {
        objects: state.objects + step.objects,
        records: state.records + step.records,
        expired: state.expired + step.expired,
      };
      const place: Place = step.place ?? { stage: "series", series: SERIES_BEGIN };
      return { state: { ...state, ...counts, place }, isDone: false };
    } catch (error) {
      // Another writer was first. This step's files are not named, and are deleted with the day's other strays.
      if (error instanceof ManifestConflict) return { state: { ...state, place: DAY_BEGINS }, isDone: false };
      throw error;
    }
  },

  report: ({ day, place, days, objects, records, expired }) => ({
    phase: place === null ? "Looks for the next day." : `${PHASES[place.stage]} of ${day}.`,
    done: days,
    total: null,
    unit: "days",
    figures: { "raw objects replaced": objects, "records added": records, "records removed for their age": expired },
  }),
};

const PHASES: Readonly<Record<Place["stage"], string>> = {
  gather: "Turns raw objects into day files",
  expire: "Removes what is not kept any longer",
  fold: "Makes large files of small ones",
  sweep: "Deletes files that do not count",
  series: "Makes the series by device",
};

/** Each hour, so that late records wait no longer. */
export const compactionSchedule: JobSchedule = { paramsIfDue: every(HOUR_MS) };

/** The next day after the state's with raw objects, or that is unfinished, or with day files of which some may not be kept any longer. */
async function nextDay(
  bucket: Pick<ArchiveBucket, "list">,
  { onlyDay, openDay, expiredDay, day: last }: CompactionState,
): Promise<string | null> {
  if (onlyDay !== null) return last === null ? onlyDay : null;
  // "0" sorts just behind "/", so a name after `…2026-11-23` + "0" is of a later day.
  const raw = await firstDay(bucket, RAW_PREFIX, last && `${RAW_PREFIX}${last}0`);
  const old =
    expiredDay === null ? null : await firstDay(bucket, `${DAYS_PREFIX}day=`, last && `${DAYS_PREFIX}day=${last}0`);
  const unfinished = await firstUnfinished(bucket, last);
  const due = [
    ...(unfinished !== null && unfinished < openDay ? [unfinished] : []),
    ...(raw !== null && raw < openDay ? [raw] : []),
    ...(old !== null && expiredDay !== null && old <= expiredDay ? [old] : []),
  ];
  return due.sort()[0] ?? null;
}

async function firstDay(
  bucket: Pick<ArchiveBucket, "list">,
  prefix: string,
  after: string | null,
): Promise<string | null> {
  const { keys } = await listKeys(bucket, { prefix, after, limit: 1 });
  return keys[0]?.slice(prefix.length, prefix.length + "2026-11-23".length) ?? null;
}
