import { acknowledgementEvent } from "#contracts/commands.ts";
import { describeRejection } from "#contracts/parse.ts";
import {
  type AcknowledgeAlert,
  type CommandOutcome,
  type CommandResult,
  type CommandResults,
  type SetDesired,
  type SetDesiredResult,
  timeAfter,
} from "#domain/command.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import type { DesiredClaim, DesiredOrder } from "#objects/requests.ts";
import { toCommandRecord } from "#queue/command-record.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { Parcel, QueuedRecord } from "#queue/parcel.ts";
import { type MetricsReport, Tally } from "#telemetry/metrics.ts";
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
 * Neither all stores nor the queue took the command: nothing of it is kept for good, safe to retry. Over RPC only the message arrives,
 * and `isOutage` recognizes it by "not available".
 */
export class CommandNotTaken extends Error {
  override name = "CommandNotTaken";
}

/**
 * Acknowledges an alert as the caller saw it, at version `seen`.
 * @throws CommandNotTaken if nothing is kept for good; safe to retry
 */
export async function acknowledgeAlert(deps: CommandDeps, command: AcknowledgeAlert): Promise<CommandResult> {
  const { outcomes, consistencyToken } = await acknowledgeAlerts(deps, [command]);
  return { outcome: outcomes[0] ?? "pending", consistencyToken };
}

/**
 * Acknowledges alerts, each as the caller saw it, in one parcel.
 * @param commands up to as many as a parcel has records
 * @throws CommandNotTaken if nothing is kept for good of any of them; safe to retry
 */
export async function acknowledgeAlerts(
  deps: CommandDeps,
  commands: readonly AcknowledgeAlert[],
): Promise<CommandResults> {
  const nowMs = deps.now();
  const records = commands.map(({ deviceKey, alertId, seen, by }) =>
    toCommandRecord({
      ...acknowledgementEvent(deviceKey, alertId, by),
      deviceKey,
      eventId: deps.newEventId(),
      occurredAtMs: timeAfter(nowMs, seen),
      nowMs,
    }),
  );
  for (const record of records) {
    const parsed = parseStamped(record, nowMs);
    // Thrown, not dead-lettered: this would be our own bug, and no operator could correct the record.
    if (!parsed.ok) throw new Error(`an acknowledgement breaks its contract: ${describeRejection(parsed.rejection)}`);
  }
  const results = await submit(deps, records);
  if (results.outcomes.every((outcome) => outcome === null))
    throw new CommandNotTaken(
      "D1 or the archive, and the queue, are not available; nothing of it is kept for good, try again",
    );
  return results;
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
      const { outcomes, consistencyToken } = await submit(deps, [claim.record]);
      const result = { outcome: outcomes[0] ?? "pending", consistencyToken };
      return { kind: "set", desired: claim.desired, ...result };
    }
  }
}

/**
 * Passes records to the consumer directly, in a parcel without a queue message, so that they are merged like any other.
 * @returns how each ended: `null` if neither the stores nor the queue took it, and then it was not counted either
 */
async function submit(deps: CommandDeps, records: readonly QueuedRecord[]): Promise<CommandResults> {
  const parcel: Parcel = { kind: "parcel", records };
  const { dispositions, endings, report } = await consume(deps, [{ body: parcel, attempts: 1 }]);
  const ended = new Map(endings.map((ending) => [ending.arrival.record.value, ending]));
  const isTaken = dispositions[0]?.kind === "ack";
  const outcomes = records.map((record) => toCommandOutcome(ended.get(record.value), isTaken));
  if (!isTaken) return { outcomes, consistencyToken: outcomes.some((one) => one !== null) ? deps.bookmark() : null };
  const accepted = new Tally();
  for (const { topic } of records) accepted.add(topic);
  deps.report({ ...report, accepted: accepted.toCounts() });
  return { outcomes, consistencyToken: deps.bookmark() };
}

/** @param isTaken whether the queue has taken what the stores did not */
function toCommandOutcome(ending: Ending | undefined, isTaken: boolean): CommandOutcome | null {
  const merged = mergedIn(ending, isTaken);
  if (merged === null) return isTaken ? "pending" : null;
  // A duplicate of itself: a store had merged it, and its response was lost.
  return merged === "duplicate" ? "applied" : merged;
}

/** What only the archive lacks is applied for every reader, and the queue has it for the archive. */
function mergedIn(ending: Ending | undefined, isTaken: boolean): MergeOutcome | null {
  if (ending?.kind === "merged") return ending.outcome;
  return isTaken && ending?.kind === "deferred" ? (ending.unarchived ?? null) : null;
}
