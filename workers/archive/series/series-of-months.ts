import { SERIES_PREFIX, seriesPrefix } from "#archive/names.ts";
import { listBucket } from "#archive/series/lookup.ts";
import {
  type DaySegment,
  type MonthSegment,
  monthEndMs,
  monthOf,
  monthSegmentName,
  type Places,
  parseSegmentName,
  placesOf,
  placeText,
  type SegmentName,
} from "#archive/series/names.ts";
import { encodeSegment, type Lines, openSegment, readWhole } from "#archive/series/segment.ts";
import { addToMonth, isEmpty } from "#archive/series/write.ts";
import { DAY_MS } from "#domain/time.ts";
import { SERIES_LIMITS, type SeriesDeps } from "./deps.ts";

/** Where the months are: how far the segments were listed, and what is being done. Plain JSON. */
export type MonthsPlace = { readonly stage: "months"; readonly after: string; readonly plan: Plan | null };

/** What has to be done for the days of one month and bucket. */
type Plan = {
  readonly bucket: string;
  readonly month: string;
  /** The segments of its days, which go once they are in every target. */
  readonly days: readonly string[];
  /** The slices of the month, and those of later months, whose states have to know. */
  readonly targets: readonly string[];
  /** The next target. */
  readonly next: number;
};

export const MONTHS_BEGIN: MonthsPlace = { stage: "months", after: SERIES_PREFIX, plan: null };

/** Pages of names that one step lists, if none of them has anything to do. Ours. */
const PAGES_AT_ONCE = 100;

/** How long a month stays open after its end, for what is settled late. What comes later still is added all the same. Ours. */
const LATE_MS = DAY_MS;

/** One bounded step: the next plan, one target of it, or the removal of days that all targets have. `null` at the end. */
export async function seriesOfMonths(deps: SeriesDeps, { after, plan }: MonthsPlace): Promise<MonthsPlace | null> {
  if (plan) return { stage: "months", after, plan: await followPlan(deps, plan) };
  let startAfter = after;
  for (let page = 0; page < PAGES_AT_ONCE; page++) {
    const { objects, truncated } = await deps.bucket.list({ prefix: SERIES_PREFIX, startAfter });
    const found = objects.map(({ key }) => parseSegmentName(key)).find((each) => each && isToBeAdded(each, deps.nowMs));
    if (found) {
      const bucket = found.name.slice(SERIES_PREFIX.length, SERIES_PREFIX.length + 2);
      // The bucket is listed again afterwards: it may have days of several months.
      return { stage: "months", after: seriesPrefix(bucket), plan: await planFor(deps, bucket) };
    }
    startAfter = objects.at(-1)?.key ?? startAfter;
    if (!truncated) return null;
  }
  return { stage: "months", after: startAfter, plan: null };
}

/** Whether it is a day of a month that is over. */
const isToBeAdded = (segment: SegmentName, nowMs: number): segment is DaySegment =>
  segment.kind === "day" && monthEndMs(monthOf(segment.day)) + LATE_MS <= nowMs;

/** @returns the plan after one step of it; `null` once it is done */
async function followPlan(deps: SeriesDeps, plan: Plan): Promise<Plan | null> {
  const target = plan.targets[plan.next];
  if (target !== undefined) {
    await writeTarget(deps, plan, parseSegmentName(target) as MonthSegment);
    return { ...plan, next: plan.next + 1 };
  }
  await deps.bucket.delete([...plan.days]);
  return null;
}

/** The oldest month of a bucket that is over and has days in segments of their own. */
async function planFor({ bucket, nowMs, limits = SERIES_LIMITS }: SeriesDeps, inBucket: string): Promise<Plan | null> {
  const segments = await listBucket(bucket, inBucket);
  const days = segments.filter((each) => each.kind === "day");
  const first = days.find((each) => isToBeAdded(each, nowMs));
  if (!first) return null;
  const month = monthOf(first.day);
  const months = segments.filter((each) => each.kind === "month");
  const own = days.filter(({ day }) => monthOf(day) === month);
  const slices = months.find((each) => each.month === month)?.slices ?? slicesFor(own, limits.sliceBytes);
  const targets = Array.from({ length: slices }, (_, slice) => monthSegmentName(inBucket, month, slice, slices));
  const later = months.filter((each) => each.month > month).map(({ name }) => name);
  const names = own.slice(0, limits.days).map(({ name }) => name);
  return { bucket: inBucket, month, days: names, targets: [...targets, ...later], next: 0 };
}

/** Slices of a month: a power of two, so that the slices of two months lie within each other. */
function slicesFor(days: readonly { readonly size: number }[], sliceBytes: number): number {
  const bytes = days.reduce((sum, { size }) => sum + size, 0);
  return 2 ** Math.max(0, Math.ceil(Math.log2(bytes / sliceBytes)));
}

async function writeTarget(deps: SeriesDeps, plan: Plan, target: MonthSegment): Promise<void> {
  const { bucket } = deps;
  const inBucket = plan.bucket;
  const places = placesOf(inBucket, target);
  const segments = (await listBucket(bucket, inBucket)).filter((each) => each.kind === "month");
  const exists = segments.some(({ name }) => name === target.name);
  const existing = exists ? await readWhole(await openSegment(bucket, target.name)) : null;
  const added = await readPlaces(deps, plan.days, places);
  if (existing && added.events.length + added.readings.length === 0) return;
  const lines = addToMonth({
    existing,
    earlier: existing ? [] : await earlierStates(deps, segments, { before: target.month, inBucket, places }),
    added,
    isOwn: target.month === plan.month,
  });
  if (existing || !isEmpty(lines)) await bucket.put(target.name, await encodeSegment(lines));
}

/** The states of the month before, or of the newest one that has any. */
async function earlierStates(
  { bucket }: SeriesDeps,
  segments: readonly MonthSegment[],
  { before, inBucket, places }: { readonly before: string; readonly inBucket: string; readonly places: Places },
): Promise<Lines["states"]> {
  const earlier = segments.filter(({ month }) => month < before);
  const newest = earlier
    .map(({ month }) => month)
    .sort()
    .at(-1);
  const overlapping = earlier.filter((each) => {
    const { from, to } = placesOf(inBucket, each);
    return each.month === newest && from < places.to && to > places.from;
  });
  const lines: Lines["states"][number][] = [];
  for (const { name } of overlapping)
    lines.push(...(await readRange(await openSegment(bucket, name), "states", places)));
  return lines;
}

async function readPlaces({ bucket }: SeriesDeps, names: readonly string[], places: Places) {
  const events: Lines["events"][number][] = [];
  const readings: Lines["readings"][number][] = [];
  for (const name of names) {
    const segment = await openSegment(bucket, name);
    events.push(...(await readRange(segment, "events", places)));
    readings.push(...(await readRange(segment, "readings", places)));
  }
  return { events, readings };
}

const readRange = (
  { read }: Awaited<ReturnType<typeof openSegment>>,
  kind: keyof Lines,
  { from, to }: Places,
): ReturnType<typeof read> => read(kind, placeText(from), to > 0xffff_ffff ? "g" : placeText(to));
