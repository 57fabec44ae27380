import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, stream } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { adoptDevice, adoptRegister } from "./adopt.ts";
import type { Device } from "./device.ts";
import type { DeviceKey } from "./event.ts";
import { EMPTY_FLEET, joinFleets, merge } from "./fleet.ts";
import type { Register } from "./register.ts";
import type { Version } from "./version.ts";

const RUNS = cases(300);

const devicesOf = (...args: Parameters<typeof merge>) => merge(...args).fleet.devices;

describe("a device after a switch", () => {
  it("is what all events make of it, if each event is in the live state, in the archive, or in both", () => {
    fc.assert(
      fc.property(stream, fc.nat(), fc.nat(), (events, a, b) => {
        const [from, to] = [a % (events.length + 1), b % (events.length + 1)].sort((x, y) => x - y) as [number, number];
        const archived = merge(EMPTY_FLEET, events.slice(0, to)).fleet;
        const live = merge(EMPTY_FLEET, events.slice(from)).fleet;
        const expected = joinFleets(archived, live);
        for (const [key, device] of live.devices) {
          const rebuilt = archived.devices.get(key);
          if (!rebuilt) continue;
          const adopted = adoptDevice(device, rebuilt);
          // At equal versions the archive's content stays; these events have one content per version and topic.
          if (hasTies(device, rebuilt)) continue;
          expect(shown(adopted)).toBe(shown(expected.devices.get(key) as Device));
        }
      }),
      RUNS,
    );
  });

  it("is the live object itself if the archive has nothing else", () => {
    fc.assert(
      fc.property(stream, (events) => {
        const live = devicesOf(EMPTY_FLEET, events);
        const rebuilt = devicesOf(EMPTY_FLEET, structuredClone(events));
        for (const [key, device] of live) expect(adoptDevice(device, rebuilt.get(key) as Device)).toBe(device);
      }),
      RUNS,
    );
  });

  it("takes the archive's value of an equal version, also where the join would keep the live one", () => {
    const version = "2026-11-23T09:00:00.000Z/evt-1" as Version;
    const at = <T>(value: T): Register<T> => ({ version, value });
    const device = (dealerId: string): Device => ({
      key: "elt:T-1" as DeviceKey,
      latest: version,
      aspects: { dealer: at({ dealerId }) },
      alerts: new Map(),
      assignments: new Map([[version, dealerId]]),
      history: [{ version, topic: "device.elt.dealer.assigned", data: { dealer: { dealerId } } }],
    });
    expect(adoptDevice(device("D-9"), device("D-1"))).toEqual(device("D-1"));
    expect(adoptDevice(device("D-1"), device("D-9"))).toEqual(device("D-9"));
    expect(adoptRegister(at("Z"), at("A"))).toEqual(at("A"));
  });

  it("keeps what only the live state has, and what is newer in it", () => {
    const older = { version: "2026-11-23T09:00:00.000Z/a" as Version, value: "older" };
    const newer = { version: "2026-11-23T10:00:00.000Z/b" as Version, value: "newer" };
    expect(adoptRegister(newer, older)).toBe(newer);
    expect(adoptRegister(older, newer)).toBe(newer);
    expect(adoptRegister(undefined, older)).toBe(older);
  });
});

const shown = (device: Device): string => canonical({ ...EMPTY_FLEET, devices: new Map([[device.key, device]]) });

/** Whether two events of the same version have different content, so that the join goes by the content. */
function hasTies(live: Device, rebuilt: Device): boolean {
  const registers = (device: Device) => [
    ...Object.entries(device.aspects),
    ...[...device.alerts].flatMap(([id, alert]) =>
      Object.entries(alert).map(([name, register]) => [`${id} ${name}`, register] as const),
    ),
    ...[...device.assignments].map(([version, value]) => [version, { version, value }] as const),
    ...device.history.map(({ version, topic, data }) => [`${topic} ${version}`, { version, value: data }] as const),
  ];
  const known = new Map(registers(live) as [string, Register<unknown>][]);
  return (registers(rebuilt) as [string, Register<unknown>][]).some(([name, { version, value }]) => {
    const mine = known.get(name);
    return mine?.version === version && JSON.stringify(mine.value) !== JSON.stringify(value);
  });
}
