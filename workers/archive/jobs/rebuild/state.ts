import * as z from "zod";
import type { LogPosition } from "#archive/log.ts";
import type { ObjectWrites } from "#objects/object-writes.ts";
import type { Findings } from "#ops/rebuild-api.ts";

/** What an operator asks of a rebuild. */
export const RebuildParams = z.strictObject({
  /** `D1`: into the second database, beside the live state. `live`: into the live database, which was lost or restored. */
  into: z.enum(["D1", "live"]),
  /** Most records a second. */
  pace: z.int().min(1).max(100_000).default(2_000),
  /** Compare the rebuilt state with the live one, row by row. */
  compare: z.boolean().default(true),
  /** Afterwards replace live rows and objects that differ. */
  switch: z.boolean().default(false),
  /** Afterwards follow the archive, until the job is canceled. */
  follow: z.boolean().default(false),
  /** First remove what an earlier rebuild left in the second database. */
  restart: z.boolean().default(false),
  /** Do nothing else than that. */
  clear: z.boolean().default(false),
  /** Leave the rebuilt rows in the second database at the end, to be looked at. */
  keep: z.boolean().default(false),
});
export type RebuildParams = z.infer<typeof RebuildParams>;

/** What a rebuild does, one after the other. */
export type Phase =
  /** Removes the second values of objects, and all rows of the second database. */
  | "empty"
  /** Brings what is known of forgotten people into the target, so that their data does not come back. */
  | "forgotten"
  /** Reads the archive once, from its first day. */
  | "replay"
  /** Reads what came into the archive since, in rounds. */
  | "level"
  /** Compares page by page, and notes which devices and parties differ. */
  | "compare"
  /** Looks at those again, once everything that their live rows had is in the archive. */
  | "judge"
  | "switch"
  /** Has wrong counts counted again. */
  | "recount"
  /** Has the subscribers of dealers' feeds get a gap. */
  | "announce"
  /** Compares what was switched, once more. */
  | "review"
  /** Reads what comes into the archive, until the job is canceled. */
  | "follow"
  /** Removes the second values of objects, and leaves the second database as it is. */
  | "drop"
  /** Removes the notes of this job. */
  | "tidy";

export const NO_FINDINGS: Findings = { total: 0, counts: {}, first: [] };

export type RebuildState = {
  readonly params: RebuildParams;
  /** What is still to do; the first is under way. */
  readonly plan: readonly Phase[];
  readonly startedAtMs: number;
  /** When the first read of the archive began: everything archived before then is replayed once that read ends. */
  readonly readFromMs: number | null;
  /** Everything that was archived before this is replayed. */
  readonly throughMs: number | null;
  /** `level` goes on until everything archived before this is replayed. */
  readonly neededMs: number;
  readonly log: LogPosition | null;
  readonly firstDay: string | null;
  /** The round of `level` that is under way. */
  readonly round: Round | null;
  readonly rounds: number;
  /** Where `empty`, `compare`, `judge`, `switch`, `announce`, `review` and `drop` are. */
  readonly cursor: string | null;
  readonly part: string | null;
  /** Where `compare` or `review` goes on, once the suspects so far are judged. */
  readonly comparedTo: { readonly part: string | null; readonly cursor: string | null } | null;
  readonly records: number;
  /** Records that today's contracts refuse. */
  readonly refused: number;
  /** The time spent on `replay`, in milliseconds. */
  readonly replayMs: number;
  /** Whether objects are written although nobody subscribes; only then is there a second value beside theirs. */
  readonly objectsKept: boolean;
  readonly compared: number;
  /** Noted, and not judged yet. */
  readonly suspects: number;
  /** Devices and parties that were judged to differ. */
  readonly wrong: number;
  readonly found: Findings;
  /** Dealers whose counts were not compared, since they have more devices than one statement should count. */
  readonly uncounted: number;
  readonly adopted: number;
  readonly objectsAdopted: number;
  /** What a review after the switch found; `null` before one. */
  readonly left: Findings | null;
  /** D1's bookmark from before the switch, to which Time Travel goes back. */
  readonly bookmark: string | null;
};

export type Round = {
  readonly sinceMs: number;
  readonly startedAtMs: number;
  readonly after: LogPosition | null;
};

/** The phases that parameters ask for. */
export function planOf(params: RebuildParams): Phase[] {
  const { into, compare, switch: switches, follow, restart, keep } = params;
  if (params.clear) return ["empty", "tidy"];
  const comparing: Phase[] = ["compare", "level", "judge"];
  const switching: Phase[] = ["switch", "recount", "announce", "review", "level", "judge"];
  return [
    ...(restart ? (["empty"] as const) : []),
    "forgotten",
    "replay",
    "level",
    ...(into === "D1" && (compare || switches) ? comparing : []),
    ...(into === "D1" && switches ? switching : []),
    ...(follow ? (["follow"] as const) : []),
    ...(into === "live" ? [] : keep ? (["drop"] as const) : (["empty"] as const)),
    "tidy",
  ];
}

export function beginState(
  params: RebuildParams,
  { nowMs, objectWrites }: { readonly nowMs: number; readonly objectWrites: ObjectWrites },
): RebuildState {
  return {
    params,
    plan: planOf(params),
    startedAtMs: nowMs,
    readFromMs: null,
    throughMs: null,
    neededMs: 0,
    log: null,
    firstDay: null,
    round: null,
    rounds: 0,
    cursor: null,
    part: null,
    comparedTo: null,
    records: 0,
    refused: 0,
    replayMs: 0,
    objectsKept: objectWrites === "always",
    compared: 0,
    suspects: 0,
    wrong: 0,
    found: NO_FINDINGS,
    uncounted: 0,
    adopted: 0,
    objectsAdopted: 0,
    left: null,
    bookmark: null,
  };
}

/** The state once the current phase is done. */
export const withNextPhase = (state: RebuildState): RebuildState => ({
  ...state,
  plan: state.plan.slice(1),
  cursor: null,
  part: null,
  round: null,
  rounds: 0,
});
