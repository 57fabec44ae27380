import type { AlertDetails, AlertProgress, Severity } from "./change.ts";
import { joinRegisters, type Register } from "./register.ts";
import { occurredAtOf } from "./version.ts";

/** Two registers, because a clear may arrive before the raise that it answers. */
export type Alert = {
  readonly details?: Register<AlertDetails>;
  readonly progress: Register<AlertProgress>;
};

export type AlertState = "OPEN" | "ACKNOWLEDGED" | "CLEARED";

/** What a reader sees of an alert; everything here is derived from the two registers. */
export type AlertView = {
  readonly code: string | null;
  readonly severity: Severity | null;
  readonly text: string | null;
  readonly state: AlertState;
  /** RFC 3339 in UTC; `null` while only its clearing or acknowledgement is known. */
  readonly raisedAt: string | null;
  readonly clearedAt: string | null;
};

export function joinAlerts(a: Alert, b: Alert): Alert {
  const details = b.details ? joinRegisters(a.details, b.details) : a.details;
  const progress = joinRegisters(a.progress, b.progress);
  if (details === a.details && progress === a.progress) return a;
  return details ? { details, progress } : { progress };
}

export function viewAlert({ details, progress }: Alert): AlertView {
  return {
    code: details?.value.code ?? null,
    severity: details?.value.severity ?? null,
    text: details?.value.text ?? null,
    state: stateOf(progress.value),
    raisedAt: details ? (details.value.raisedAt ?? occurredAtOf(details.version)) : null,
    clearedAt: progress.value.kind === "cleared" ? occurredAtOf(progress.version) : null,
  };
}

function stateOf(progress: AlertProgress): AlertState {
  switch (progress.kind) {
    case "raised":
      return "OPEN";
    case "acknowledged":
      return "ACKNOWLEDGED";
    case "cleared":
      return "CLEARED";
  }
}
