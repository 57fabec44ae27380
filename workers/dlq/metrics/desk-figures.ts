import type { DeadLetterRepository } from "../../../src/shared/repositories/dead-letter.ts";
import type { LetterGroupRepository } from "../../../src/shared/repositories/letter-group.ts";
import type { ReplayRunRepository } from "../../../src/shared/repositories/replay-run.ts";
import type { DeskFigures } from "../../../src/shared/telemetry/overview.ts";

type Repositories = {
  readonly letters: Pick<DeadLetterRepository, "oldestWaitingMs">;
  readonly groups: Pick<LetterGroupRepository, "depths">;
  readonly runs: Pick<ReplayRunRepository, "countsByState">;
};

/** How the dead letters stand. Reads the groups, which know how many letters they have, and no letter but one. */
export async function deskFiguresOf({ letters, groups, runs }: Repositories): Promise<DeskFigures> {
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
