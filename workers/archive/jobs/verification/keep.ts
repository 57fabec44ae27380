import { bucketName } from "#archive/names.ts";
import type { DeviceKey } from "#domain/event.ts";
import { forgottenCustomer, forgottenDevice } from "#domain/forgotten.ts";
import type { PartyKey } from "#domain/party.ts";
import { LiveState } from "../../repositories/live-state.ts";
import type { JobDeps } from "../job-kind.ts";
import { isSettled } from "./devices.ts";
import { FOLD_VERSION } from "./fold-version.ts";
import { CLOCKS_MS } from "./later.ts";
import { type Shelves, withoutBucket } from "./shelves.ts";
import { add, type VerificationState } from "./state.ts";
import { commitFold, type FoldLine, lineText, putPiece, removeFold } from "./stored-folds.ts";

/** Buckets of one step; devices or parties of one piece, and characters. Ours: a piece is some MB in memory at most. */
const BUCKETS_A_STEP = 30;
const LINES_A_PIECE = 200;
const CHARACTERS_A_STEP = 4_000_000;

/**
 * Stores the fold of each bucket for the next run. Of a bucket in which anything differs, that has a record which today's
 * contracts refuse, or a device of somebody who is being forgotten, nothing is stored: its next run reads the archive from
 * its beginning, so that no difference ever comes from a stored fold alone.
 */
export async function keepFolds(state: VerificationState, deps: JobDeps, shelves: Shelves): Promise<VerificationState> {
  const { range, device } = state;
  let place = state.place ?? { bucket: range.from, after: null, pieces: 0 };
  if (device !== null) place = { ...place, bucket: range.to + 1 };
  const live = new LiveState(deps.db);
  for (let buckets = 0, characters = 0; place.bucket <= range.to; ) {
    if (buckets >= BUCKETS_A_STEP || characters >= CHARACTERS_A_STEP) return { ...withRows(state, live), place };
    const bucket = bucketName(place.bucket);
    const next = { bucket: place.bucket + 1, after: null, pieces: 0 };
    const page = isRight(state, bucket) ? await linesAfter(shelves, bucket, place.after) : null;
    if (page === null || !(await isStable(page.lines, live, state.startedAtMs))) {
      await removeFold(deps.bucket, bucket);
      buckets += 1;
      place = next;
      continue;
    }
    const texts = page.lines.map(lineText);
    characters += texts.reduce((sum, { length }) => sum + length, 0);
    let { pieces } = place;
    if (texts.length > 0) {
      await putPiece(deps.bucket, { bucket, run: state.run, piece: pieces }, texts);
      pieces += 1;
    }
    if (page.after !== null) {
      place = { ...place, after: page.after, pieces };
      continue;
    }
    const { wholeAtMs } = state.loaded[bucket] ?? { wholeAtMs: state.startedAtMs };
    const throughMs = state.startedAtMs - CLOCKS_MS;
    await commitFold(deps.bucket, bucket, { version: FOLD_VERSION, run: state.run, pieces, throughMs, wholeAtMs });
    buckets += 1;
    place = next;
  }
  return { ...withRows(state, live), phase: "sweep", cursor: null, place: null };
}

const withRows = (state: VerificationState, { rowsRead }: LiveState): VerificationState => ({
  ...state,
  figures: add(state.figures, { rowsRead }),
});

const isRight = ({ buckets, unreadable }: VerificationState, bucket: string): boolean =>
  (buckets[bucket]?.differences ?? 0) === 0 && !unreadable.includes(bucket);

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

/**
 * Whether nobody of them is being forgotten, or was since the run began. A forgetting that is noted later removes what is
 * stored here, at least 16 minutes after its note.
 */
async function isStable(lines: readonly FoldLine[], live: LiveState, startedAtMs: number): Promise<boolean> {
  const ids = lines.flatMap(([kind, name]) =>
    kind === "device"
      ? [forgottenDevice(name as DeviceKey)]
      : name.startsWith(CUSTOMER)
        ? [forgottenCustomer(name.slice(CUSTOMER.length) as PartyKey)]
        : [],
  );
  const forgotten = await live.readForgotten(ids);
  return [...forgotten.values()].every((each) => isSettled(each, startedAtMs));
}

const CUSTOMER = "customer ";
