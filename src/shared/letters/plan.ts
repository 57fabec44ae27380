import { sha256Hex } from "#base/digest.ts";
import { isAhead } from "#contracts/parse.ts";
import type { ConcordEvent } from "#domain/event.ts";
import { type Fleet, merge } from "#domain/fleet.ts";
import { compareVersions } from "#domain/version.ts";
import { jsonBytes } from "#json/pack.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { fingerprintOf, signatureOf } from "./fingerprint.ts";
import type { Failure } from "./letter.ts";
import type { LetterState } from "./states.ts";
import { judge } from "./verdict.ts";

export type Refused = { readonly why: string; readonly count: number };

/** Letters whose records are of an earlier version of their contract, and are converted when they are read. */
export type Upcast = { readonly topic: string; readonly from: number; readonly to: number; readonly count: number };

/** What a replay of a selection would do to each letter, as things are now. */
export type Plan = {
  readonly selected: number;
  /** Letters that would be applied, or that would change nothing. */
  readonly passes: number;
  readonly stillFailing: readonly { readonly group: string; readonly signature: string; readonly count: number }[];
  readonly superseded: number;
  readonly duplicate: number;
  readonly refused: readonly Refused[];
  readonly tooLarge: number;
  /** Those of the letters to be applied that are of an earlier version; absent if there is none. */
  readonly upcast?: readonly Upcast[];
};

/** A letter that is selected for a replay. */
export type Candidate = {
  readonly id: string;
  readonly state: LetterState;
  readonly topic: string;
  readonly reason: Failure["reason"];
  /** As a replay would send it. */
  readonly record: QueuedRecord;
  readonly group: string | null;
  readonly revision: number;
  readonly replays: number;
  readonly contractVersion: number | null;
  readonly workerVersion: string;
  /** Its value was deleted by retention. */
  readonly isEmptied: boolean;
  /** Only the beginning of its value was stored. */
  readonly isCutShort: boolean;
};

export type PlanContext = {
  readonly nowMs: number;
  readonly workerVersion: string;
  readonly contractVersionOf: (topic: string) => number | undefined;
  /** Also sends letters that would fail again, and letters that have failed too often. */
  readonly force: boolean;
};

/**
 * A queue message has 128 KB: developers.cloudflare.com/queues/platform/limits. This limit is ours: it leaves room for
 * the parcel around the record.
 */
export const MAX_REPLAYED_BYTES = 126_500;

/** What a plan keeps of a letter after validating it. The record itself is not kept in memory. */
export type Judged = Pick<Candidate, "id" | "topic" | "revision"> &
  (
    | { readonly kind: "refused"; readonly why: string }
    | { readonly kind: "tooLarge" }
    | { readonly kind: "fails"; readonly group: string; readonly signature: string }
    | {
        readonly kind: "passes";
        readonly event: ConcordEvent;
        readonly bytes: number;
        readonly upcast?: Omit<Upcast, "count">;
      }
  );

/**
 * What a replay would do to each letter if it ran now. Letters that are superseded or already known are included: they
 * write nothing, and their replay closes them.
 * @param fleet the stored state of the letters' devices
 */
export function makePlan(
  judged: readonly Judged[],
  { fleet, force }: { readonly fleet: Fleet; readonly force: boolean },
): Plan & { readonly chosen: readonly string[] } {
  const passing = judged.filter((each) => each.kind === "passes");
  // In the order in which they happened: if one letter of a device supersedes another, arrival order must not decide
  // which.
  passing.sort((a, b) => compareVersions(a.event.version, b.event.version));
  const { outcomes } = merge(
    fleet,
    passing.map(({ event }) => event),
  );
  const upcast = countedBy(
    passing.flatMap((each) => each.upcast ?? []),
    ({ topic, from }) => `${topic} ${from}`,
  );
  const count = (...those: string[]) => outcomes.filter((outcome) => those.includes(outcome)).length;
  const failing = judged.filter((each) => each.kind === "fails");
  // In the order in which they were given, so that the canary is a sample of them.
  const chosen = judged.filter(({ kind }) => kind === "passes" || (force && kind === "fails"));
  return {
    selected: judged.length,
    passes: count("applied", "unchanged"),
    superseded: count("superseded"),
    duplicate: count("duplicate"),
    stillFailing: countedBy(failing, ({ group }) => group).map(([{ group, signature }, many]) => ({
      group,
      signature,
      count: many,
    })),
    refused: countedBy(
      judged.filter((each) => each.kind === "refused"),
      ({ why }) => why,
    ).map(([{ why }, many]) => ({ why, count: many })),
    tooLarge: judged.filter(({ kind }) => kind === "tooLarge").length,
    ...(upcast.length > 0 && { upcast: upcast.map(([each, many]) => ({ ...each, count: many })) }),
    chosen: chosen.map(({ id }) => id),
  };
}

/** The expected result of replaying one letter, as far as its contract and its history tell. */
export async function judgeCandidate(candidate: Candidate, context: PlanContext): Promise<Judged> {
  const { id, topic, revision, record } = candidate;
  const letter = { id, topic, revision };
  const why = refusalOf(candidate, context.force);
  if (why !== undefined) return { ...letter, kind: "refused", why };
  const bytes = jsonBytes(record);
  if (bytes > MAX_REPLAYED_BYTES) return { ...letter, kind: "tooLarge" };
  if (isAhead(record, context.nowMs)) return { ...letter, kind: "refused", why: "waits for a newer deployment" };
  const verdict = judge(record, context.nowMs);
  if (verdict.kind === "passes") {
    if (isSpent(candidate, context)) return { ...letter, kind: "refused", why: "unchanged since it failed" };
    const to = context.contractVersionOf(topic) ?? verdict.version;
    const upcast = verdict.version < to ? { topic: verdict.event.topic, from: verdict.version, to } : undefined;
    return { ...letter, kind: "passes", event: verdict.event, bytes, ...(upcast && { upcast }) };
  }
  const signature = signatureOf(topic, verdict.failure);
  return { ...letter, kind: "fails", group: await fingerprintOf(signature), signature };
}

function refusalOf({ state, isEmptied, isCutShort }: Candidate, force: boolean): string | undefined {
  if (isCutShort) return "only the beginning of its value is stored";
  if (isEmptied) return "its value was deleted";
  if (state === "open" || (force && (state === "quarantined" || state === "resolved"))) return undefined;
  return state;
}

/** A fault that a replay met is expected again as long as the Worker and the contract are the same. */
const isSpent = ({ reason, replays, topic, ...failed }: Candidate, context: PlanContext): boolean =>
  !context.force &&
  (reason === "fault" || reason === "crash") &&
  replays > 0 &&
  failed.workerVersion === context.workerVersion &&
  failed.contractVersion === (context.contractVersionOf(topic) ?? null);

/** One of each kind with its count, most frequent first. */
function countedBy<T>(items: readonly T[], kindOf: (item: T) => string): [T, number][] {
  const groups = [...Map.groupBy(items, kindOf).values()];
  return groups.map((group): [T, number] => [group[0] as T, group.length]).sort(([, a], [, b]) => b - a);
}

type Hashed = {
  readonly chosen: readonly string[];
  readonly judged: readonly Judged[];
  readonly context: Pick<PlanContext, "workerVersion" | "contractVersionOf" | "force">;
};

/** Identifies what a plan was made from: the letters and their revisions, the contracts and the Worker's version. */
export function hashPlan({ chosen, judged, context }: Hashed): Promise<string> {
  const revisions = new Map(judged.map(({ id, revision }) => [id, revision]));
  const topics = [...new Set(judged.map(({ topic }) => topic))].sort();
  const made = [
    context.workerVersion,
    context.force,
    topics.map((topic) => [topic, context.contractVersionOf(topic) ?? null]),
    [...chosen].sort().map((id) => [id, revisions.get(id)]),
  ];
  return sha256Hex(JSON.stringify(made));
}
