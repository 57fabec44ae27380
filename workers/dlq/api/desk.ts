import type { AuditAction } from "../../../src/shared/desk/api.ts";
import type { DeskContext, Doors } from "../../../src/shared/desk/http/gate.ts";
import type { AuditEntry, AuditRepository } from "../../../src/shared/repositories/audit.ts";
import type { DeadLetterRepository } from "../../../src/shared/repositories/dead-letter.ts";
import type { FleetRepository } from "../../../src/shared/repositories/fleet.ts";
import type { Audited, LetterChangeRepository } from "../../../src/shared/repositories/letter-change.ts";
import type { LetterGroupRepository } from "../../../src/shared/repositories/letter-group.ts";
import type { ReplayRunRepository } from "../../../src/shared/repositories/replay-run.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { ReplayDeps } from "../replay.ts";
import type { ReplayRun } from "../runs/replay-run.ts";

/** What the desk works with. */
export type DeskDeps = Omit<ReplayDeps, "letters"> &
  Doors & {
    readonly letters: DeadLetterRepository;
    readonly changes: LetterChangeRepository;
    readonly groups: LetterGroupRepository;
    readonly runs: ReplayRunRepository;
    readonly audit: AuditRepository;
    readonly fleet: Pick<FleetRepository, "read">;
    readonly metrics: Metrics;
    readonly runObject: (id: string) => Pick<ReplayRun, "plan" | "read" | "start" | "pause" | "resume" | "cancel">;
    readonly workerVersion: string;
  };

type Said = Pick<AuditEntry, "target" | "before" | "after" | "reason">;

/** An entry of the audit log that names who is asking, for the statement that does it. */
export const audited = (c: DeskContext, { audit, now }: DeskDeps, action: AuditAction, said: Said): Audited => ({
  audit,
  entry: { ...c.var.user, atMs: now(), action, ...said },
});
