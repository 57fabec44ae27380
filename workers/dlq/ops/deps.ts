import type { Registers } from "#domain/party.ts";
import type { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import type { Audited, LetterChangeRepository } from "#letters/repositories/letter-change.ts";
import type { LetterGroupRepository } from "#letters/repositories/letter-group.ts";
import type { ReplayRunRepository } from "#letters/repositories/replay-run.ts";
import type { AuditAction } from "#ops/api.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import type { AuditEntry, AuditRepository } from "#repositories/audit.ts";
import type { FleetRepository } from "#repositories/fleet.ts";
import type { KnownCustomerRepository } from "#repositories/known-customer.ts";
import type { RevocationRepository } from "#repositories/revocation.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { ReplayDeps } from "../replay.ts";
import type { ReplayRun } from "../runs/replay-run.ts";
import type { DeviceDeps } from "./devices/devices.ts";
import type { AuthDeps, OpsContext } from "./http/gate.ts";

/** All effects of the operations API. */
export type OpsDeps = Omit<ReplayDeps, "letters"> &
  AuthDeps & {
    readonly letters: DeadLetterRepository;
    readonly changes: LetterChangeRepository;
    readonly groups: LetterGroupRepository;
    readonly runs: ReplayRunRepository;
    readonly audit: AuditRepository;
    readonly revocations: RevocationRepository;
    readonly fleet: Pick<FleetRepository, "read">;
    readonly metrics: Metrics;
    readonly databaseBytes: () => Promise<number>;
    readonly devices: Omit<DeviceDeps, "now">;
    readonly runObject: (id: string) => Pick<ReplayRun, "plan" | "read" | "start" | "pause" | "resume" | "cancel">;
    /** `ArchiveService` of the archive Worker; `undefined` where it is not bound. */
    readonly archive: ArchiveRpc | undefined;
    readonly knownCustomers: Pick<KnownCustomerRepository, "read">;
    /** Sources whose ids mean the same customers. */
    readonly registers: Registers;
    readonly workerVersion: string;
  };

type AuditDetails = Pick<AuditEntry, "target" | "before" | "after" | "reason">;

/** An entry of the audit log with the caller as its actor. Repositories write it together with the change. */
export const audited = (
  c: OpsContext,
  { audit, now }: OpsDeps,
  action: AuditAction,
  details: AuditDetails,
): Audited => ({
  audit,
  entry: { ...c.var.user, atMs: now(), action, ...details },
});
