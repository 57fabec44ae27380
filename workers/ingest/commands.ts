import { acknowledging } from "../../src/shared/contracts/commands.ts";
import { describeRejection, parseRecord } from "../../src/shared/contracts/parse.ts";
import {
  type AcknowledgeAlert,
  type Carried,
  type CommandOutcome,
  type SetDesired,
  type SetDesiredAnswer,
  timeOfAnswer,
} from "../../src/shared/domain/command.ts";
import type { DesiredClaim, DesiredOrder } from "../../src/shared/objects.ts";
import { recordOf } from "../../src/shared/queue/command-record.ts";
import type { Parcel, QueuedRecord } from "../../src/shared/queue/parcel.ts";
import type { MetricsReport } from "../../src/shared/telemetry/metrics.ts";
import { type ConsumeDeps, consume } from "./consume.ts";
import type { Ending } from "./ending.ts";

/** Every effect of a command. */
export type CommandDeps = ConsumeDeps & {
  readonly claimDesired: (order: DesiredOrder) => Promise<DesiredClaim>;
  /** How far D1 was when it last answered; `null` while it has not. */
  readonly bookmark: () => string | null;
  readonly newEventId: () => string;
  readonly report: (report: MetricsReport) => void;
};

/** A command that found neither its stores nor the queue. */
export class CommandNotTaken extends Error {
  override name = "CommandNotTaken";
}

/**
 * Acknowledges an alert for whoever saw it as it was at `seen`.
 * @throws CommandNotTaken when it was kept nowhere; safe to ask again
 */
export async function acknowledgeAlert(deps: CommandDeps, command: AcknowledgeAlert): Promise<Carried> {
  const { deviceKey, alertId, seen } = command;
  const nowMs = deps.now();
  const record = recordOf({
    ...acknowledging(deviceKey, alertId),
    deviceKey,
    eventId: deps.newEventId(),
    occurredAtMs: timeOfAnswer(nowMs, seen),
    nowMs,
  });
  const parsed = parseRecord(record, nowMs);
  // Our own record among the dead letters would help nobody.
  if (!parsed.ok) throw new Error(`an acknowledgement breaks its contract: ${describeRejection(parsed.rejection)}`);
  const carried = await carry(deps, record);
  if (!carried) throw new CommandNotTaken("D1 and the queue are not available; nothing was kept");
  return carried;
}

/** Sets what is desired of a device, if that is still what the caller saw: its object decides, one call after another. */
export async function setDesired(deps: CommandDeps, command: SetDesired): Promise<SetDesiredAnswer> {
  const claim = await deps.claimDesired({ ...command, eventId: deps.newEventId(), nowMs: deps.now() });
  switch (claim.kind) {
    case "conflict":
      return claim;
    case "rejected":
      if (claim.rejection.reason === "schema_mismatch") return { kind: "invalid", issues: claim.rejection.issues };
      throw new Error(`a desired state breaks its contract: ${describeRejection(claim.rejection)}`);
    case "claimed": {
      // With D1 and the queue gone the object still has the claim, and hands it over itself.
      const carried = (await carry(deps, claim.record)) ?? { outcome: "pending", consistencyToken: null };
      return { kind: "set", desired: claim.desired, ...carried };
    }
  }
}

/**
 * Hands a record to the consumer as a parcel that did not travel, so that it ends as every other record does.
 * @returns null when nobody took it; then it was not counted either
 */
async function carry(deps: CommandDeps, record: QueuedRecord): Promise<Carried | null> {
  const parcel: Parcel = { kind: "parcel", records: [record] };
  const { dispositions, endings, report } = await consume(deps, [{ body: parcel, attempts: 1 }]);
  if (dispositions[0]?.kind !== "ack") return null;
  deps.report({ ...report, accepted: { [record.topic]: 1 } });
  return { outcome: outcomeOf(endings[0]), consistencyToken: deps.bookmark() };
}

function outcomeOf(ending: Ending | undefined): CommandOutcome {
  if (ending?.kind !== "merged") return "pending";
  // A store knows it already that had taken it when its answer was lost.
  return ending.outcome === "duplicate" ? "applied" : ending.outcome;
}
