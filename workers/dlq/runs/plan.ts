import { findContract } from "../../../src/shared/contracts/index.ts";
import type { Plan } from "../../../src/shared/desk/api.ts";
import { fingerprintOf, signatureOf } from "../../../src/shared/desk/fingerprint.ts";
import { type Candidate, hashOf, type Judged, judgeCandidate, planOf } from "../../../src/shared/desk/plan.ts";
import { judge } from "../../../src/shared/desk/verdict.ts";
import { EMPTY_FLEET, type Fleet, joinFleets } from "../../../src/shared/domain/fleet.ts";
import type { StoredLetter } from "../../../src/shared/repositories/dead-letter.ts";
import type { DeskDeps } from "../api/desk.ts";
import { replayedRecordOf } from "../replay.ts";

/** Events whose devices are read at once. */
const CHUNK = 500;

/** Of the events of one plan, which are all in memory at once, as are their devices. Ours. */
export const MAX_PLANNED_BYTES = 24 * 1024 * 1024;

export type Planned = { readonly plan: Plan; readonly chosen: readonly string[]; readonly hash: string };

/**
 * What a replay of these letters would do, by the contracts and the devices as they are now. Changes nothing.
 * @returns `undefined` where the letters hold more than `MAX_PLANNED_BYTES` that would be sent
 */
export async function planFor(
  { letters, fleet, workerVersion, now }: Pick<DeskDeps, "letters" | "fleet" | "workerVersion" | "now">,
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
      const each = await judgeCandidate(candidateOf(letter), context);
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
  const { chosen, ...plan } = planOf(judged, { fleet: known, force });
  return { plan, chosen, hash: await hashOf({ chosen, judged, context }) };
}

const candidateOf = (letter: StoredLetter): Candidate => ({
  ...letter,
  record: replayedRecordOf(letter),
  group: letter.groupId,
  isEmptied: letter.emptiedAtMs !== null,
});

/**
 * Why a replay would only do again what it did: nothing has changed since the letter failed, neither its contract nor
 * the Worker nor its payload.
 */
export async function unchangedSinceFailure(
  letter: StoredLetter,
  workerVersion: string,
  nowMs: number,
): Promise<string | undefined> {
  const contractVersion = findContract(letter.topic, nowMs)?.version ?? null;
  if (letter.workerVersion !== workerVersion || letter.contractVersion !== contractVersion) return undefined;
  const verdict = judge(replayedRecordOf(letter), nowMs);
  const failsAgain =
    verdict.kind === "fails" && (await fingerprintOf(signatureOf(letter.topic, verdict.failure))) === letter.groupId;
  const isSpent = verdict.kind === "passes" && letter.replays > 0 && ["fault", "crash"].includes(letter.reason);
  return failsAgain || isSpent
    ? "Nothing was sent: the letter would fail as before, since neither its contract nor the Worker nor its payload has changed. Change one of them, or force the replay."
    : undefined;
}
