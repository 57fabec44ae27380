import type { DeviceKey } from "#domain/event.ts";
import type { RebuildSink } from "#objects/rebuild.ts";
import { StoredFleetRepository } from "#repositories/stored-fleet.ts";
import { StoredFleetWrites } from "#repositories/stored-fleet-writes.ts";
import type { JobDeps, JobStep } from "../job-kind.ts";
import { Notes } from "./notes.ts";
import { objectOf, requireRebuilt } from "./replay.ts";
import { type RebuildState, withNextPhase } from "./state.ts";

/** Devices of one step: each is a call of its object. Ours. */
const PAGE = 200;

/** Removes some of what is rebuilt: second values first, since the rows say whose they are. */
export async function emptyStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const rebuilt = requireRebuilt(deps);
  const writes = new StoredFleetWrites(rebuilt);
  const keys = await new StoredFleetRepository(rebuilt).keysAfter("", PAGE);
  if (keys.length > 0) {
    if (state.objectsKept) await dropValues(deps, keys);
    await writes.removeDevices(keys);
    return { state, isDone: false };
  }
  const isEmpty = await writes.removeOthers(PAGE);
  return { state: isEmpty ? withNextPhase(state) : state, isDone: false };
}

/** Removes some second values. */
export async function dropStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  if (!state.objectsKept) return { state: withNextPhase(state), isDone: false };
  const keys = await new StoredFleetRepository(requireRebuilt(deps)).keysAfter(state.cursor ?? "", PAGE);
  await dropValues(deps, keys);
  const last = keys.at(-1);
  return { state: last === undefined ? withNextPhase(state) : { ...state, cursor: last }, isDone: false };
}

/** Removes some notes. */
export async function tidyStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const { isEmpty } = new Notes(deps.storage).leave(1_000);
  return { state: isEmpty ? withNextPhase(state) : state, isDone: isEmpty };
}

const dropValues = async (deps: JobDeps, keys: readonly DeviceKey[]): Promise<void> => {
  await Promise.all(keys.map((key) => objectOf<RebuildSink>(deps, key).dropRebuilt()));
};
