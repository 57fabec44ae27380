import type { LetterState } from "../desk/states.ts";
import { digestOf } from "../digest.ts";
import type { ConcordEvent } from "../domain/event.ts";
import { type Fleet, merge } from "../domain/fleet.ts";
import { compareVersions } from "../domain/version.ts";
import type { Failure } from "../queue/letter.ts";
import { jsonBytes } from "../queue/pack.ts";
import type { QueuedRecord } from "../queue/parcel.ts";
import type { Plan } from "./api.ts";
import { fingerprintOf, signatureOf } from "./fingerprint.ts";
import { judge } from "./verdict.ts";

/** A letter that somebody would like to replay. */
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
  /** Its value was let go of. */
  readonly isEmptied: boolean;
};

export type PlanContext = {
  readonly nowMs: number;
  readonly workerVersion: string;
  readonly contractVersionOf: (topic: string) => number | undefined;
  /** Sends what would fail again as well, and what has failed too often. */
  readonly force: boolean;
};

/** A queue message has 128 KB: developers.cloudflare.com/queues/platform/limits. Ours, with the parcel around it. */
export const MAX_REPLAYED_BYTES = 126_500;

/** What a plan keeps of a letter once it is judged; what it held is no longer in memory. */
export type Judged = Pick<Candidate, "id" | "topic" | "revision"> &
  (
    | { readonly kind: "refused"; readonly why: string }
    | { readonly kind: "tooLarge" }
    | { readonly kind: "fails"; readonly group: string; readonly signature: string }
    | { readonly kind: "passes"; readonly event: ConcordEvent; readonly bytes: number }
  );

/**
 * What a replay would do, letter by letter, if it were now. Letters that are superseded or known already are chosen all
 * the same: nothing is written for them, and that closes them.
 * @param fleet what is known of the devices that the letters speak of
 */
export function planOf(
  judged: readonly Judged[],
  { fleet, force }: { readonly fleet: Fleet; readonly force: boolean },
): Plan & { readonly chosen: readonly string[] } {
  const passing = judged.filter((each) => each.kind === "passes");
  // In the order in which they happened: which of two letters of a device supersedes the other is not theirs to race for.
  passing.sort((a, b) => compareVersions(a.event.version, b.event.version));
  const { outcomes } = merge(
    fleet,
    passing.map(({ event }) => event),
  );
  const count = (...those: string[]) => outcomes.filter((outcome) => those.includes(outcome)).length;
  const failing = judged.filter((each) => each.kind === "fails");
  // In the order they were given in, so that those that go first are a sample and not the best of them.
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
    chosen: chosen.map(({ id }) => id),
  };
}

/** What a replay of one letter would come to, as far as its contract and its history tell. */
export async function judgeCandidate(candidate: Candidate, context: PlanContext): Promise<Judged> {
  const { id, topic, revision, record } = candidate;
  const letter = { id, topic, revision };
  const why = refusalOf(candidate, context.force);
  if (why !== undefined) return { ...letter, kind: "refused", why };
  const bytes = jsonBytes(record);
  if (bytes > MAX_REPLAYED_BYTES) return { ...letter, kind: "tooLarge" };
  const verdict = judge(record, context.nowMs);
  if (verdict.kind === "passes") {
    if (isSpent(candidate, context)) return { ...letter, kind: "refused", why: "unchanged since it failed" };
    return { ...letter, kind: "passes", event: verdict.event, bytes };
  }
  const signature = signatureOf(topic, verdict.failure);
  return { ...letter, kind: "fails", group: await fingerprintOf(signature), signature };
}

function refusalOf({ state, isEmptied }: Candidate, force: boolean): string | undefined {
  if (isEmptied) return "its value was let go of";
  if (state === "open" || (force && (state === "quarantined" || state === "resolved"))) return undefined;
  return state;
}

/** A fault that came back from a replay by the same Worker and contract would come back from the next. */
const isSpent = ({ reason, replays, topic, ...failed }: Candidate, context: PlanContext): boolean =>
  !context.force &&
  (reason === "fault" || reason === "crash") &&
  replays > 0 &&
  failed.workerVersion === context.workerVersion &&
  failed.contractVersion === (context.contractVersionOf(topic) ?? null);

/** One of each kind with how many there are, most frequent first. */
function countedBy<T>(items: readonly T[], kindOf: (item: T) => string): [T, number][] {
  const groups = [...Map.groupBy(items, kindOf).values()];
  return groups.map((group): [T, number] => [group[0] as T, group.length]).sort(([, a], [, b]) => b - a);
}

type Hashed = {
  readonly chosen: readonly string[];
  readonly judged: readonly Judged[];
  readonly context: Pick<PlanContext, "workerVersion" | "contractVersionOf" | "force">;
};

/** Stands for what a plan was made of: which letters, in which revision, by which contracts and which Worker. */
export function hashOf({ chosen, judged, context }: Hashed): Promise<string> {
  const revisions = new Map(judged.map(({ id, revision }) => [id, revision]));
  const topics = [...new Set(judged.map(({ topic }) => topic))].sort();
  const made = [
    context.workerVersion,
    context.force,
    topics.map((topic) => [topic, context.contractVersionOf(topic) ?? null]),
    [...chosen].sort().map((id) => [id, revisions.get(id)]),
  ];
  return digestOf(JSON.stringify(made));
}
