import type { DesiredState, StatusReport } from "./change.ts";
import type { DeviceView } from "./device.ts";
import { sameContent } from "./register.ts";
import type { Version } from "./version.ts";

/** What people want a device to do, beside what it says that it does. */
export type Twin = {
  /** Of what is desired; `null` while nothing was. */
  readonly version: Version | null;
  readonly desired: DesiredState | null;
  /** `null` until the device reports. */
  readonly reported: DesiredState | null;
  /** The desired members that the device does not report; `null` when there are none. */
  readonly delta: DesiredState | null;
};

export function viewTwin({ desired, report }: Pick<DeviceView, "desired" | "report">): Twin {
  const reported = report && settingsIn(report);
  return {
    version: desired?.version ?? null,
    desired: desired?.value ?? null,
    reported,
    delta: desired && differenceOf(desired.value, reported ?? {}),
  };
}

const settingsIn = ({ mode, heatSetpointC, coolSetpointC }: StatusReport): DesiredState => ({
  ...(mode !== undefined && { mode }),
  ...(heatSetpointC !== undefined && { heatSetpointC }),
  ...(coolSetpointC !== undefined && { coolSetpointC }),
});

/** What nobody asked for is no difference: the device decides there. */
function differenceOf(desired: DesiredState, reported: DesiredState): DesiredState | null {
  const members = (Object.keys(desired) as (keyof DesiredState)[]).filter(
    (member) => !sameContent(desired[member], reported[member]),
  );
  return members.length > 0 ? Object.fromEntries(members.map((member) => [member, desired[member]])) : null;
}
