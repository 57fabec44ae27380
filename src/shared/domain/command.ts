import type { DesiredState } from "./change.ts";
import type { DeviceKey } from "./event.ts";
import type { Issue } from "./issue.ts";
import type { MergeOutcome } from "./outcome.ts";
import type { Register } from "./register.ts";
import { millisecondsOf } from "./time.ts";
import { momentIn, type Version } from "./version.ts";

/**
 * How a command's event ended for the caller who waits for it. `pending`: it is safe with us and will end as any other
 * event does, but readers may not see it yet.
 */
export type CommandOutcome = Exclude<MergeOutcome, "duplicate"> | "pending";

export type Carried = {
  readonly outcome: CommandOutcome;
  /** Reads from here on see what the command did; `null` where D1 did not take it. */
  readonly consistencyToken: string | null;
};

export type AcknowledgeAlert = {
  readonly deviceKey: DeviceKey;
  readonly alertId: string;
  /** The newest version in the alert that the caller saw, and answers. */
  readonly seen: Version;
};

export type SetDesired = {
  readonly deviceKey: DeviceKey;
  /** All that is wanted: it replaces what was. */
  readonly desired: DesiredState;
  /** The version that the caller saw, `null` for nothing desired yet; absent where the caller does not mind. */
  readonly expectedVersion?: string | null | undefined;
};

export type SetDesiredAnswer =
  | ({ readonly kind: "set"; readonly desired: Register<DesiredState> } & Carried)
  /** Somebody else was faster; `desired` is what they wanted. */
  | { readonly kind: "conflict"; readonly desired: Register<DesiredState> | null }
  | { readonly kind: "invalid"; readonly issues: readonly Issue[] };

/** What people ask of devices, as the ingest Worker takes it from other Workers. */
export interface Commands {
  /** @throws when it was kept nowhere; safe to ask again */
  acknowledgeAlert(command: AcknowledgeAlert): Promise<Carried>;
  setDesired(command: SetDesired): Promise<SetDesiredAnswer>;
}

/** An answer has to win over what it answers, even where that came from a clock ahead of ours. */
export const timeOfAnswer = (nowMs: number, seen: Version | undefined): number =>
  seen === undefined ? nowMs : Math.max(nowMs, millisecondsOf(momentIn(seen)) + 1);
