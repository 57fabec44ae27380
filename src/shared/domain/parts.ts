import { ALERT_REGISTERS } from "./alert.ts";
import { ASPECTS, type Device } from "./device.ts";
import type { HistoryEntry } from "./history.ts";
import { compareRegisters, type Register } from "./register.ts";

/** What a part of a device is of. */
export type PartPlace = "device" | "alert" | "assignment" | "history";

/** A part that is joined on its own: a register, an assignment or an entry of the history, at its path in the device. */
export type Part = Register<unknown> & {
  readonly place: PartPlace;
  /** `aspects.status`, `alerts[A-1].progress`, `assignments[2026-…/evt-1]`, `history[2026-…/evt-1 device.elt.…]`, `latest`. */
  readonly path: string;
  /** Of the history only: the topic, whose contract says which of its values are personal. */
  readonly topic?: string;
};

/**
 * A device taken apart: the join of two devices is the join of their parts, path by path, except that a history keeps only
 * its newest entries.
 */
export function partsOf(device: Omit<Device, "key">): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  const add = (part: Part) => parts.set(part.path, part);
  add({ place: "device", path: "latest", version: device.latest, value: null });
  for (const aspect of ASPECTS) {
    const register = device.aspects[aspect];
    if (register) add({ place: "device", path: `aspects.${aspect}`, version: register.version, value: register.value });
  }
  for (const [alertId, alert] of device.alerts) {
    for (const member of ALERT_REGISTERS) {
      const register = alert[member];
      const path = `${alertPath(alertId)}.${member}`;
      if (register) add({ place: "alert", path, version: register.version, value: register.value });
    }
  }
  for (const [version, dealerId] of device.assignments) {
    add({ place: "assignment", path: `assignments[${version}]`, version, value: dealerId });
  }
  for (const entry of device.history) {
    const { version, topic, data } = entry;
    add({ place: "history", path: historyPath(entry), version, topic, value: data });
  }
  return parts;
}

export const alertPath = (alertId: string): string => `alerts[${alertId}]`;

export const historyPath = ({ version, topic }: Pick<HistoryEntry, "version" | "topic">): string =>
  `history[${version} ${topic}]`;

/** Negative if `a` loses to `b` in a join, 0 if they are the same. */
export const compareParts = (a: Part, b: Part): number => compareRegisters(a, b);
