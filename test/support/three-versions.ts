import * as z from "zod";
import type { Contract } from "#contracts/define.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { upcastFrom } from "#contracts/versions.ts";

/** A topic that tests give three versions; its current schema stays what it is. */
export const EVOLVED = "device.elt.status.reported";

/** Version 1 said in words whether a device is online; it and version 2 had the temperature in Fahrenheit. */
export const EARLIER = [
  upcastFrom({
    version: 1,
    data: z.object({ connected: z.enum(["yes", "no"]), temperatureF: z.number().optional() }),
    up: ({ connected, ...rest }) => ({ ...rest, online: connected === "yes" }),
    changed: "`connected` became `online`, which is true or false.",
  }),
  upcastFrom({
    version: 2,
    data: z.object({ online: z.boolean(), temperatureF: z.number() }),
    up: ({ online, temperatureF }) => ({ online, indoorTemperatureC: ((temperatureF - 32) * 5) / 9 }),
    changed: "The temperature is in Celsius, and may be missing.",
  }),
];

/** A status in the data of each version. @param celsius a multiple of 5, so that its Fahrenheit has no fraction */
export const statusData: Readonly<Record<1 | 2 | 3, (online: boolean, celsius: number) => object>> = {
  1: (online, celsius) => ({ connected: online ? "yes" : "no", temperatureF: (celsius * 9) / 5 + 32 }),
  2: (online, celsius) => ({ online, temperatureF: (celsius * 9) / 5 + 32 }),
  3: (online, indoorTemperatureC) => ({ online, indoorTemperatureC }),
};

/** Gives the topic `EVOLVED` three versions, as a deployment would that has them. @returns a function that undoes it */
export function evolve(): () => void {
  const contract = CONTRACTS.find(({ topic }) => topic === EVOLVED) as Contract;
  const before = { version: contract.version, earlier: contract.earlier };
  Object.assign(contract, { version: 3, earlier: EARLIER });
  return () => void Object.assign(contract, before);
}
