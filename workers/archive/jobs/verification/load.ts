import { bucketName } from "#archive/names.ts";
import { LiveState } from "../../repositories/live-state.ts";
import type { JobDeps } from "../job-kind.ts";
import { FOLD_VERSION } from "./fold-version.ts";
import { bucketsIn } from "./range.ts";
import { nameOf, type Shelves } from "./shelves.ts";
import { isStable } from "./stable.ts";
import {
  add,
  type DeviceFold,
  type FoldRead,
  type Loaded,
  type PartyFold,
  type Range,
  type VerificationState,
} from "./state.ts";
import { type FoldIndex, type FoldLine, readFoldIndex, readPiece } from "./stored-folds.ts";

/** Files that one step reads, and lines. Our choice: a line is a device with its history, up to some tens of KB. */
const FILES_A_STEP = 100;
const LINES_A_STEP = 400;

/**
 * Reads stored folds, bucket by bucket. A bucket without one, with one of another version, with one whose pieces are gone or
 * one with somebody who is being forgotten is read from the archive's beginning, where what is personal is left out. What was
 * loaded of it before is right all the same, since a fold is a join.
 */
export async function loadFolds(
  state: VerificationState,
  { bucket: store, db }: JobDeps,
  shelves: Shelves,
): Promise<VerificationState> {
  const { range, device } = state;
  let { bucket, pieces } = state.place ?? { bucket: range.from, pieces: 0 };
  const loaded: Record<string, Loaded> = { ...state.loaded };
  const live = new LiveState(db);
  const read = () => ({ ...state, loaded, figures: add(state.figures, { rowsRead: live.rowsRead }) });
  if (device !== null) bucket = range.to + 1;
  const index = bucket <= range.to ? await readFoldIndex(store) : {};
  const again = rereadOf(state, index);
  for (let files = 0, lines = 0; bucket <= range.to; ) {
    if (files >= FILES_A_STEP || lines >= LINES_A_STEP) return { ...read(), place: { bucket, after: null, pieces } };
    const name = bucketName(bucket);
    const stored = again.has(name) ? undefined : index[name];
    const isUsed = stored?.version === FOLD_VERSION;
    if (isUsed && pieces < stored.pieces) {
      const piece = await readPiece(store, { bucket: name, run: stored.run, piece: pieces });
      files += 1;
      if (piece && (await isStable(piece, live, state.startedAtMs))) {
        await keepLines(name, piece, shelves);
        lines += piece.length;
        pieces += 1;
        continue;
      }
    } else if (isUsed) loaded[name] = { throughMs: stored.throughMs, wholeAtMs: stored.wholeAtMs };
    bucket += 1;
    pieces = 0;
  }
  return { ...read(), phase: "fold", place: null, position: null, reads: readsFor(range, loaded) };
}

/**
 * The buckets whose stored fold is not used: all, or of a night the one that was read from the beginning longest ago. So each is
 * read whole within as many nights of its own as these have buckets, whichever fail and whatever operators verify.
 */
export function rereadOf(
  { range, reread }: Pick<VerificationState, "range" | "reread">,
  index: FoldIndex,
): ReadonlySet<string> {
  if (reread === "none") return new Set();
  const all = bucketsIn(range).map(bucketName);
  if (reread === "all") return new Set(all);
  const usable = all.flatMap((name) => (index[name]?.version === FOLD_VERSION ? [{ name, ...index[name] }] : []));
  const [oldest] = usable.sort((a, b) => a.wholeAtMs - b.wholeAtMs);
  return new Set(oldest ? [oldest.name] : []);
}

async function keepLines(bucket: string, lines: readonly FoldLine[], { devices, said }: Shelves): Promise<void> {
  const ofDevices = new Map<string, DeviceFold>();
  const ofParties = new Map<string, PartyFold>();
  for (const [kind, key, fold] of lines) {
    if (kind === "device") ofDevices.set(nameOf(key as Parameters<typeof nameOf>[0]), fold);
    else ofParties.set(`${bucket} ${key}`, fold);
  }
  await devices.put(ofDevices);
  await said.put(ofParties);
}

/** Everything of the buckets that were not loaded, and of the others what was written since the oldest of their folds. */
export function readsFor(range: Range, loaded: Readonly<Record<string, Loaded>>): FoldRead[] {
  const isLoaded = (bucket: number) => Object.hasOwn(loaded, bucketName(bucket));
  const known = bucketsIn(range).filter(isLoaded);
  const unknown = bucketsIn(range).filter((bucket) => !isLoaded(bucket));
  const sinceMs = Math.min(...known.map((bucket) => (loaded[bucketName(bucket)] as Loaded).throughMs));
  const reads = [
    { buckets: stretches(unknown), writtenSinceMs: null },
    { buckets: stretches(known), writtenSinceMs: sinceMs },
  ];
  return reads.filter(({ buckets }) => buckets.length > 0);
}

/** Consecutive numbers as ranges. */
function stretches(numbers: readonly number[]): Range[] {
  const ranges: Range[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last.to === number - 1) ranges[ranges.length - 1] = { ...last, to: number };
    else ranges.push({ from: number, to: number });
  }
  return ranges;
}
