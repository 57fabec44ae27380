import type { Failure } from "#letters/letter.ts";
import type { ReceivedRecord } from "#queue/receipt.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { deferred, type Ending } from "./ending.ts";
import { settle } from "./settle.ts";

type Failed = { readonly record: ReceivedRecord; readonly failure: Failure };

/** Failed records as they may be kept, in order: without what is personal of somebody who was forgotten. */
export type KeepLetters = (failed: readonly Failed[], nowMs: number) => Promise<readonly Failed[]>;

/**
 * The endings of a batch, whose dead letters may go to the archive and to the desk as they are: both keep records that their
 * contract refuses. If nobody can say who was forgotten, they are deferred, as in any outage of D1.
 */
export async function keepableLetters(
  { keepable, now }: { readonly keepable?: KeepLetters | undefined; readonly now: () => number },
  endings: readonly Ending[],
): Promise<readonly Ending[]> {
  const dead = endings.filter((ending) => ending.kind === "deadLettered");
  if (dead.length === 0 || !keepable) return endings;
  const kept = await settle(
    keepable(
      dead.map(({ arrival, failure }) => ({ record: arrival.record, failure })),
      now(),
    ),
  );
  if (!kept.ok) log("warn", "consume.deferred", { letters: dead.length, ...describeFault(kept.thrown) });
  const byEnding = new Map(dead.map((ending, i) => [ending as Ending, kept.ok ? kept.value[i] : undefined]));
  return endings.map((ending): Ending => {
    if (ending.kind !== "deadLettered") return ending;
    const left = byEnding.get(ending);
    if (!left) return deferred(ending);
    return left.record === ending.arrival.record
      ? ending
      : { ...ending, arrival: { ...ending.arrival, record: left.record }, failure: left.failure };
  });
}
