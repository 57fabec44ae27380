import { describe, expect, it } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import type { Topic } from "#contracts/produce.ts";
import { SOURCES } from "#domain/event.ts";
import { aFleet } from "./a-fleet.ts";
import { aDevice, anEvent, canSay, LATER_MS } from "./builders.ts";
import { FakeConcord } from "./fake-concord.ts";

const OPS = { scope: { role: "ops" } } as const;

describe("an event", () => {
  it.each(CONTRACTS.map(({ topic }) => [topic as Topic]))("of %s is built from its contract's example", (topic) => {
    expect(anEvent(topic)).toEqual(anEvent(topic));
    expect(anEvent(topic)).toMatchObject({ topic, timestampMs: LATER_MS });
  });

  it("has what the test says, in place of the example's", () => {
    const { event } = anEvent("device.elt.status.reported", { deviceId: "7", data: { online: false } });
    expect(event).toMatchObject({ deviceKey: "elt:7", data: { online: false, mode: "cool" } });
    const moment = "2126-01-01T00:00:00.000000001Z";
    expect(anEvent("device.elt.status.reported", { occurredAt: moment }).value).toContain(moment);
  });

  it("of a topic or data that there is not does not compile", () => {
    // @ts-expect-error no such topic
    expect(() => anEvent("device.elt.status.gone")).toThrow("No contract for topic");
    // @ts-expect-error no such value
    expect(() => anEvent("device.elt.status.reported", { data: { mode: "cold" } })).toThrow("data.mode");
  });
});

/** A source may have fewer topics than these have. */
const WHOLE = SOURCES.filter((source) => !Object.values(canSay(source)).includes(false));

describe("a device", () => {
  it("is tried of the sources that have all topics", () => {
    expect(WHOLE).toEqual(expect.arrayContaining(["infinity", "elt", "ecobee"]));
  });

  it.each(WHOLE.map((source) => [source]))("of %s is read as the test says", async (source) => {
    const key = `${source}:t-1` as const;
    const records = aDevice({
      key,
      registered: { serialNumber: "S-1" },
      dealer: ["D-1", null, { dealerId: "D-2", name: "Arctic" }],
      customer: "C-1",
      profile: { name: "Hall" },
      status: true,
      desired: { mode: "heat" },
      alerts: [
        { alertId: "A-1", severity: "critical" },
        { alertId: "A-2", state: "ACKNOWLEDGED" },
        { alertId: "A-3", state: "CLEARED" },
      ],
    });
    const { DEVICES, ALERTS, DEALERS } = new FakeConcord({ records }).bindings;
    expect((await DEVICES.find(OPS, [key])).value).toMatchObject([
      {
        status: "ONLINE",
        serialNumber: "S-1",
        name: "Hall",
        dealerId: "D-2",
        customerId: "C-1",
        desired: { value: { mode: "heat" } },
      },
    ]);
    const alerts = (await ALERTS.list(OPS, {})).value.edges.map(({ node }) => [
      node.alertId,
      node.state,
      node.severity,
    ]);
    expect(alerts).toEqual([
      ["A-3", "CLEARED", "warning"],
      ["A-2", "ACKNOWLEDGED", "warning"],
      ["A-1", "OPEN", "critical"],
    ]);
    const { value } = await DEVICES.assignments(OPS, [key], {});
    expect(value.get(key)?.edges.map(({ node }) => node.dealerId)).toEqual(["D-1", null, "D-2"]);
    expect((await DEALERS.find(OPS, ["D-2"])).value).toMatchObject([{ name: "Arctic", source }]);
  });

  it("of which nothing is said is registered, and nothing else", async () => {
    const registering = SOURCES.filter((source) => canSay(source).registered);
    const records = registering.flatMap((source) => aDevice({ key: `${source}:1` }));
    const { DEVICES } = new FakeConcord({ records }).bindings;
    for (const { node } of (await DEVICES.list(OPS, {})).value.edges)
      expect(node).toMatchObject({ status: "REGISTERED", dealerId: null, customerId: null, report: null, name: null });
    expect(aDevice().map(({ topic, key }) => [topic, key])).toEqual([["device.elt.registration.created", "1"]]);
    expect(aDevice({ registered: false })).toEqual([]);
  });
});

describe("a fleet", () => {
  it("is the same for the same seed, and another for another one", async () => {
    expect(aFleet({ seed: 7 })).toEqual(aFleet({ seed: 7 }));
    expect(aFleet({ seed: 7 })).not.toEqual(aFleet({ seed: 8 }));
    const { DEVICES, ALERTS } = new FakeConcord({ records: aFleet({ devices: 50 }) }).bindings;
    expect((await DEVICES.count(OPS)).value).toBe(50);
    for (const status of ["REGISTERED", "ONLINE", "OFFLINE"] as const)
      expect((await DEVICES.count(OPS, { status })).value).toBeGreaterThan(0);
    for (const state of ["OPEN", "ACKNOWLEDGED", "CLEARED"] as const)
      expect((await ALERTS.count(OPS, { state })).value).toBeGreaterThan(0);
  });
});
