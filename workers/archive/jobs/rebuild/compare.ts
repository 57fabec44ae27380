import { type Difference, describeDifference } from "#archive/compare/difference.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { PartyKey } from "#domain/party.ts";
import { compareText } from "#domain/version.ts";
import type { RebuildSink } from "#objects/rebuild.ts";
import type { Finding, Findings } from "#ops/rebuild-api.ts";
import type { PartyKind, StoredParty } from "#repositories/stored-fleet.ts";
import { type JobDeps, JobProblem, type JobStep } from "../job-kind.ts";
import { compareKeptCounts } from "../kept-counts.ts";
import { requireNobodyForgotten } from "./forgotten.ts";
import { Notes, type Subject } from "./notes.ts";
import { objectOf } from "./replay.ts";
import {
  deviceOf,
  eventDifferences,
  fleetsOf,
  judgeDevice,
  judgeParty,
  readDevices,
  type Suspect,
  suspectDevice,
  suspectParty,
} from "./sides.ts";
import { NO_FINDINGS, type RebuildState, withNextPhase } from "./state.ts";

/** Devices or parties of one step: each device is a call of its object. Ours. */
const PAGE = 100;
/**
 * Suspects that are noted before they are judged. Of a fleet in which every device reports, each row that is compared is
 * soon newer than the rebuilt one; a round in between brings that up to date. Ours.
 */
export const SUSPECTS_A_ROUND = 5_000;
/** Devices and parties that may be wrong; with more, something is wrong with the archive and not with some rows. Ours. */
export const MAX_WRONG = 20_000;
/** Differences that are told in words. All are counted. Ours. */
const MAX_TOLD = 200;
/**
 * How long after a live row was read its events may still be on their way to the archive: the consumer archives what it
 * has merged, and a batch that was cut off is delivered again. Ours.
 */
export const GRACE_MS = 120_000;

type Step = JobStep<RebuildState>;

/** Compares one page, and notes what differs. Devices come first, then dealers, customers and counts. */
export async function compareStep(before: RebuildState, deps: JobDeps): Promise<Step> {
  const state = goingOn(before);
  switch (state.part) {
    case null:
      await requireNobodyForgotten(deps);
      return compareDevices(state, deps);
    case "devices":
      return compareDevices(state, deps);
    case "dealer":
    case "customer":
      return compareParties(state, deps, state.part);
    default:
      return compareCounts(state, deps);
  }
}

async function compareDevices(state: RebuildState, deps: JobDeps): Promise<Step> {
  const { live, rebuilt } = fleetsOf(deps);
  const after = state.cursor ?? "";
  const pages = await Promise.all([live.keysAfter(after, PAGE), rebuilt.keysAfter(after, PAGE)]);
  const keys = firstOf(pages, (key) => key);
  const sides = await readDevices(deps, keys, state.objectsKept);
  const suspects = sides.map(suspectDevice).filter((suspect) => suspect !== null);
  const next = keys.at(-1);
  return noted(
    state,
    deps,
    suspects,
    keys.length,
    next === undefined ? { part: "dealer", cursor: null } : { part: "devices", cursor: next },
  );
}

async function compareParties(state: RebuildState, deps: JobDeps, kind: PartyKind): Promise<Step> {
  const { live, rebuilt } = fleetsOf(deps);
  const after = JSON.parse(state.cursor ?? '["",""]') as [string, string];
  // The rebuilt ones are read first: see `readDevices`.
  const archived = await rebuilt.partiesAfter(kind, after, PAGE);
  const stored = await live.partiesAfter(kind, after, PAGE);
  const places = firstOf(
    [archived, stored].map((parties) => parties.map(({ id, source }) => JSON.stringify([id, source]))),
    (place) => place,
    comparePlaces,
  );
  const placed = (parties: readonly StoredParty[]) =>
    new Map(parties.map((party) => [JSON.stringify([party.id, party.source]), party]));
  const [archivedAt, storedAt] = [placed(archived), placed(stored)];
  const suspects = places.flatMap((place) => {
    const sides = { live: storedAt.get(place) ?? null, rebuilt: archivedAt.get(place) ?? null };
    const key = (sides.live ?? sides.rebuilt)?.key as PartyKey;
    return suspectParty(kind, key, sides) ?? [];
  });
  const next = places.at(-1);
  const nextPart = kind === "dealer" ? "customer" : "counts";
  return noted(
    state,
    deps,
    suspects,
    places.length,
    next === undefined ? { part: nextPart, cursor: null } : { part: kind, cursor: next },
  );
}

const comparePlaces = (a: string, b: string): number => {
  const [[idA, sourceA], [idB, sourceB]] = [JSON.parse(a), JSON.parse(b)] as [[string, string], [string, string]];
  return compareText(idA, idB) || compareText(sourceA, sourceB);
};

/** The page that both lists cover: of a list that is full, nothing is known behind its last one. */
function firstOf<T>(lists: readonly (readonly T[])[], of: (item: T) => string, compare = compareText): T[] {
  const all = [...new Set(lists.flat())].sort((a, b) => compare(of(a), of(b)));
  const ends = lists.filter((list) => list.length >= PAGE).map((list) => of(list.at(-1) as T));
  return all.filter((item) => ends.every((end) => compare(of(item), end) <= 0));
}

async function compareCounts(state: RebuildState, deps: JobDeps): Promise<Step> {
  const cursor = state.part === "counts" ? state.cursor : null;
  const { differences, uncounted, next } = await compareKeptCounts(deps.db, cursor);
  const found = {
    ...withFound(state, withFindings(findingsOf(state), differences)),
    uncounted: uncounted + (cursor === null ? 0 : state.uncounted),
  };
  if (next !== null) return { state: { ...found, part: "counts", cursor: next }, isDone: false };
  // Without a suspect there is nothing to wait for.
  return {
    state: withNextPhase({ ...found, neededMs: state.suspects > 0 ? deps.nowMs + GRACE_MS : 0 }),
    isDone: false,
  };
}

/** The state with the place at which the suspects of a round were judged first. */
const goingOn = (state: RebuildState): RebuildState =>
  state.comparedTo ? { ...state, ...state.comparedTo, comparedTo: null } : state;

/** Compares what was switched, once more. */
export async function reviewStep(before: RebuildState, deps: JobDeps): Promise<Step> {
  const state = goingOn(before);
  if (state.part === "counts") return compareCounts(state, deps);
  const notes = new Notes(deps.storage);
  const page = notes.list<Subject>("adopted", state.cursor, PAGE);
  const begun = state.left === null ? { ...state, left: NO_FINDINGS } : state;
  const last = page.at(-1);
  if (!last) return compareCounts(begun, deps);
  const suspects = await suspectsAmong(
    deps,
    page.map(({ value }) => value),
    state.objectsKept,
  );
  return noted(begun, deps, suspects, 0, { part: null, cursor: last.id });
}

async function suspectsAmong(deps: JobDeps, subjects: readonly Subject[], withObjects: boolean): Promise<Suspect[]> {
  const { live, rebuilt } = fleetsOf(deps);
  const devices = await readDevices(deps, keysOf<DeviceKey>(subjects, "device"), withObjects);
  const parties = await Promise.all(
    (["dealer", "customer"] as const).map(async (kind) => {
      const keys = keysOf<PartyKey>(subjects, kind);
      const archived = await rebuilt.findParties(kind, keys);
      const stored = await live.findParties(kind, keys);
      return keys.map((key) =>
        suspectParty(kind, key, { live: stored.get(key) ?? null, rebuilt: archived.get(key) ?? null }),
      );
    }),
  );
  return [...devices.map(suspectDevice), ...parties.flat()].filter((suspect) => suspect !== null);
}

const keysOf = <Key>(subjects: readonly Subject[], kind: Subject["kind"]): Key[] =>
  subjects.filter((subject) => subject.kind === kind).map(({ key }) => key as Key);

function noted(
  state: RebuildState,
  deps: JobDeps,
  suspects: readonly Suspect[],
  compared: number,
  next: Pick<RebuildState, "part" | "cursor">,
): Step {
  const notes = new Notes(deps.storage);
  for (const suspect of suspects) notes.put("suspect", suspect, suspect);
  const total = state.suspects + suspects.length;
  const after = { ...state, ...next, compared: state.compared + compared, suspects: total };
  return { state: total < SUSPECTS_A_ROUND ? after : judgedFirst(after, deps), isDone: false };
}

/** The state in which the suspects so far are judged, and then the comparison goes on. */
const judgedFirst = (state: RebuildState, { nowMs }: JobDeps): RebuildState => ({
  ...state,
  plan: ["level", "judge", ...state.plan],
  comparedTo: { part: state.part, cursor: state.cursor },
  part: null,
  cursor: null,
  neededMs: nowMs + GRACE_MS,
});

/** Judges some suspects, now that everything that they had is replayed. */
export async function judgeStep(state: RebuildState, deps: JobDeps): Promise<Step> {
  const notes = new Notes(deps.storage);
  // Those of the step before are judged, and what it found is stored. They have live values, which may be personal.
  if (state.cursor !== null) notes.removeThrough("suspect", state.cursor);
  const page = notes.list<Suspect>("suspect", state.cursor, PAGE);
  const last = page.at(-1);
  if (!last) return { state: withNextPhase({ ...state, suspects: 0 }), isDone: false };
  const { rebuilt } = fleetsOf(deps);
  const devices = page.map(({ value }) => value).filter((suspect) => suspect.kind === "device");
  const keys = devices.map(({ key }) => key);
  const archived = await rebuilt.findDevices(keys);
  const differences: Difference[] = [];
  let wrong = state.wrong;
  const judge = (suspect: Suspect, found: readonly Difference[]) => {
    differences.push(...found);
    if (found.length > 0) wrong += 1;
    if (found.length > 0) notes.put("wrong", suspect, { kind: suspect.kind, key: suspect.key } as Subject);
  };
  await Promise.all(
    devices.map(async (suspect) => {
      const object = state.objectsKept ? await objectOf<RebuildSink>(deps, suspect.key).readRebuilt() : undefined;
      const events = eventDifferences(suspect.key, object);
      judge(suspect, judgeDevice(suspect, deviceOf(archived.get(suspect.key)), events));
    }),
  );
  for (const { value: suspect } of page) {
    if (suspect.kind === "device") continue;
    judge(
      suspect,
      judgeParty(suspect, (await rebuilt.findParties(suspect.kind, [suspect.key])).get(suspect.key) ?? null),
    );
  }
  if (state.left === null && wrong > MAX_WRONG) {
    throw new JobProblem(
      `More than ${MAX_WRONG} devices and parties differ, and nothing was changed. If the archive begins later than the fleet, or is incomplete, that is why; if the database was lost, rebuild with --into live.`,
    );
  }
  const found = withFindings(findingsOf(state), differences);
  return { state: { ...withFound(state, found), wrong, cursor: last.id }, isDone: false };
}

/** What a review found is kept apart from what was found before the switch. */
const findingsOf = ({ left, found }: RebuildState): Findings => left ?? found;
const withFound = (state: RebuildState, found: Findings): RebuildState =>
  state.left === null ? { ...state, found } : { ...state, left: found };

function withFindings({ total, counts, first }: Findings, differences: readonly Difference[]): Findings {
  const more = { ...counts };
  for (const { place, cause } of differences) {
    more[`${place} ${cause}`] = (more[`${place} ${cause}`] ?? 0) + 1;
  }
  const told = differences.slice(0, Math.max(0, MAX_TOLD - first.length)).map(
    (difference): Finding => ({
      place: difference.place,
      subject: difference.subject,
      path: difference.path,
      cause: difference.cause,
      text: describeDifference(difference),
    }),
  );
  return { total: total + differences.length, counts: more, first: [...first, ...told] };
}
