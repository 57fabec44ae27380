import { describe, expect, it } from "vitest";
import type { Profile, Registration, StatusReport } from "./change.ts";
import { type Aspects, type Device, joinDevices, viewDevice } from "./device.ts";
import type { Moment } from "./time.ts";
import { toVersion } from "./version.ts";

const version = toVersion(Date.UTC(2026, 10, 23, 13), "evt");
const at = <T>(value: T) => ({ version, value });
const view = (aspects: Aspects) => viewDevice({ aspects, latest: version });

const registered: Registration = {
  kind: "registered",
  model: "M1",
  serialNumber: "S1",
  firmware: "1.0",
  registeredAt: "2026-03-02T09:15:00.000Z" as Moment,
  location: { country: "US" },
};
const removed: Registration = { kind: "removed" };
const on: StatusReport = { online: true };
const off: StatusReport = { online: false };

describe("viewDevice", () => {
  it.each([
    ["nothing", undefined, undefined, "UNREGISTERED"],
    ["a registration", registered, undefined, "REGISTERED"],
    ["a registration and an online report", registered, on, "ONLINE"],
    ["a registration and an offline report", registered, off, "OFFLINE"],
    ["an online report alone", undefined, on, "ONLINE"],
    ["an offline report alone", undefined, off, "OFFLINE"],
    ["a removal", removed, undefined, "RETIRED"],
    ["a removal and an online report", removed, on, "RETIRED"],
    ["a removal and an offline report", removed, off, "RETIRED"],
  ] as const)("of whom we know %s is its status", (_, registration, status, expected) => {
    const aspects = {
      ...(registration && { registration: at(registration) }),
      ...(status && { status: at(status) }),
    };
    expect(view(aspects).status).toBe(expected);
  });

  it("takes a value from the profile, or else from the registration", () => {
    const profile: Profile = { name: "Cold store", firmware: "2.0", location: { country: "CA" } };
    const both = view({ registration: at(registered), profile: at(profile) });
    expect(both).toMatchObject({ name: "Cold store", model: "M1", firmware: "2.0", location: { country: "CA" } });
    expect(view({ registration: at(registered) })).toMatchObject({
      name: null,
      model: "M1",
      firmware: "1.0",
      location: { country: "US" },
      features: [],
    });
  });

  it("has no report until the device has sent one, and then its time", () => {
    expect(view({}).report).toBeNull();
    expect(view({ status: at(on) }).report).toEqual({ online: true, reportedAt: "2026-11-23T13:00:00.000Z" });
  });

  it("has no desired state until one is set, and then the version that set it", () => {
    expect(view({}).desired).toBeNull();
    expect(view({ desired: at({ mode: "heat" }) }).desired).toEqual({ version, value: { mode: "heat" } });
  });

  it("has no dealer before one is assigned and after it was removed", () => {
    expect(view({}).dealerId).toBeNull();
    expect(view({ dealer: at({ dealerId: "D" }) }).dealerId).toBe("D");
    expect(view({ dealer: at({ dealerId: null }) }).dealerId).toBeNull();
  });
});

describe("the join of devices", () => {
  it("takes the later version even if nothing else changes", () => {
    const early: Device = {
      key: "elt:1",
      latest: version,
      aspects: {},
      alerts: new Map(),
      assignments: new Map(),
      history: [],
    };
    const late: Device = { ...early, latest: toVersion(Date.UTC(2026, 10, 24), "evt") };
    expect(joinDevices(early, late).latest).toBe(late.latest);
    expect(joinDevices(late, early)).toBe(late);
  });
});
