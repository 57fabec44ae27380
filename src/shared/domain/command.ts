import type { By, DesiredState } from "./change.ts";
import type { DeviceKey } from "./event.ts";
import type { Issue } from "./issue.ts";
import type { MergeOutcome } from "./outcome.ts";
import type { Register } from "./register.ts";
import type { DeviceCommand } from "./source-traits.ts";
import { SOURCE_TRAITS, type Source } from "./sources.ts";
import { toMilliseconds } from "./time.ts";
import { type Version, versionMoment } from "./version.ts";

/**
 * The outcome of a command's event, for the caller who waits for it. `pending`: the event is stored and will be merged
 * like any other, but readers may not see it yet.
 */
export type CommandOutcome = Exclude<MergeOutcome, "duplicate"> | "pending";

export type CommandResult = {
  readonly outcome: CommandOutcome;
  /** A read with this token sees the command's effect; `null` if D1 has not stored it yet. */
  readonly consistencyToken: string | null;
};

export type AcknowledgeAlert = {
  readonly deviceKey: DeviceKey;
  readonly alertId: string;
  /** The newest version in the alert as the caller saw it: a change since then stays unacknowledged. */
  readonly seen: Version;
} & By;

/** Alerts that one call may acknowledge: as many as a parcel has records. */
export const MAX_AT_ONCE = 100;

/** How each of several commands ended, in their order. */
export type CommandResults = {
  /** `null`: neither D1 nor the queue took it, and nothing of it was stored. */
  readonly outcomes: readonly (CommandOutcome | null)[];
  /** A read with this token sees what D1 has stored of them; `null` if that is nothing. */
  readonly consistencyToken: string | null;
};

export type SetDesired = {
  readonly deviceKey: DeviceKey;
  /** Replaces the whole desired state. */
  readonly desired: DesiredState;
  /** The version that the caller saw, `null` if there was none yet. Absent: set it whatever the current version is. */
  readonly expectedVersion?: string | null | undefined;
} & By;

export type SetDesiredResult =
  | ({ readonly kind: "set"; readonly desired: Register<DesiredState & By> } & CommandResult)
  /** The version was not the expected one; `desired` is the current state. */
  | { readonly kind: "conflict"; readonly desired: Register<DesiredState & By> | null }
  | { readonly kind: "invalid"; readonly issues: readonly Issue[] };

/** Whether a source's devices take a command. What they do not take is refused before an event is made of it. */
export const takesCommand = (source: Source, command: DeviceCommand): boolean => SOURCE_TRAITS[source].takes[command];

/** The commands that the ingest Worker carries out for other Workers. The caller has checked that they are allowed. */
export interface Commands {
  /** @throws when neither D1 nor the queue took the event; nothing was stored, safe to retry */
  acknowledgeAlert(command: AcknowledgeAlert): Promise<CommandResult>;
  /** @param commands of up to 100 alerts, none twice @throws like `acknowledgeAlert` if none of them was taken */
  acknowledgeAlerts(commands: readonly AcknowledgeAlert[]): Promise<CommandResults>;
  setDesired(command: SetDesired): Promise<SetDesiredResult>;
}

/** A time for an event that has to win over version `seen`, even if that came from a clock ahead of ours. */
export const timeAfter = (nowMs: number, seen: Version | undefined): number =>
  seen === undefined ? nowMs : Math.max(nowMs, toMilliseconds(versionMoment(seen)) + 1);
