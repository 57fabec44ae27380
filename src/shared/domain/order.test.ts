import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fleet, stream } from "../../../test/support/arbitraries.ts";
import type { Device } from "./device.ts";
import { EMPTY_FLEET, joinFleets, merge } from "./fleet.ts";
import { isDeviceBelow, isFleetBelow, isPartyBelow } from "./order.ts";
import { compareParts, partsOf } from "./parts.ts";

const devicesOf = (events: Parameters<typeof merge>[1]) => merge(EMPTY_FLEET, events).fleet.devices;

describe("the order of the join", () => {
  it("holds between a fleet and what more events make of it, and not the other way unless they add nothing", () => {
    fc.assert(
      fc.property(fleet, stream, (before, events) => {
        const { fleet: after } = merge(before, events);
        expect(isFleetBelow(before, after)).toBe(true);
        expect(isFleetBelow(after, before)).toBe(after === before);
      }),
    );
  });

  it("is an order: what is below in both ways is the same, and it passes on", () => {
    fc.assert(
      fc.property(fleet, fleet, fleet, (a, b, c) => {
        if (isFleetBelow(a, b) && isFleetBelow(b, a)) expect(a).toEqual(b);
        if (isFleetBelow(a, b) && isFleetBelow(b, c)) expect(isFleetBelow(a, c)).toBe(true);
        expect(isFleetBelow(a, joinFleets(a, b))).toBe(true);
      }),
    );
  });

  it("holds for a device exactly if it holds for each of its parts", () => {
    fc.assert(
      fc.property(stream, stream, (one, other) => {
        const others = devicesOf(other);
        for (const a of devicesOf(one).values()) {
          const b = others.get(a.key);
          if (b) expect(isDeviceBelow(a, b)).toBe(arePartsBelow(a, b));
        }
      }),
    );
  });

  it("of two records of a customer puts the newer above", () => {
    const [older, newer] = [1, 2].map((n) => ({
      version: `2026-11-23T13:00:0${n}.000Z/e` as Device["latest"],
      value: n,
    }));
    if (!older || !newer) throw new Error("two registers");
    expect([isPartyBelow(older, newer), isPartyBelow(newer, older), isPartyBelow(newer, newer)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

function arePartsBelow(a: Device, b: Device): boolean {
  const above = partsOf(b);
  return [...partsOf(a).values()].every((part) => {
    const other = above.get(part.path);
    return other !== undefined && compareParts(part, other) <= 0;
  });
}
