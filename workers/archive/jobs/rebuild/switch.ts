import { adoptDevice, adoptRegister } from "#domain/adopt.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { RebuildSink } from "#objects/rebuild.ts";
import { bookmarkOf } from "#repositories/stored-fleet.ts";
import { StoredFleetWrites } from "#repositories/stored-fleet-writes.ts";
import { WatchRepository } from "#repositories/watch.ts";
import type { JobDeps, JobStep } from "../job-kind.ts";
import { noteDealer, noteDealers } from "./announce.ts";
import { requireNobodyForgotten } from "./forgotten.ts";
import { Notes, type Subject } from "./notes.ts";
import { objectOf } from "./replay.ts";
import { deviceOf, fleetsOf } from "./sides.ts";
import { type RebuildState, withNextPhase } from "./state.ts";

/** Devices or parties of one step, each with some calls. Ours. */
const PAGE = 25;
/** How often a row is read again that a consumer has written meanwhile, within a step. Ours. */
const MAX_TRIES = 5;

/**
 * Replaces some live rows and objects by what the archive says. A row that a consumer writes meanwhile is read again; one
 * that stays busy has its turn in the next step, which begins with it.
 */
export async function switchStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  await requireNobodyForgotten(deps, state.adopted);
  const notes = new Notes(deps.storage);
  // Time Travel goes back to it, if the switch itself was a mistake.
  const bookmark = state.bookmark ?? (await bookmarkOf(deps.db));
  const page = notes.list<Subject>("wrong", state.cursor, PAGE);
  if (page.length === 0) return { state: withNextPhase({ ...state, bookmark }), isDone: false };
  let { cursor, adopted, objectsAdopted } = state;
  for (const { id, value } of page) {
    const isWritten =
      value.kind === "device" ? await adoptRows(deps, notes, value.key) : await adoptParty(deps, notes, value);
    if (!isWritten) break;
    if (value.kind === "device") objectsAdopted += Number(await adoptInObject(deps, value.key, state.objectsKept));
    notes.put("adopted", value, { kind: value.kind, key: value.key } as Subject);
    adopted += 1;
    cursor = id;
  }
  return { state: { ...state, bookmark, cursor, adopted, objectsAdopted }, isDone: false };
}

async function adoptRows(deps: JobDeps, notes: Notes, key: DeviceKey): Promise<boolean> {
  const { live, rebuilt } = fleetsOf(deps);
  const writes = new StoredFleetWrites(deps.db);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const archived = deviceOf((await rebuilt.findDevices([key])).get(key));
    const stored = (await live.findDevices([key])).get(key);
    if (!stored) return true;
    noteDealers(notes, stored, archived?.aspects.dealer?.value.dealerId);
    const alive = deviceOf(stored);
    // Alerts and assignments may be there without their device's row.
    const rest = {
      alerts: new Map(stored.alerts.map(({ alertId, alert }) => [alertId, alert])),
      assignments: stored.assignments,
    };
    const right = alive
      ? archived
        ? adoptDevice(alive, archived)
        : alive
      : archived && adoptDevice({ ...archived, ...rest }, archived);
    if (!right || (await writes.replaceDevice(stored, right))) return true;
  }
  return false;
}

/**
 * An object with a second value adopts that. One that is written only while it is watched, and is, adopts the registers of
 * its row, so that its subscribers hear of the switch.
 * @returns whether something changed in it
 */
async function adoptInObject(deps: JobDeps, key: DeviceKey, isKept: boolean): Promise<boolean> {
  const object = objectOf<RebuildSink>(deps, key);
  if (isKept) return (await object.adoptRebuilt()).isChanged;
  const session = deps.db.withSession("first-primary");
  const watched = await new WatchRepository(session).watchedAmong([{ kind: "device", deviceKey: key }]);
  const row = watched.length > 0 && (await fleetsOf(deps).live.findDevices([key])).get(key)?.row;
  if (!row) return false;
  return (await object.adoptRebuilt({ latest: row.latest, aspects: row.aspects, history: [] })).isChanged;
}

async function adoptParty(deps: JobDeps, notes: Notes, subject: Subject): Promise<boolean> {
  const { kind, key } = subject;
  if (kind === "device") return true;
  noteDealer(notes, subject);
  const { live, rebuilt } = fleetsOf(deps);
  const writes = new StoredFleetWrites(deps.db);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const archived = (await rebuilt.findParties(kind, [key as never])).get(key as never);
    const stored = (await live.findParties(kind, [key as never])).get(key as never) ?? null;
    // A record that the archive lacks stays; its column is written from it.
    const right = archived ? adoptRegister(stored ?? undefined, archived) : stored;
    const place = stored ?? archived;
    if (!right || !place || (await writes.replaceParty(kind, place, stored, right))) return true;
  }
  return false;
}

/** Has the counts counted again, if some were wrong. */
export async function recountStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const isWrong = (state.found.counts["deviceCount count"] ?? 0) + (state.found.counts["alertCount count"] ?? 0) > 0;
  const writes = new StoredFleetWrites(deps.db);
  if (!isWrong) return { state: withNextPhase(state), isDone: false };
  if (state.part === null) {
    await writes.forgetCounts();
    return { state: { ...state, part: "counting" }, isDone: false };
  }
  return { state: (await writes.countSome()) ? withNextPhase(state) : state, isDone: false };
}
