import * as fc from "fast-check";
import { expect, it } from "vitest";
import { stream } from "../../../test/support/arbitraries.ts";
import { type Device, joinDevices } from "./device.ts";
import { EMPTY_FLEET, merge } from "./fleet.ts";
import { compareParts, partsOf } from "./parts.ts";

const devicesOf = (events: Parameters<typeof merge>[1]) => merge(EMPTY_FLEET, events).fleet.devices;

it("joining a device adds nothing exactly if each of its parts adds nothing", () => {
  fc.assert(
    fc.property(stream, stream, (one, other) => {
      const others = devicesOf(other);
      for (const a of devicesOf(one).values()) {
        const b = others.get(a.key);
        if (b) expect(joinDevices(b, a) === b).toBe(arePartsBelow(a, b));
      }
    }),
  );
});

function arePartsBelow(a: Device, b: Device): boolean {
  const above = partsOf(b);
  return [...partsOf(a).values()].every((part) => {
    const other = above.get(part.path);
    return other !== undefined && compareParts(part, other) <= 0;
  });
}
