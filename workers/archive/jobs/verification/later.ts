import { compareDevice, liveParts } from "#archive/compare/device.ts";
import { archiveLog } from "#archive/log.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import type { Device } from "#domain/device.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { type Fleet, toDelta } from "#domain/fleet.ts";
import type { Part } from "#domain/parts.ts";
import { partsOf } from "#domain/parts.ts";
import { MINUTE_MS } from "#domain/time.ts";
import { LiveState } from "../../repositories/live-state.ts";
import type { JobDeps } from "../job-kind.ts";
import { explains } from "./devices.ts";
import { partiesOf, readEvents, withoutPersonal } from "./fold.ts";
import { Findings } from "./found.ts";
import { differencesOf, isSame, withDoubts } from "./parties.ts";
import { asLogRange } from "./range.ts";
import { nameOf, type Shelves } from "./shelves.ts";
import { add, type OpenDevice, type OpenParty, type VerificationState } from "./state.ts";
import { hashesOf, idOf } from "./sums.ts";

/**
 * How long after the comparison the archive is read again: a record is in D1 before it is in the archive, and one whose
 * object or whose R2 fails comes back by the queue's delays. Our choice.
 */
export const WAITS_MS = [2, 6, 15, 30, 60].map((minutes) => minutes * MINUTE_MS);

const RECORDS_A_STEP = 500;
/** How far our clock and R2's may be apart. Our choice. */
export const CLOCKS_MS = 5 * MINUTE_MS;
const PAGE = 50;

/** Waits for the next round, or ends if everything has been explained. */
export function wait(state: VerificationState, { nowMs }: JobDeps) {
  if (state.figures.open === 0) return { state: { ...state, phase: "results" as const, cursor: null }, waitMs: 0 };
  const comparedAtMs = state.comparedAtMs ?? nowMs;
  const waitMs = comparedAtMs + (WAITS_MS[state.round] ?? 0) - nowMs;
  const after = { ...state, comparedAtMs };
  return waitMs > 0
    ? { state: after, waitMs }
    : { state: { ...after, phase: "tail" as const, tail: null, cursor: null }, waitMs: 0 };
}

/** Reads on in what has been archived since the run began, and notes what it explains. */
export async function readLater(state: VerificationState, deps: JobDeps, shelves: Shelves): Promise<VerificationState> {
  const log = archiveLog(deps.bucket, {
    buckets: [asLogRange(state.range)],
    writtenSinceMs: state.startedAtMs - CLOCKS_MS,
  });
  const { records, position, isEnd } = await log.read(state.tail, { records: RECORDS_A_STEP });
  const live = new LiveState(deps.db);
  const wanted = await recordsOfOpen(records, shelves);
  const { merged, uncertain } = await withoutPersonal(readEvents(wanted, state.device), live);
  await noteEvents([...merged, ...uncertain], shelves);
  const figures = add(state.figures, { records: records.length, rowsRead: live.rowsRead });
  const after = { ...state, tail: position, figures };
  return isEnd ? { ...after, phase: "judge", cursor: null } : after;
}

/** Most devices are as the fold has them, and what is archived of those is not read. */
async function recordsOfOpen(records: readonly ArchivedRecord[], { openDevices, openParties }: Shelves) {
  const hasParties = (await openParties.page(null, 1)).length > 0;
  if (hasParties) return records;
  const open = await openDevices.get([...new Set(records.flatMap(({ deviceKey }) => deviceKey ?? []))]);
  return records.filter(({ deviceKey }) => deviceKey !== null && open.has(deviceKey));
}

async function noteEvents(events: readonly ConcordEvent[], { openDevices, openParties }: Shelves): Promise<void> {
  const deltas = events.map(toDelta);
  const devices = deltas.flatMap((delta) => [...delta.devices.values()]);
  const parties = deltas.flatMap((delta: Fleet) => partiesOf(delta));
  const open = await openDevices.get([...new Set(devices.map(({ key }) => key))]);
  const noted = new Map<string, OpenDevice>();
  for (const device of devices) {
    const known = noted.get(device.key) ?? open.get(device.key);
    if (known) noted.set(device.key, withExplained(known, device));
  }
  await openDevices.put(noted);
  const openNow = await openParties.get([...new Set(parties.map(([name]) => name))]);
  const explained = new Map<string, OpenParty>();
  for (const [name, register] of parties) {
    const known = openNow.get(name);
    if (known && isSame(register, known.live)) explained.set(name, { ...known, isExplained: true });
  }
  await openParties.put(explained);
}

/** Only parts that are stored just so: what else happened meanwhile explains nothing. */
function withExplained({ live, explained }: OpenDevice, delta: Device): OpenDevice {
  const inObject = live.object && partsOf({ ...live.object, alerts: new Map(), assignments: new Map() });
  const stored = new Set<string>(
    [...liveParts(live).values(), ...(inObject?.values() ?? [])].map((part: Part) => idOf(part)),
  );
  const fresh = [...partsOf(delta).values()].map(idOf).filter((id) => stored.has(id));
  return { live, explained: [...new Set([...explained, ...fresh])] };
}

/** Compares a page of the devices that are open again. After the last round, what is still open is a difference. */
export async function judgeDevices(state: VerificationState, _: JobDeps, shelves: Shelves): Promise<VerificationState> {
  const findings = new Findings(state);
  const closed: string[] = [];
  const page = await shelves.openDevices.page(state.cursor, PAGE);
  const folds = await shelves.devices.get(page.map(([key]) => nameOf(key as DeviceKey)));
  for (const [name, { live, explained }] of page) {
    const key = name as DeviceKey;
    const fold = folds.get(nameOf(key)) ?? { device: null, uncertain: [] };
    const isExplained = explains(fold, { archivedSince: state.archivedSince, explained });
    const above = compareDevice(live, fold.device, isExplained).filter(({ isAbove }) => isAbove);
    if (above.length > 0 && !isLastRound(state)) continue;
    await findings.addDevice(key, above, await hashesOf(live, fold.device, isExplained));
    closed.push(key);
  }
  const after = close(await findings.save(shelves), "devices", closed);
  return page.length === PAGE
    ? { ...after, cursor: page.at(-1)?.[0] as string }
    : { ...after, phase: "judgeParties", cursor: null };
}

/** The same for dealers and customers. */
export async function judgeParties(state: VerificationState, _: JobDeps, shelves: Shelves): Promise<VerificationState> {
  const findings = new Findings(state);
  const page = await shelves.openParties.page(state.cursor, PAGE);
  const doubted: string[] = [];
  const closing = page.filter(([, { isExplained }]) => isExplained || isLastRound(state));
  const folds = await shelves.parties.get(closing.map(([name]) => name));
  for (const [name, { live, isExplained }] of closing) {
    const fold = folds.get(name) ?? { register: null, uncertain: [] };
    const above = differencesOf(name, live, fold, state.archivedSince).filter(({ isAbove }) => isAbove);
    if (isExplained || above.length === 0) continue;
    await findings.addOthers(above);
    doubted.push(folds.has(name) ? name : "all");
  }
  const names = closing.map(([name]) => name);
  const after = close(withDoubts(await findings.save(shelves), doubted), "parties", names);
  return page.length === PAGE
    ? { ...after, cursor: page.at(-1)?.[0] as string }
    : { ...after, phase: "wait", cursor: null, round: after.round + 1 };
}

const isLastRound = ({ round }: VerificationState): boolean => round >= WAITS_MS.length - 1;

/** They are removed at the beginning of the next step, when the state that counts them is stored. */
const close = (state: VerificationState, what: "devices" | "parties", names: readonly string[]): VerificationState => ({
  ...state,
  closed: { ...state.closed, [what]: names },
  figures: add(state.figures, { open: -names.length }),
});

/** Removes what the step before has closed. */
export async function removeClosed(
  { closed }: VerificationState,
  { openDevices, openParties }: Shelves,
): Promise<void> {
  await openDevices.delete(closed.devices);
  await openParties.delete(closed.parties);
}
