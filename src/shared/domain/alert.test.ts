import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventOf, START_MS } from "../../../test/support/arbitraries.ts";
import { type Alert, viewAlert } from "./alert.ts";
import type { AlertDetails, AlertProgress } from "./change.ts";
import { EMPTY_FLEET, merge } from "./fleet.ts";

const details: AlertDetails = { code: "FLT-178", severity: "critical", text: "Indoor unit does not answer" };

const at = (second: number, progress: AlertProgress, more?: AlertDetails) =>
  eventOf({
    occurredAtMs: START_MS + second * 1000,
    eventId: `evt-${second}`,
    change: { alert: { alertId: "A", progress, ...(more && { details: more }) } },
  });

const raised = at(1, { kind: "raised" }, details);
const acknowledged = at(2, { kind: "acknowledged", acknowledgement: "accept" });
const cleared = at(3, { kind: "cleared" });

const seen = (events: readonly (typeof raised)[]) => {
  const device = [...merge(EMPTY_FLEET, events).fleet.devices.values()][0];
  return viewAlert(device?.alerts.get("A") as Alert);
};

describe("an alert", () => {
  it("reads the same in whatever order its events come, a clear before its raise included", () => {
    const orders = fc.shuffledSubarray([raised, acknowledged, cleared, raised], { minLength: 4 });
    fc.assert(
      fc.property(orders, (events) => {
        expect(seen(events)).toEqual({
          ...details,
          state: "CLEARED",
          raisedAt: "2026-11-23T13:00:01.000Z",
          clearedAt: "2026-11-23T13:00:03.000Z",
        });
      }),
    );
  });

  it("that is only known by its clearing has no particulars yet", () => {
    expect(seen([cleared])).toEqual({
      code: null,
      severity: null,
      text: null,
      state: "CLEARED",
      raisedAt: null,
      clearedAt: "2026-11-23T13:00:03.000Z",
    });
  });

  it.each([
    ["raised", [raised], "OPEN"],
    ["acknowledged", [acknowledged, raised], "ACKNOWLEDGED"],
    ["raised anew after its clearing", [cleared, at(4, { kind: "raised" }, details), raised], "OPEN"],
    ["cleared before it was answered", [cleared, acknowledged], "CLEARED"],
  ] as const)("that was %s is %s", (_, events, state) => {
    expect(seen(events).state).toBe(state);
    expect(seen(events).clearedAt === null).toBe(state !== "CLEARED");
  });

  it("was raised when its details say so, else when its event occurred", () => {
    const told = at(1, { kind: "raised" }, { ...details, raisedAt: "2026-11-23T12:58:30.000Z" });
    expect(seen([told]).raisedAt).toBe("2026-11-23T12:58:30.000Z");
    expect(seen([raised]).raisedAt).toBe("2026-11-23T13:00:01.000Z");
  });
});
