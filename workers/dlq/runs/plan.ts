import { findContract } from "../../../src/shared/contracts/index.ts";
import type { Plan } from "../../../src/shared/desk/api.ts";
import { fingerprintOf, signatureOf } from "../../../src/shared/desk/fingerprint.ts";
import { type Candidate, hashOf, planOf } from "../../../src/shared/desk/plan.ts";
import { judge } from "../../../src/shared/desk/verdict.ts";
import type { ConcordEvent } from "../../../src/shared/domain/event.ts";
import { EMPTY_FLEET, type Fleet, joinFleets } from "../../../src/shared/domain/fleet.ts";
import type { StoredLetter } from "../../../src/shared/repositories/dead-letter.ts";
import type { DeskDeps } from "../api/desk.ts";
import { replayedRecordOf } from "../replay.ts";

/** Letters that are read, and events whose devices are read, at once. */
const CHUNK = 500;

export type Planned = { readonly plan: Plan; readonly chosen: readonly string[]; readonly hash: string };

/** What a replay of these letters would do, by the contracts and the devices as they are now. Changes nothing. */
export async function planFor(
  { letters, fleet, workerVersion, now }: Pick<DeskDeps, "letters" | "fleet" | "workerVersion" | "now">,
  ids: readonly string[],
  force: boolean,
): Promise<Planned> {
  const nowMs = now();
  const found: StoredLetter[] = [];
  for (const chunk of chunksOf(ids)) {
    const byId = new Map((await letters.findAll(chunk)).map((letter) => [letter.id, letter]));
    found.push(...chunk.flatMap((id) => byId.get(id) ?? []));
  }
  const candidates = found.map(candidateOf);
  const events = candidates.flatMap(({ record }): ConcordEvent[] => {
    const verdict = judge(record, nowMs);
    return verdict.kind === "passes" ? [verdict.event] : [];
  });
  let known: Fleet = EMPTY_FLEET;
  for (const chunk of chunksOf(events)) known = joinFleets(known, await fleet.read(chunk));
  const contractVersionOf = (topic: string) => findContract(topic, nowMs)?.version;
  const context = { nowMs, workerVersion, contractVersionOf, force, fleet: known };
  const { chosen, ...plan } = await planOf(candidates, context);
  const hash = await hashOf({ chosen, candidates, context });
  return { plan, chosen, hash };
}

const candidateOf = (letter: StoredLetter): Candidate => ({
  ...letter,
  record: replayedRecordOf(letter),
  group: letter.groupId,
  isEmptied: letter.emptiedAtMs !== null,
});

function* chunksOf<T>(items: readonly T[]): Generator<T[]> {
  for (let i = 0; i < items.length; i += CHUNK) yield items.slice(i, i + CHUNK);
}

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
    ? 'Nothing was sent: the letter would fail as it did, since neither its contract nor the Worker nor its payload has changed. Mend one of them, or say "force": true.'
    : undefined;
}
