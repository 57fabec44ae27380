import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { desired as wish } from "../../../test/support/arbitraries.ts";
import type { DesiredState, StatusReport } from "./change.ts";
import { viewDesired } from "./device.ts";
import { viewTwin } from "./twin.ts";
import { toVersion } from "./version.ts";

const version = toVersion(Date.UTC(2026, 10, 23, 13), "evt");
const twin = (desired: DesiredState | null, report: StatusReport | null) =>
  viewTwin({
    desired: desired && { version, value: desired },
    report: report && { ...report, reportedAt: "2026-11-23T13:00:00.000Z" },
  });

describe("a device's twin", () => {
  it.each<[string, DesiredState | null, StatusReport | null, DesiredState | null]>([
    ["nothing is desired", null, { online: true, mode: "off" }, null],
    ["nothing is desired or known", null, null, null],
    ["the device does it all", { mode: "heat" }, { online: true, mode: "heat", heatSetpointC: 20 }, null],
    ["some of it is done", { mode: "heat", heatSetpointC: 21 }, { online: true, mode: "heat" }, { heatSetpointC: 21 }],
    ["another value is reported", { heatSetpointC: 21 }, { online: true, heatSetpointC: 20 }, { heatSetpointC: 21 }],
    ["the device never reported", { mode: "off" }, null, { mode: "off" }],
    ["all wishes were taken back", {}, { online: true, mode: "off" }, null],
  ])("has this delta when %s", (_, desired, report, delta) => {
    expect(twin(desired, report).delta).toEqual(delta);
  });

  it("has the version of the desired state, and of a report the settings that can be desired", () => {
    const report: StatusReport = {
      online: true,
      mode: "cool",
      indoorTemperatureC: 25,
      coolSetpointC: 24,
      equipment: [],
    };
    expect(twin({ mode: "cool" }, report)).toMatchObject({ version, reported: { mode: "cool", coolSetpointC: 24 } });
    expect(twin(null, null)).toEqual({
      version: null,
      desired: null,
      desiredAt: null,
      desiredBy: null,
      reported: null,
      delta: null,
    });
  });

  it("says when it was desired and by whom, and takes neither for something that is desired", () => {
    const register = { version, value: { mode: "heat", by: { role: "ops", subject: "bob" } } } as const;
    const { desired, desiredBy } = viewDesired(register);
    expect(desired).toEqual({ version, value: { mode: "heat" } });
    expect(desiredBy).toEqual({ role: "ops", subject: "bob" });
    expect(viewTwin({ desired, desiredBy: "bob", report: null })).toMatchObject({
      desiredAt: "2026-11-23T13:00:00.000Z",
      desiredBy: "bob",
      delta: { mode: "heat" },
    });
    expect(viewDesired(undefined)).toEqual({ desired: null, desiredBy: null });
  });

  it("has no delta once the device reports its delta, and not before", () => {
    fc.assert(
      fc.property(wish, wish, (desired, reported) => {
        const { delta } = twin(desired, { online: true, ...reported });
        expect(twin(desired, { online: true, ...reported, ...delta }).delta).toBeNull();
        expect(delta === null).toBe(
          Object.entries({ ...reported, ...desired }).every(([k, v]) => v === reported[k as keyof DesiredState]),
        );
      }),
    );
  });
});
