import { bucketName } from "#archive/names.ts";
import { LiveState } from "../../repositories/live-state.ts";
import type { JobDeps } from "../job-kind.ts";
import { FOLD_VERSION } from "./fold-version.ts";
import { CLOCKS_MS } from "./later.ts";
import { isDoubted } from "./parties.ts";
import { type Shelves, withoutBucket } from "./shelves.ts";
import { isStable } from "./stable.ts";
import { add, type VerificationState } from "./state.ts";
import {
  type FoldLine,
  lineText,
  putPiece,
  readFoldIndex,
  removeStrays,
  type StoredFold,
  writeFoldIndex,
} from "./stored-folds.ts";

/** Pieces and characters of one step; devices or parties of one piece. Ours: a piece is some MB in memory at most. */
const PIECES_A_STEP = 100;
const LINES_A_PIECE = 200;
const CHARACTERS_A_STEP = 4_000_000;

/**
 * Stores the fold of each bucket for the next run. Nothing is stored of a bucket in which anything differs, that says something
 * of a dealer or customer that differs, or that has a record which today's contracts refuse or a device of somebody who is being
 * forgotten: its next run reads the archive from its beginning, so that no difference ever comes from a stored fold alone.
 */
export async function keepFolds(state: VerificationState, deps: JobDeps, shelves: Shelves): Promise<VerificationState> {
  const { range, device } = state;
  let place = state.place ?? { bucket: range.from, after: null, pieces: 0 };
  if (device !== null) return { ...state, phase: "sweep", cursor: null, place: null };
  const before = await readFoldIndex(deps.bucket);
  const index: Record<string, StoredFold> = { ...before };
  const live = new LiveState(deps.db);
  let [pieces, characters] = [0, 0];
  while (place.bucket <= range.to && pieces < PIECES_A_STEP && characters < CHARACTERS_A_STEP) {
    const bucket = bucketName(place.bucket);
    const next = { bucket: place.bucket + 1, after: null, pieces: 0 };
    const page = isRight(state, bucket) ? await linesAfter(shelves, bucket, place.after) : null;
    const isSure = page !== null && !isDoubted(state, partiesIn(page.lines));
    if (page === null || !isSure || !(await isStable(page.lines, live, state.startedAtMs))) {
      delete index[bucket];
      place = next;
      continue;
    }
    if (page.lines.length > 0) {
      const texts = page.lines.map(lineText);
      await putPiece(deps.bucket, { bucket, run: state.run, piece: place.pieces }, texts);
      characters += texts.reduce((sum, { length }) => sum + length, 0);
      pieces += 1;
      place = { ...place, after: page.after, pieces: place.pieces + 1 };
    }
    if (page.after !== null) continue;
    const { wholeAtMs } = state.loaded[bucket] ?? { wholeAtMs: state.startedAtMs };
    const throughMs = state.startedAtMs - CLOCKS_MS;
    index[bucket] = { version: FOLD_VERSION, run: state.run, pieces: place.pieces, throughMs, wholeAtMs };
    place = next;
  }
  await writeFoldIndex(deps.bucket, before, index);
  const after = { ...state, figures: add(state.figures, { rowsRead: live.rowsRead }) };
  if (place.bucket <= range.to) return { ...after, place };
  await removeStrays(deps.bucket, index);
  return { ...after, phase: "sweep", cursor: null, place: null };
}

/** Also if a release of another version has folded a part of it. */
const isRight = ({ buckets, unreadable, foldVersion }: VerificationState, bucket: string): boolean =>
  foldVersion === FOLD_VERSION && (buckets[bucket]?.differences ?? 0) === 0 && !unreadable.includes(bucket);

const partiesIn = (lines: readonly FoldLine[]): string[] =>
  lines.flatMap(([kind, name]) => (kind === "party" ? [name] : []));

type Page = { readonly lines: readonly FoldLine[]; readonly after: string | null };

/** Devices first, then what they say of dealers and customers. @param after `device {name}` or `party {name}` */
async function linesAfter({ devices, said }: Shelves, bucket: string, after: string | null): Promise<Page> {
  const within = `${bucket} `;
  const [kind, last] =
    after === null ? ["device", null] : [after.slice(0, after.indexOf(" ")), after.slice(after.indexOf(" ") + 1)];
  if (kind === "device") {
    const page = await devices.page(last, LINES_A_PIECE, within);
    const lines = page.map(([name, fold]): FoldLine => ["device", withoutBucket(name), fold]);
    if (page.length === LINES_A_PIECE) return { lines, after: `device ${page.at(-1)?.[0]}` };
    const parties = await partiesAfter(said, within, null);
    return { lines: [...lines, ...parties.lines], after: parties.after };
  }
  return partiesAfter(said, within, last as string);
}

async function partiesAfter(said: Shelves["said"], within: string, after: string | null): Promise<Page> {
  const page = await said.page(after, LINES_A_PIECE, within);
  return {
    lines: page.map(([name, fold]): FoldLine => ["party", withoutBucket(name), fold]),
    after: page.length === LINES_A_PIECE ? `party ${page.at(-1)?.[0]}` : null,
  };
}
