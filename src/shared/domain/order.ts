import { type Device, joinDevices } from "./device.ts";
import { type Fleet, joinFleets } from "./fleet.ts";
import { joinRegisters, type Register } from "./register.ts";
import { type DeviceSnapshot, joinSnapshots } from "./snapshot.ts";

/*
 * The order of the join: `a` is below `b` if `b` holds everything that `a` holds, so that joining `a` adds nothing. State
 * only grows in it, whatever the order of events.
 */

export const isDeviceBelow = (a: Device, b: Device): boolean => joinDevices(b, a) === b;

export const isSnapshotBelow = (a: DeviceSnapshot, b: DeviceSnapshot): boolean => joinSnapshots(b, a) === b;

/** Of one source's record of a dealer or a customer. */
export const isPartyBelow = <T>(a: Register<T>, b: Register<T>): boolean => joinRegisters(b, a) === b;

export const isFleetBelow = (a: Fleet, b: Fleet): boolean => joinFleets(b, a) === b;
