import { archiveLog } from "#archive/log.ts";
import type { JobDeps, JobStep } from "../job-kind.ts";
import { Busy, recordsAStep, replayRecords, targetOf } from "./replay.ts";
import { type RebuildState, withNextPhase } from "./state.ts";

/** How far the clocks of R2 and a Worker may be apart, and how long a write may take that has its time already. Ours. */
const CLOCKS_MS = 60_000;
/** A round that takes at most this has caught up. Ours. */
const SHORT_ROUND_MS = 30_000;
/** Rounds after which a rebuild goes on, although events come about as fast as it replays them. Ours. */
const MAX_ROUNDS = 20;
/** Between two rounds of a job that only follows. Ours. */
const FOLLOW_MS = 10_000;
/** Until a step is repeated whose devices consumers kept changing. Ours. */
const BUSY_MS = 1_000;

/** Reads the archive from its first day to its last. */
export async function replayStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const readFromMs = state.readFromMs ?? deps.nowMs;
  const { records, position, isEnd } = await archiveLog(deps.bucket).read(state.log, {
    records: recordsAStep(state.params.pace, state.objectsKept),
  });
  return paced({ ...state, readFromMs }, deps, records, (replayed) => ({
    ...replayed,
    log: position,
    firstDay: state.firstDay ?? position?.day ?? null,
    ...(isEnd && withNextPhase({ ...replayed, throughMs: readFromMs })),
  }));
}

/**
 * Reads what was archived since the last read began, in rounds, until a round is short and began late enough. Everything
 * that was archived before a round began is replayed at its end.
 */
export async function levelStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const waitMs = state.round ? 0 : state.neededMs - deps.nowMs;
  if (waitMs > 0) return { state, isDone: false, waitMs: Math.min(waitMs, FOLLOW_MS) };
  return roundStep(state, deps, (ended, roundMs) => {
    const isLevel = roundMs <= SHORT_ROUND_MS || ended.rounds >= MAX_ROUNDS;
    return isLevel && (ended.throughMs ?? 0) >= ended.neededMs ? withNextPhase(ended) : ended;
  });
}

/** As `levelStep`, for ever. */
export async function followStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const step = await roundStep(state, deps, (ended) => ended);
  return step.state.round === null ? { ...step, waitMs: Math.max(step.waitMs ?? 0, FOLLOW_MS) } : step;
}

async function roundStep(
  state: RebuildState,
  deps: JobDeps,
  end: (state: RebuildState, roundMs: number) => RebuildState,
): Promise<JobStep<RebuildState>> {
  const sinceMs = (state.throughMs ?? 0) - CLOCKS_MS;
  const round = state.round ?? { sinceMs, startedAtMs: deps.nowMs, after: null };
  const limit = recordsAStep(state.params.pace, state.objectsKept);
  const log = archiveLog(deps.bucket, { writtenSinceMs: round.sinceMs });
  const { records, position, isEnd } = await log.read(round.after, { records: limit });
  return paced(state, deps, records, (replayed) => {
    if (!isEnd) return { ...replayed, round: { ...round, after: position } };
    const ended = { ...replayed, round: null, rounds: replayed.rounds + 1, throughMs: round.startedAtMs };
    return end(ended, deps.nowMs - round.startedAtMs);
  });
}

/** Replays the records of a step, and waits as long as the pace asks for. */
async function paced(
  state: RebuildState,
  deps: JobDeps,
  records: Parameters<typeof replayRecords>[1],
  after: (replayed: RebuildState) => RebuildState,
): Promise<JobStep<RebuildState>> {
  const beganAtMs = Date.now();
  try {
    const target = targetOf(deps, state.params.into);
    const { refused, objectsKept } = await replayRecords(target, records, {
      nowMs: deps.nowMs,
      withObjects: state.objectsKept,
    });
    const tookMs = Date.now() - beganAtMs;
    const waitMs = Math.max(0, Math.ceil((records.length / state.params.pace) * 1_000) - tookMs);
    const replayed = {
      ...state,
      records: state.records + records.length,
      refused: state.refused + refused,
      replayMs: state.replayMs + tookMs + waitMs,
      objectsKept,
    };
    return { state: after(replayed), isDone: false, waitMs };
  } catch (thrown) {
    if (thrown instanceof Busy) return { state, isDone: false, waitMs: BUSY_MS };
    throw thrown;
  }
}
