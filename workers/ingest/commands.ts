import { acknowledgementEvent } from "#contracts/commands.ts";
import { describeRejection } from "#contracts/parse.ts";
import {
  type AcknowledgeAlert,
  type CommandOutcome,
  type CommandResult,
  type SetDesired,
  type SetDesiredResult,
  timeAfter,
} from "#domain/command.ts";
import type { DesiredClaim, DesiredOrder } from "#objects/requests.ts";
import { toCommandRecord } from "#queue/command-record.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { Parcel, QueuedRecord } from "#queue/parcel.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import { type ConsumeDeps, consume } from "./consume.ts";
import type { Ending } from "./ending.ts";

/** All effects of a command. */
export type CommandDeps = ConsumeDeps & {
  readonly claimDesired: (order: DesiredOrder) => Promise<DesiredClaim>;
  /** The bookmark of D1's last answer; `null` before the first. */
  readonly bookmark: () => string | null;
  readonly newEventId: () => string;
  readonly report: (report: MetricsReport) => void;
};

/**
 * Neither the stores nor the queue took the command: nothing was stored, safe to retry. Over RPC only the message arrives,
 * and `isOutage` recognizes it by "not available".
 */
export class CommandNotTaken extends Error {
  override name = "CommandNotTaken";
}

/**
 * Acknowledges an alert as the caller saw it, at version `seen`.
 * @throws CommandNotTaken if nothing was stored; safe to retry
 */
export async function acknowledgeAlert(deps: CommandDeps, command: AcknowledgeAlert): Promise<CommandResult> {
  const { deviceKey, alertId, seen } = command;
  const nowMs = deps.now();
  const record = toCommandRecord({
    ...acknowledgementEvent(deviceKey, alertId),
    deviceKey,
    eventId: deps.newEventId(),
    occurredAtMs: timeAfter(nowMs, seen),
    nowMs,
  });
  const parsed = parseStamped(record, nowMs);
  // Thrown, not dead-lettered: this would be our own bug, and no operator could correct the record.
  if (!parsed.ok) throw new Error(`an acknowledgement breaks its contract: ${describeRejection(parsed.rejection)}`);
  const result = await submit(deps, record);
  if (!result) throw new CommandNotTaken("D1 and the queue are not available; nothing was stored, try again");
  return result;
}

/** Sets a device's desired state, if it still has the version that the caller expects. The device's object decides. */
export async function setDesired(deps: CommandDeps, command: SetDesired): Promise<SetDesiredResult> {
  const claim = await deps.claimDesired({ ...command, eventId: deps.newEventId(), nowMs: deps.now() });
  switch (claim.kind) {
    case "conflict":
      return claim;
    case "rejected":
      if (claim.rejection.reason === "schema_mismatch") return { kind: "invalid", issues: claim.rejection.issues };
      throw new Error(`a desired state breaks its contract: ${describeRejection(claim.rejection)}`);
    case "claimed": {
      // If D1 and the queue are both down, the object still has the claim and sends its record to the queue later.
      const result = (await submit(deps, claim.record)) ?? { outcome: "pending", consistencyToken: null };
      return { kind: "set", desired: claim.desired, ...result };
    }
  }
}

/**
 * Passes a record to the consumer directly, in a parcel without a queue message, so that it is merged like any other.
 * @returns null if neither the stores nor the queue took it; then it was not counted either
 */
async function submit(deps: CommandDeps, record: QueuedRecord): Promise<CommandResult | null> {
  const parcel: Parcel = { kind: "parcel", records: [record] };
  const { dispositions, endings, report } = await consume(deps, [{ body: parcel, attempts: 1 }]);
  if (dispositions[0]?.kind !== "ack") return null;
  deps.report({ ...report, accepted: { [record.topic]: 1 } });
  return { outcome: toCommandOutcome(endings[0]), consistencyToken: deps.bookmark() };
}

function toCommandOutcome(ending: Ending | undefined): CommandOutcome {
  if (ending?.kind !== "merged") return "pending";
  // A duplicate of itself: a store had merged it, and its response was lost.
  return ending.outcome === "duplicate" ? "applied" : ending.outcome;
}
