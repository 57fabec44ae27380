import type { AlertAcknowledgement, AlertDetails, AlertProgress, Severity } from "./change.ts";
import { joinMembers, type Register } from "./register.ts";
import { compareVersions, laterVersion, occurredAtOf, type Version } from "./version.ts";

/**
 * Three registers, because a clear may arrive before the raise that it answers, and an acknowledgement may cross a
 * clear on its way: in one register the later of the two would undo the other.
 */
export type Alert = {
  readonly details?: Register<AlertDetails>;
  readonly progress?: Register<AlertProgress>;
  readonly acknowledgement?: Register<AlertAcknowledgement>;
};

export const ALERT_REGISTERS = ["details", "progress", "acknowledgement"] as const satisfies (keyof Alert)[];

export type AlertState = "OPEN" | "ACKNOWLEDGED" | "CLEARED";

/** What a reader sees of an alert; everything here is derived from its registers. */
export type AlertView = {
  readonly code: string | null;
  readonly severity: Severity | null;
  readonly text: string | null;
  readonly state: AlertState;
  /** RFC 3339 in UTC; `null` while only its clearing or acknowledgement is known. */
  readonly raisedAt: string | null;
  readonly clearedAt: string | null;
};

export const joinAlerts = (a: Alert, b: Alert): Alert => joinMembers(ALERT_REGISTERS, a, b);

export function viewAlert(alert: Alert): AlertView {
  const { details, progress } = alert;
  return {
    code: details?.value.code ?? null,
    severity: details?.value.severity ?? null,
    text: details?.value.text ?? null,
    state: stateOf(alert),
    raisedAt: details ? (details.value.raisedAt ?? occurredAtOf(details.version)) : null,
    clearedAt: progress?.value.kind === "cleared" ? occurredAtOf(progress.version) : null,
  };
}

/** Nobody's answer brings back an alert whose cause is gone; one that is raised anew wants a new answer. */
function stateOf({ progress, acknowledgement }: Alert): AlertState {
  if (progress?.value.kind === "cleared") return "CLEARED";
  const isAnswered = acknowledgement?.value.kind === "acknowledged";
  return isAnswered && (!progress || compareVersions(acknowledgement.version, progress.version) > 0)
    ? "ACKNOWLEDGED"
    : "OPEN";
}

/** The newest that is known of an alert: an answer to it has to be newer. */
export const latestVersionOf = (alert: Alert): Version =>
  ALERT_REGISTERS.map((name) => alert[name]?.version ?? ("" as Version)).reduce(laterVersion);
