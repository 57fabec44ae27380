import type { Actor, AlertAcknowledgement, AlertDetails, AlertProgress, Severity } from "./change.ts";
import { joinMembers, type Register } from "./register.ts";
import { formatRfc3339, type Moment } from "./time.ts";
import {
  compareVersions,
  formatOccurredAt,
  laterVersion,
  toVersion,
  type Version,
  versionEventId,
  versionMoment,
} from "./version.ts";

/**
 * Three registers, because events arrive out of order: a clear may arrive before its raise, and an acknowledgement may
 * cross a clear on its way. In a single register the later of the two would overwrite the other.
 */
export type Alert = {
  readonly details?: Register<AlertDetails>;
  readonly progress?: Register<AlertProgress>;
  readonly acknowledgement?: Register<AlertAcknowledgement>;
};

/** A record, so that a register that is left out fails the build. */
const EACH_REGISTER: Readonly<Record<keyof Alert, true>> = { details: true, progress: true, acknowledgement: true };
export const ALERT_REGISTERS = Object.keys(EACH_REGISTER) as (keyof Alert)[];

export const ALERT_STATES = ["OPEN", "ACKNOWLEDGED", "CLEARED"] as const;
/** Where an alert stands: its cause is present, people know of it, or its cause is gone. */
export type AlertState = (typeof ALERT_STATES)[number];

/** An alert as readers see it, derived from its registers. */
export type AlertView = {
  readonly code: string | null;
  readonly severity: Severity | null;
  readonly text: string | null;
  readonly state: AlertState;
  /** RFC 3339 in UTC; `null` as long as only a clear or an acknowledgement has arrived. */
  readonly raisedAt: string | null;
  readonly clearedAt: string | null;
  /** `null` unless the alert, as it was last raised, has been acknowledged. It stays when the alert is cleared. */
  readonly acknowledgedAt: string | null;
  readonly acknowledgedBy: Actor | null;
};

export const joinAlerts = (a: Alert, b: Alert): Alert => joinMembers(ALERT_REGISTERS, a, b);

/** When the alert was raised, or `null` while its raise has not arrived. D1 sorts alerts by it. */
export const raisedMoment = ({ details }: Alert): Moment | null =>
  details ? (details.value.raisedAt ?? versionMoment(details.version)) : null;

/**
 * The version at which the alert was raised, for comparison with the assignments of its device: the dealer who had the
 * device at this version may see the alert. A source may report a raise late; this is then the version that the event
 * would have had on time.
 */
export function raisedVersion(alert: Alert): Version | null {
  const raisedAt = raisedMoment(alert);
  return alert.details && raisedAt ? toVersion(raisedAt, versionEventId(alert.details.version)) : null;
}

/** An alert as readers see it. */
export function viewAlert(alert: Alert): AlertView {
  const { details, progress } = alert;
  const answer = answerTo(alert);
  const raisedAt = raisedMoment(alert);
  return {
    code: details?.value.code ?? null,
    severity: details?.value.severity ?? null,
    text: details?.value.text ?? null,
    state: stateOf(alert),
    raisedAt: raisedAt && formatRfc3339(raisedAt),
    clearedAt: progress?.value.kind === "cleared" ? formatOccurredAt(progress.version) : null,
    acknowledgedAt: answer && formatOccurredAt(answer.version),
    acknowledgedBy: answer?.value.by ?? null,
  };
}

type Acknowledged = Register<Extract<AlertAcknowledgement, { kind: "acknowledged" }>>;

/** The acknowledgement of an alert as it was last raised. An earlier one answered something else. */
function answerTo({ details, progress, acknowledgement }: Alert): Acknowledged | null {
  if (acknowledgement?.value.kind !== "acknowledged") return null;
  const raises = [details?.version, progress?.value.kind === "raised" ? progress.version : undefined];
  const isLater = raises.every((raise) => raise === undefined || compareVersions(acknowledgement.version, raise) > 0);
  return isLater ? (acknowledgement as Acknowledged) : null;
}

/** A cleared alert stays cleared, whoever acknowledges it. An alert that is raised again needs a new acknowledgement. */
function stateOf({ progress, acknowledgement }: Alert): AlertState {
  if (progress?.value.kind === "cleared") return "CLEARED";
  const isAcknowledged = acknowledgement?.value.kind === "acknowledged";
  return isAcknowledged && (!progress || compareVersions(acknowledgement.version, progress.version) > 0)
    ? "ACKNOWLEDGED"
    : "OPEN";
}

/** The newest version in an alert. An acknowledgement has to be newer to take effect. */
export const latestAlertVersion = (alert: Alert): Version =>
  ALERT_REGISTERS.map((name) => alert[name]?.version ?? ("" as Version)).reduce(laterVersion);
