import type { DesiredState } from "../domain/change.ts";
import { type DeviceKey, type Source, sourceOf } from "../domain/event.ts";

/** An event's topic and data: what is said, before anybody knows when. */
export type Saying = { readonly topic: string; readonly data: unknown };

/** The acknowledgement of an alert, in the words of its device's source. */
export function acknowledging(deviceKey: DeviceKey, alertId: string): Saying {
  const source = sourceOf(deviceKey);
  return { topic: `device.${source}.alert.acknowledged`, data: ACKNOWLEDGEMENT[source](alertId) };
}

const ACKNOWLEDGEMENT: Record<Source, (alertId: string) => object> = {
  infinity: (alertId) => ({ alertId }),
  elt: (alertId) => ({ alertId }),
  ecobee: (acknowledgeRef) => ({ acknowledgeRef, acknowledgement: "accept" }),
};

export const desiring = (deviceKey: DeviceKey, desired: DesiredState): Saying => ({
  topic: `device.${sourceOf(deviceKey)}.twin.desired`,
  data: desired,
});
