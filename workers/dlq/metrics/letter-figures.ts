import type { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import type { LetterGroupRepository } from "#letters/repositories/letter-group.ts";
import type { ReplayRunRepository } from "#letters/repositories/replay-run.ts";
import type { LetterFigures } from "#telemetry/overview.ts";

type Repositories = {
  readonly letters: Pick<DeadLetterRepository, "oldestWaitingMs">;
  readonly groups: Pick<LetterGroupRepository, "depths">;
  readonly runs: Pick<ReplayRunRepository, "countsByState">;
};

/**
 * Counts of dead letters by state and reason, the age of the oldest, and runs. Reads the counts of groups and one
 * letter.
 */
export async function readLetterFigures({ letters, groups, runs }: Repositories): Promise<LetterFigures> {
  const [depths, oldestWaitingMs, states] = await Promise.all([
    groups.depths(),
    letters.oldestWaitingMs(),
    runs.countsByState(),
  ]);
  const sumOf = (state: "open" | "replaying" | "quarantined" | "resolved" | "discarded") =>
    depths.reduce((sum, depth) => sum + depth[state], 0);
  return {
    waiting: sumOf("open"),
    replaying: sumOf("replaying"),
    quarantined: sumOf("quarantined"),
    resolved: sumOf("resolved"),
    discarded: sumOf("discarded"),
    waitingByReason: Object.fromEntries(depths.map(({ reason, open }) => [reason, open])),
    oldestWaitingMs,
    runs: { running: states.running ?? 0, paused: states.paused ?? 0 },
  };
}
