import type { DesiredState, StatusReport } from "./change.ts";
import type { DeviceView } from "./device.ts";
import { sameContent } from "./register.ts";
import { formatOccurredAt, type Version } from "./version.ts";

/** A device's desired settings beside its reported ones. */
export type Twin = {
  /** The version of `desired`; `null` while there is none. */
  readonly version: Version | null;
  readonly desired: DesiredState | null;
  /** RFC 3339 in UTC. */
  readonly desiredAt: string | null;
  /** As far as the reader may know; `null` if the event did not say. */
  readonly desiredBy: string | null;
  /** `null` until the device reports. */
  readonly reported: DesiredState | null;
  /** The desired settings that the device does not report yet; `null` when there are none. */
  readonly delta: DesiredState | null;
};

type Seen = Pick<DeviceView, "desired" | "report"> & { readonly desiredBy?: string | null };

export function viewTwin({ desired, desiredBy = null, report }: Seen): Twin {
  const reported = report && reportedSettings(report);
  return {
    version: desired?.version ?? null,
    desired: desired?.value ?? null,
    desiredAt: desired && formatOccurredAt(desired.version),
    desiredBy,
    reported,
    delta: desired && difference(desired.value, reported ?? {}),
  };
}

const reportedSettings = ({ mode, heatSetpointC, coolSetpointC }: StatusReport): DesiredState => ({
  ...(mode !== undefined && { mode }),
  ...(heatSetpointC !== undefined && { heatSetpointC }),
  ...(coolSetpointC !== undefined && { coolSetpointC }),
});

/** Only desired settings can differ: the device chooses all others. */
function difference(desired: DesiredState, reported: DesiredState): DesiredState | null {
  const members = (Object.keys(desired) as (keyof DesiredState)[]).filter(
    (member) => !sameContent(desired[member], reported[member]),
  );
  return members.length > 0 ? Object.fromEntries(members.map((member) => [member, desired[member]])) : null;
}
