import { findContract } from "#contracts/index.ts";
import { EMPTY_FLEET, type Fleet, joinFleets } from "#domain/fleet.ts";
import { fingerprintOf, signatureOf } from "#letters/fingerprint.ts";
import { isCutShort } from "#letters/letter.ts";
import { type Candidate, hashPlan, type Judged, judgeCandidate, makePlan } from "#letters/plan.ts";
import type { StoredLetter } from "#letters/repositories/dead-letter.ts";
import { judge } from "#letters/verdict.ts";
import type { Plan } from "#ops/api.ts";
import type { OpsDeps } from "../ops/deps.ts";
import { toReplayedRecord } from "../replay.ts";

/** Events per read of their devices. */
const CHUNK = 500;

/** Most bytes of events in one plan: they and their devices are all in memory at once. Ours. */
export const MAX_PLANNED_BYTES = 24 * 1024 * 1024;

export type Planned = { readonly plan: Plan; readonly chosen: readonly string[]; readonly hash: string };

/**
 * What a replay of these letters would do, judged by the current contracts and devices. Changes nothing.
 * @returns `undefined` if the events to be sent have more than `MAX_PLANNED_BYTES`
 */
export async function planFor(
  { letters, fleet, workerVersion, now }: Pick<OpsDeps, "letters" | "fleet" | "workerVersion" | "now">,
  ids: readonly string[],
  force: boolean,
): Promise<Planned | undefined> {
  const nowMs = now();
  const contractVersionOf = (topic: string) => findContract(topic, nowMs)?.version;
  const context = { nowMs, workerVersion, contractVersionOf, force };
  const judged: Judged[] = [];
  let bytes = 0;
  for await (const part of letters.findInParts(ids)) {
    for (const letter of part) {
      const each = await judgeCandidate(toCandidate(letter), context);
      if (each.kind === "passes") bytes += each.bytes;
      judged.push(each);
    }
    if (bytes > MAX_PLANNED_BYTES) return undefined;
  }
  const events = judged.flatMap((each) => (each.kind === "passes" ? [each.event] : []));
  let known: Fleet = EMPTY_FLEET;
  for (let i = 0; i < events.length; i += CHUNK) {
    known = joinFleets(known, await fleet.read(events.slice(i, i + CHUNK)));
  }
  const { chosen, ...plan } = makePlan(judged, { fleet: known, force });
  return { plan, chosen, hash: await hashPlan({ chosen, judged, context }) };
}

const toCandidate = (letter: StoredLetter): Candidate => ({
  ...letter,
  record: toReplayedRecord(letter),
  group: letter.groupId,
  isEmptied: letter.emptiedAtMs !== null,
  isCutShort: isCutShort(letter.failure),
});

/**
 * Why a replay would fail as before: neither the letter's contract nor the Worker nor its payload has changed since. Is
 * `undefined` if one of them has, or if the replay could pass.
 */
export async function unchangedSinceFailure(
  letter: StoredLetter,
  workerVersion: string,
  nowMs: number,
): Promise<string | undefined> {
  const contractVersion = findContract(letter.topic, nowMs)?.version ?? null;
  if (letter.workerVersion !== workerVersion || letter.contractVersion !== contractVersion) return undefined;
  const verdict = judge(toReplayedRecord(letter), nowMs);
  const failsAgain =
    verdict.kind === "fails" && (await fingerprintOf(signatureOf(letter.topic, verdict.failure))) === letter.groupId;
  const isSpent = verdict.kind === "passes" && letter.replays > 0 && ["fault", "crash"].includes(letter.reason);
  return failsAgain || isSpent
    ? "Nothing was sent: the letter would fail as before, since neither its contract nor the Worker nor its payload has changed. Change one of them, or force the replay."
    : undefined;
}
