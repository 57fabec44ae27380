import type { AlertAcknowledgement, AlertDetails, AlertProgress, Severity } from "./change.ts";
import { joinMembers, type Register } from "./register.ts";
import { type Moment, rfc3339Of } from "./time.ts";
import {
  compareVersions,
  eventIdIn,
  laterVersion,
  momentIn,
  occurredAtOf,
  type Version,
  versionOf,
} from "./version.ts";

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

/** When the alert was raised, as far as that is known; what D1 sorts by. */
export const raisedMomentOf = ({ details }: Alert): Moment | null =>
  details ? (details.value.raisedAt ?? momentIn(details.version)) : null;

/**
 * The place of an alert's raising among the assignments of its device: whoever was given the device last up to there may
 * see the alert.
 * Where a source tells of it later than it happened, this is the version that its event would have had then.
 */
export function raisingOf(alert: Alert): Version | null {
  const raisedAt = raisedMomentOf(alert);
  return alert.details && raisedAt ? versionOf(raisedAt, eventIdIn(alert.details.version)) : null;
}

export function viewAlert(alert: Alert): AlertView {
  const { details, progress } = alert;
  const raisedAt = raisedMomentOf(alert);
  return {
    code: details?.value.code ?? null,
    severity: details?.value.severity ?? null,
    text: details?.value.text ?? null,
    state: stateOf(alert),
    raisedAt: raisedAt && rfc3339Of(raisedAt),
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
