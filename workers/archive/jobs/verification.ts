import * as z from "zod";
import { archiveLog } from "#archive/log.ts";
import { BUCKETS, bucketOf } from "#archive/names.ts";
import { newestExpiredDay, type RetentionTable } from "#archive/retention.ts";
import { MAX_AHEAD_MS } from "#contracts/parse.ts";
import { type DeviceKey, isDeviceKey } from "#domain/event.ts";
import { DAY_MS, type Moment, parseTime, toMoment, utcDay } from "#domain/time.ts";
import type { JobReport } from "#ops/archive-api.ts";
import { LiveState } from "../repositories/live-state.ts";
import { type JobDeps, type JobKind, JobProblem, type JobSchedule, type JobStep } from "./job-kind.ts";
import { compareCounts } from "./verification/counts.ts";
import { compareFolded, compareUnknown } from "./verification/devices.ts";
import { foldInto, gatherParties, readEvents, withoutPersonal } from "./verification/fold.ts";
import { FOLD_VERSION } from "./verification/fold-version.ts";
import { keepFolds } from "./verification/keep.ts";
import { judgeDevices, judgeParties, readLater, removeClosed, wait } from "./verification/later.ts";
import { leaveNotes } from "./verification/leave.ts";
import { loadFolds } from "./verification/load.ts";
import { compareParties, compareStrangers } from "./verification/parties.ts";
import { ALL, asLogRange } from "./verification/range.ts";
import { keepResults, sweep } from "./verification/results.ts";
import { type Shelves, shelvesOf } from "./verification/shelves.ts";
import { add, NO_FIGURES, type Phase, type Range, type VerificationState } from "./verification/state.ts";

const isTime = (text: string): boolean => parseTime(text) !== undefined;

/** Whether the archive is read from its beginning, also where folds of earlier runs are stored. */
const FromBeginning = z.boolean().default(false);

/** What a run goes through: a night's part of the buckets, one of them, all, or one device. */
const Params = z.union([
  z.strictObject({
    buckets: z.literal(["next", "all"]).default("next"),
    fromBeginning: FromBeginning,
    /** Kept for every later run: since when every record is archived, or `""` for ever. */
    archivedSince: z.union([z.literal(""), z.string().refine(isTime).transform(parseTime)]).optional(),
  }),
  z.strictObject({ bucket: z.string().regex(/^[0-9a-f]{2}$/), fromBeginning: FromBeginning }),
  z.strictObject({ device: z.string().refine(isDeviceKey) }),
]);
export type VerificationParams = z.input<typeof Params>;

/** Buckets of a night: all are verified within a week. Our choice. */
export const BUCKETS_A_NIGHT = Math.ceil(BUCKETS / 7);

/** Which bucket the next night begins with. */
const NEXT = "verify:next";
/** Since when every record is archived, if the platform is older than its archive. */
const SINCE = "verify:since";

/** Records that one step folds, and entries that one step removes. Our choice. */
const RECORDS_A_STEP = 2_000;
const CLEARED_A_STEP = 1_000;

/**
 * Compares what is stored with the fold of the archive, while events flow. A record is archived after it was merged, so what
 * the archive had before a row was read has to be in the row; and what is in the row has to be in the archive a while later.
 */
export const verification: JobKind<VerificationParams, VerificationState> = {
  begin: async (params, { storage, nowMs }) => {
    const { range, device, reread } = await target(params, storage);
    const archivedSince = comparedSince((await storage.get<Moment>(SINCE)) ?? null, nowMs);
    return {
      run: crypto.randomUUID(),
      foldVersion: FOLD_VERSION,
      startedAtMs: nowMs,
      range,
      device,
      archivedSince,
      phase: "clear",
      reread,
      loaded: {},
      doubted: [],
      place: null,
      reads: [],
      position: null,
      tail: null,
      cursor: null,
      comparedAtMs: null,
      round: 0,
      closed: { devices: [], parties: [] },
      figures: NO_FIGURES,
      buckets: {},
      unreadable: [],
      others: 0,
    };
  },

  step: async (before, deps): Promise<JobStep<VerificationState>> => {
    const shelves = shelvesOf(deps.storage);
    await removeClosed(before, shelves);
    const state = { ...before, closed: { devices: [], parties: [] } };
    if (state.phase === "wait") return { ...wait(state, deps), isDone: false };
    const after = await STEPS[state.phase](state, deps, shelves);
    return { state: after, isDone: after.phase === "done" };
  },

  report: (state) => toReport(state),
  leave: leaveNotes,
};

/** Each night from two o'clock on, UTC. What an operator verifies besides takes no night's place. */
export const verificationSchedule: JobSchedule = {
  paramsIfDue: (nowMs, { scheduled }) => {
    const now = new Date(nowMs);
    const isNight = now.getUTCHours() >= NIGHT_FROM_HOUR;
    const isDone = scheduled !== null && utcDay(new Date(scheduled).toISOString()) === utcDay(now.toISOString());
    return isNight && !isDone ? { buckets: "next" } : undefined;
  },
};
const NIGHT_FROM_HOUR = 2;

/** Which buckets a run goes through, and which of these it reads from the archive's beginning whatever is stored. */
async function target(
  params: VerificationParams,
  storage: JobDeps["storage"],
): Promise<Pick<VerificationState, "range" | "device" | "reread">> {
  const parsed = Params.safeParse(params ?? {});
  if (!parsed.success) {
    throw new JobProblem(
      'Nothing was started: verification takes "buckets", "next" or "all", and with it "archivedSince", an RFC 3339 time; or "bucket", two hex digits; with either "fromBeginning"; or "device", the key of one.',
    );
  }
  const wanted = parsed.data;
  if ("device" in wanted)
    return { range: only(bucketOf(wanted.device as DeviceKey)), device: wanted.device as DeviceKey, reread: "all" };
  const reread = wanted.fromBeginning ? "all" : "none";
  if ("bucket" in wanted) return { range: only(wanted.bucket), device: null, reread };
  if (wanted.archivedSince === "") await storage.delete(SINCE);
  else if (wanted.archivedSince !== undefined) await storage.put(SINCE, wanted.archivedSince);
  if (wanted.buckets === "all") return { range: ALL, device: null, reread };
  const from = ((await storage.get<number>(NEXT)) ?? 0) % BUCKETS;
  const range = { from, to: Math.min(from + BUCKETS_A_NIGHT, BUCKETS) - 1 };
  return { range, device: null, reread: wanted.fromBeginning ? "all" : "oldest" };
}

/**
 * Older versions are compared only where the archive has them: from before there was one, or removed by retention.
 * @param archivedSince as an operator said, `null` if the archive is as old as the platform
 */
export function comparedSince(archivedSince: Moment | null, nowMs: number, table?: RetentionTable): Moment | null {
  const expired = newestExpiredDay(nowMs, table);
  if (expired === null) return archivedSince;
  const kept = toMoment(Date.parse(`${expired}T00:00:00Z`) + DAY_MS + MAX_AHEAD_MS);
  return archivedSince !== null && archivedSince > kept ? archivedSince : kept;
}

const only = (bucket: string): Range => ({ from: Number.parseInt(bucket, 16), to: Number.parseInt(bucket, 16) });

type Step = (state: VerificationState, deps: JobDeps, shelves: Shelves) => Promise<VerificationState>;

const STEPS: Readonly<Record<Exclude<Phase, "wait">, Step>> = {
  clear: async (state, _, shelves) => ((await clear(shelves)) ? { ...state, phase: "load" } : state),
  load: loadFolds,
  fold: foldArchive,
  gather: async (state, _, shelves) => {
    const cursor = await gatherParties(state.cursor, shelves);
    return { ...state, phase: cursor === null ? "rows" : "gather", cursor };
  },
  rows: compareFolded,
  unknown: compareUnknown,
  parties: compareParties,
  strangers: compareStrangers,
  counts: compareCounts,
  tail: readLater,
  judge: judgeDevices,
  judgeParties,
  results: async (state, { nowMs, storage }, shelves) => {
    await keepResults(state, nowMs, shelves);
    const isNight = state.device === null && state.range.to > state.range.from;
    if (isNight) await storage.put(NEXT, (state.range.to + 1) % BUCKETS);
    return { ...state, phase: "keep", cursor: null };
  },
  keep: keepFolds,
  sweep: async (state, _, shelves) => {
    if (!(await clear(shelves))) return state;
    const cursor = await sweep(state.cursor, shelves);
    return cursor === null ? { ...state, phase: "done", cursor } : { ...state, cursor };
  },
  done: async (state) => state,
};

/** What a run has in storage: the fold, and what is open. */
async function clear({ devices, said, parties, openDevices, openParties }: Shelves): Promise<boolean> {
  for (const shelf of [devices, said, parties, openDevices, openParties]) {
    if (!(await shelf.clear(CLEARED_A_STEP))) return false;
  }
  return true;
}

/** Reads on in the first part of the archive that is not read yet. */
async function foldArchive(state: VerificationState, deps: JobDeps, shelves: Shelves): Promise<VerificationState> {
  const [current, ...others] = state.reads;
  if (!current) return { ...state, phase: "gather", position: null, cursor: null };
  const { buckets, writtenSinceMs } = current;
  const log = archiveLog(deps.bucket, {
    buckets: buckets.map(asLogRange),
    ...(writtenSinceMs !== null && { writtenSinceMs }),
  });
  const { records, position, isEnd } = await log.read(state.position, { records: RECORDS_A_STEP });
  const live = new LiveState(deps.db);
  const read = await withoutPersonal(readEvents(records, state.device), live);
  await foldInto(shelves, read);
  const figures = add(state.figures, {
    records: records.length,
    unreadable: read.unreadable.length,
    rowsRead: live.rowsRead,
  });
  const unreadable = [...new Set([...state.unreadable, ...read.unreadable.map(bucketOf)])];
  const after = { ...state, figures, unreadable };
  return isEnd ? { ...after, reads: others, position: null } : { ...after, position };
}

const SENTENCES: Readonly<Record<Phase, string>> = {
  clear: "removes what an earlier run left",
  load: "reads the folds that earlier runs have kept",
  fold: "folds what the archive has besides",
  gather: "joins what devices say of dealers and customers",
  rows: "compares devices with their fold",
  unknown: "looks for devices that the archive does not know",
  parties: "compares dealers and customers",
  strangers: "looks for dealers and customers that the archive does not know",
  counts: "compares kept counts",
  wait: "waits until what is newer than the fold is in the archive",
  tail: "reads what was archived since",
  judge: "compares what was newer than the fold",
  judgeParties: "compares what was newer than the fold",
  results: "keeps the results",
  keep: "keeps the folds for the next run",
  sweep: "removes what they replace",
  done: "is done",
};

function toReport({ phase, range, device, figures, round }: VerificationState): JobReport {
  const { records, differences, ...others } = figures;
  return {
    phase: SENTENCES[phase],
    done: figures.devices,
    total: null,
    unit: "devices",
    figures: { ...others, records, differences, buckets: device === null ? range.to - range.from + 1 : 0, round },
  };
}
