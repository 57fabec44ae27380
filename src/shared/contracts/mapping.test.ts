import { describe, expect, it } from "vitest";
import { eventIn, parse, record } from "../../../test/support/contract-records.ts";

describe("the mapping of each source", () => {
  const change = (topic: string, data: object = {}) => eventIn(parse(topic, record(topic, {}, data))).change;

  it.each([
    ["low", "info"],
    ["medium", "warning"],
    ["high", "critical"],
  ])("maps ecobee's severity %s to %s", (theirs, ours) => {
    expect(change("device.ecobee.alert.raised", { severity: theirs }).alert).toMatchObject({
      alertId: "5dfa1b0c2e3f4a5b",
      details: { code: "3140", severity: ours },
      progress: { kind: "raised" },
    });
  });

  it("opens an alert again whose acknowledgement is taken back", () => {
    const said = (acknowledgement: string) => change("device.ecobee.alert.acknowledged", { acknowledgement }).alert;
    expect(said("defer")?.acknowledgement).toEqual({ kind: "acknowledged", acknowledgement: "defer" });
    expect(said("unacknowledged")?.acknowledgement).toEqual({ kind: "unacknowledged" });
  });

  it("maps every way to acknowledge an alert to the same change", () => {
    const acknowledged = { kind: "acknowledged", acknowledgement: "accept" };
    for (const source of ["infinity", "elt", "ecobee"]) {
      expect(change(`device.${source}.alert.acknowledged`).alert).toMatchObject({ acknowledgement: acknowledged });
    }
  });

  it("lets a desired state have any settings, or none", () => {
    const wanted = (data: object) =>
      eventIn(parse("device.elt.twin.desired", { ...record("device.elt.twin.desired"), data })).change;
    expect(wanted({})).toEqual({ desired: {} });
    expect(wanted({ coolSetpointC: 24, colour: "red" })).toEqual({ desired: { coolSetpointC: 24 } });
  });

  it("splits a registration into the device and its customer", () => {
    const { registration, customer } = change("device.elt.registration.created");
    expect(registration).toMatchObject({ kind: "registered", serialNumber: "ELT45-00917" });
    expect(registration).not.toHaveProperty("customer");
    expect(customer).toMatchObject({ customerId: "C-2040" });
    expect(change("device.elt.registration.created", { customer: undefined })).not.toHaveProperty("customer");
  });

  it("removes a device from its dealer, and from service", () => {
    expect(change("device.infinity.dealer.unassigned")).toEqual({ dealer: null });
    expect(change("device.infinity.registration.removed", { reason: undefined })).toEqual({
      registration: { kind: "removed" },
    });
  });
});
