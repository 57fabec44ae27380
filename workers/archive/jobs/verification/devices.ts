import { compareDevice, type LiveDevice } from "#archive/compare/device.ts";
import { type DeviceKey, isDeviceKey } from "#domain/event.ts";
import { forgottenDevice } from "#domain/forgotten.ts";
import type { Part } from "#domain/parts.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";
import type { Moment } from "#domain/time.ts";
import { compareText, type Version, versionMoment } from "#domain/version.ts";
import { type ForgottenState, LiveState } from "../../repositories/live-state.ts";
import type { JobDeps } from "../job-kind.ts";
import { Findings } from "./found.ts";
import { isInRange } from "./range.ts";
import { nameOf, type Shelves, withoutBucket } from "./shelves.ts";
import { add, type DeviceFold, type OpenDevice, type VerificationState } from "./state.ts";
import { hashesOf, idOf } from "./sums.ts";

/** Devices of one step: each is a call of its object, and 1,000 calls are one invocation's. Our choice. */
const DEVICES_A_STEP = 100;
const KEYS_A_STEP = 400;
const DEVICES_A_QUERY = 50;

const NO_FOLD: DeviceFold = { device: null, uncertain: [] };

/** Compares a page of the fold with what is stored. */
export async function compareFolded(state: VerificationState, deps: JobDeps, shelves: Shelves) {
  const page = await shelves.devices.page(state.cursor, DEVICES_A_STEP);
  const folds = new Map(page.map(([name, fold]) => [withoutBucket(name) as DeviceKey, fold]));
  const after = await compareWithLive(state, deps, shelves, folds);
  const last = page.at(-1)?.[0];
  return page.length < DEVICES_A_STEP
    ? { ...after, phase: "unknown" as const, cursor: null }
    : { ...after, cursor: last as string };
}

/** Compares devices that D1 has and the fold does not. */
export async function compareUnknown(state: VerificationState, deps: JobDeps, shelves: Shelves) {
  if (state.device !== null) {
    const known = await shelves.devices.get([nameOf(state.device)]);
    const after =
      known.size > 0 ? state : await compareWithLive(state, deps, shelves, new Map([[state.device, NO_FOLD]]));
    return { ...after, phase: "wait" as const, cursor: null };
  }
  const live = new LiveState(deps.db);
  const keys = await live.deviceKeysAfter(state.cursor ?? "", KEYS_A_STEP);
  const wanted = keys.filter((key) => isDeviceKey(key) && isInRange(state.range, key));
  const known = await shelves.devices.get(wanted.map(nameOf));
  const unknown = new Map(wanted.filter((key) => !known.has(nameOf(key))).map((key) => [key, NO_FOLD]));
  const read = { ...state, figures: add(state.figures, { rowsRead: live.rowsRead }) };
  const after = await compareWithLive(read, deps, shelves, unknown);
  return keys.length < KEYS_A_STEP
    ? { ...after, phase: "parties" as const, cursor: null }
    : { ...after, cursor: keys.at(-1) as string };
}

async function compareWithLive(
  state: VerificationState,
  deps: JobDeps,
  shelves: Shelves,
  folds: ReadonlyMap<DeviceKey, DeviceFold>,
): Promise<VerificationState> {
  const live = new LiveState(deps.db);
  const findings = new Findings(state);
  const open = new Map<string, OpenDevice>();
  const { stable: keys, forgetting } = await withoutForgetting([...folds.keys()], live, state.startedAtMs);
  let objects = 0;
  for (let at = 0; at < keys.length; at += DEVICES_A_QUERY) {
    const rows = await live.readDevices(keys.slice(at, at + DEVICES_A_QUERY));
    const stored = await Promise.all(rows.map((row) => withObject(row, deps)));
    objects += stored.filter(({ object }) => object !== undefined).length;
    for (const device of stored) {
      const fold = folds.get(device.key) ?? NO_FOLD;
      const isExplained = explains(fold, { archivedSince: state.archivedSince });
      const differences = compareDevice(device, fold.device, isExplained);
      const isOpen = differences.some(({ isAbove }) => isAbove);
      const settled = differences.filter(({ isAbove }) => !isAbove);
      // Neither stored nor merged, as a device of dead letters alone.
      const isNothing = device.row === null && fold.device === null && differences.length === 0;
      const hashes = isOpen || isNothing ? null : await hashesOf(device, fold.device, isExplained);
      await findings.addDevice(device.key, settled, hashes);
      if (isOpen) open.set(device.key, { live: device, explained: [] });
    }
  }
  await shelves.openDevices.put(open);
  // A step that died before may have found others open.
  await shelves.openDevices.delete([...folds.keys()].filter((key) => !open.has(key)));
  const found = await findings.save(shelves);
  const read = { devices: keys.length, forgetting, objects, rowsRead: live.rowsRead, open: open.size };
  return { ...found, figures: add(found.figures, read) };
}

/**
 * Leaves out devices of somebody who is being forgotten, or was since the run began: what is stored of them changes at the
 * same version.
 */
async function withoutForgetting(keys: readonly DeviceKey[], live: LiveState, startedAtMs: number) {
  const forgotten = await live.readForgotten(keys.map(forgottenDevice));
  const stable = keys.filter((key) => isSettled(forgotten.get(forgottenDevice(key)), startedAtMs));
  return { stable, forgetting: keys.length - stable.length };
}

/** Whether everything that is stored has been redacted since before a moment, or nothing has to be. */
export const isSettled = (forgotten: ForgottenState | undefined, ms: number): boolean =>
  !forgotten || (forgotten.redactedAtMs !== null && forgotten.redactedAtMs < ms);

/** Parts that dead letters or later events have written, or events from before the archive. */
export function explains(
  { uncertain }: DeviceFold,
  { archivedSince, explained = [] }: { archivedSince: Moment | null; explained?: readonly string[] },
): (part: Part) => boolean {
  const ids = new Set([...explained, ...uncertain.map(idOf)]);
  return (part) => isFromBefore(part.version, archivedSince) || ids.has(idOf(part));
}

/** Whether an event may have come before there was an archive. */
export const isFromBefore = (version: Version, archivedSince: Moment | null): boolean =>
  archivedSince !== null && compareText(versionMoment(version), archivedSince) < 0;

/** Adds what the device's object holds, where every event is sent to it. */
async function withObject(device: LiveDevice, { objects, objectWrites }: JobDeps): Promise<LiveDevice> {
  if (objectWrites !== "always") return device;
  const object = objects.devices.getByName(device.key) as unknown as {
    snapshot(): Promise<DeviceSnapshot | null | undefined>;
  };
  const snapshot = await object.snapshot();
  return snapshot === undefined ? device : { ...device, object: snapshot && { ...snapshot, hasWholeHistory: true } };
}
