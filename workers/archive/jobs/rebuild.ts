import type { JobReport } from "#ops/archive-api.ts";
import { StoredFleetRepository } from "#repositories/stored-fleet.ts";
import { type JobDeps, type JobKind, JobProblem, type JobStep } from "./job-kind.ts";
import { announceStep } from "./rebuild/announce.ts";
import { dropStep, emptyStep, tidyStep } from "./rebuild/clear.ts";
import { compareStep, judgeStep, reviewStep } from "./rebuild/compare.ts";
import { followStep, levelStep, replayStep } from "./rebuild/follow.ts";
import { forgottenStep } from "./rebuild/forgotten.ts";
import { Notes } from "./rebuild/notes.ts";
import { requireRebuilt } from "./rebuild/replay.ts";
import { reportOf } from "./rebuild/report.ts";
import { beginState, type Phase, RebuildParams, type RebuildState } from "./rebuild/state.ts";
import { recountStep, switchStep } from "./rebuild/switch.ts";

/**
 * Rebuilds the state from the archive: into a second database and second values of objects, which are then compared with
 * the live ones and may replace what is wrong in them; or into the live ones, if those were lost. Events flow meanwhile.
 */
export const rebuild: JobKind<unknown, RebuildState> = {
  begin: async (params, deps) => {
    const parsed = RebuildParams.safeParse(params);
    if (!parsed.success) {
      throw new JobProblem(
        `Nothing was started: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ")}.`,
      );
    }
    const { into, restart, clear } = parsed.data;
    if (into === "D1") await requireEmpty(deps, restart || clear);
    new Notes(deps.storage).removeAll();
    return beginState(parsed.data, deps);
  },
  step: (state, deps) => {
    const [phase] = state.plan;
    return phase ? STEPS[phase](state, deps) : Promise.resolve({ state, isDone: true });
  },
  report: (state): JobReport => reportOf(state, Date.now()),
  leave: (storage) => new Notes(storage).leave(1_000),
  // Neither has notes that it needs; what they replay is redacted as they write it.
  outlivesForgetting: ({ params, plan }) => params.into === "live" || plan[0] === "follow",
};

async function requireEmpty(deps: JobDeps, restart: boolean): Promise<void> {
  const isEmpty = await new StoredFleetRepository(requireRebuilt(deps)).isEmpty();
  if (isEmpty || restart) return;
  throw new JobProblem(
    "Nothing was started: the second database has rows of an earlier rebuild. --restart removes them first.",
  );
}

const STEPS: Readonly<Record<Phase, (state: RebuildState, deps: JobDeps) => Promise<JobStep<RebuildState>>>> = {
  empty: emptyStep,
  forgotten: forgottenStep,
  replay: replayStep,
  level: levelStep,
  compare: compareStep,
  judge: judgeStep,
  switch: switchStep,
  recount: recountStep,
  announce: announceStep,
  review: reviewStep,
  follow: followStep,
  drop: dropStep,
  tidy: tidyStep,
};
