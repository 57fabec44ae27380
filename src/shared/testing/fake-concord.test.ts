import { describe, expect, it } from "vitest";
import { isOutage } from "#repositories/fault.ts";
import { connectConcord } from "#services/connect.ts";
import { aDevice, anEvent } from "./builders.ts";
import { FakeConcord } from "./fake-concord.ts";
import { outage } from "./faults.ts";

const key = "elt:1";
const own = { scope: { role: "dealer", dealerIds: ["D-1"] } } as const;
const ops = { scope: { role: "ops" } } as const;
const world = () => new FakeConcord({ records: aDevice({ dealer: "D-1", alerts: [{ alertId: "A" }] }) });

describe("a fake of Concord", () => {
  it("takes records as they come, and says what became of each", () => {
    const record = anEvent("device.elt.status.reported", { deviceId: "1" });
    const bad = { topic: "device.elt.status.reported", value: "{}" };
    const said = world().deliver([
      record,
      record,
      bad,
      anEvent("device.elt.status.reported", { deviceId: "1", occurredAt: "2126-01-01T00:00:00Z" }),
    ]);
    expect(said.map(({ outcome }) => outcome)).toEqual(["applied", "duplicate", "deadLettered", "deadLettered"]);
    expect(said[3]).toMatchObject({ rejection: { reason: "clock_skew" } });
  });

  it("refuses a fleet with a record that no contract accepts", () => {
    expect(() => new FakeConcord({ records: [{ topic: "device.elt.x.y", value: "{}" }] })).toThrow("unknown_topic");
  });

  it("records every call with its arguments as they were", async () => {
    const concord = world();
    const keys = [key] as `elt:${string}`[];
    await concord.bindings.DEVICES.find(own, keys);
    await concord.bindings.ALERTS.list(own, { first: -1 }).catch(() => undefined);
    keys.push("elt:2");
    expect(concord.calls).toEqual([
      { method: "DEVICES.find", call: own, args: [["elt:1"]] },
      { method: "ALERTS.list", call: own, args: [{ first: -1 }] },
    ]);
  });

  it("answers with copies, so that a test cannot change its fleet", async () => {
    const { DEVICES } = world().bindings;
    const [device] = (await DEVICES.find(ops, [key])).value;
    Object.assign(device as object, { status: "RETIRED" });
    expect((await DEVICES.find(ops, [key])).value[0]?.status).toBe("REGISTERED");
  });

  it("takes no argument that could not cross a service binding", async () => {
    await expect(world().bindings.DEVICES.find(ops, [() => key] as never)).rejects.toThrow("could not be cloned");
  });

  it("is connected to like the real one, and lets a Worker read its own writes while the replica lags behind", async () => {
    const concord = world();
    concord.fleet.holdReplica();
    const mine = connectConcord(concord.bindings, own);
    const { kind } = await mine.devices.setDesired({ key, desired: { mode: "heat" }, expectedVersion: null });
    expect(kind).toBe("set");
    expect((await mine.devices.find([key]))[0]?.desired?.value).toEqual({ mode: "heat" });
    const other = connectConcord(concord.bindings, own);
    expect((await other.devices.find([key]))[0]?.desired).toBeNull();
    expect(
      (await connectConcord(concord.bindings, { ...own, consistency: "strong" }).devices.find([key]))[0]?.desired,
    ).not.toBeNull();
    concord.fleet.releaseReplica();
    expect((await other.devices.find([key]))[0]?.desired?.value).toEqual({ mode: "heat" });
    expect(await mine.devices.setDesired({ key, desired: { mode: "off" }, expectedVersion: null })).toMatchObject({
      kind: "conflict",
      device: { desired: { value: { mode: "heat" } } },
    });
  });
});

describe("a fault", () => {
  it("makes calls fail as an outage does, as often as the test says", async () => {
    const concord = world();
    const { DEVICES, ALERTS } = concord.bindings;
    concord.fail("DEVICES.find", { times: 2 });
    for (let i = 0; i < 2; i++) {
      expect(isOutage(await DEVICES.find(ops, [key]).catch((thrown: unknown) => thrown))).toBe(true);
    }
    expect((await DEVICES.find(ops, [key])).value).toHaveLength(1);
    concord.fail("ALERTS", { error: new Error("as the test says") });
    await expect(ALERTS.count(ops)).rejects.toThrow("as the test says");
    expect((await DEVICES.count(ops)).value).toBe(1);
    concord.fail();
    await expect(DEVICES.count(ops)).rejects.toThrow(outage().message);
    concord.recover();
    expect((await ALERTS.count(ops)).value).toBe(1);
  });

  it("may lose the answer of a call that was carried out", async () => {
    const concord = world();
    concord.fail("ALERTS.acknowledge", { when: "after", times: 1 });
    const alert = { deviceKey: key, alertId: "A" } as const;
    await expect(concord.bindings.ALERTS.acknowledge(own, alert)).rejects.toThrow();
    expect((await concord.bindings.ALERTS.acknowledge(own, alert)).value).toMatchObject({ outcome: "unchanged" });
  });

  it("may let calls wait, for a caller with a deadline", async () => {
    const concord = world();
    concord.hang("DEVICES.find");
    const waiting = concord.bindings.DEVICES.find(ops, [key]).then(() => "answered");
    const deadline = new Promise((resolve) => setTimeout(resolve, 5, "too late"));
    expect(await Promise.race([waiting, deadline])).toBe("too late");
    concord.recover();
    expect(await waiting).toBe("answered");
  });
});

// Each of these must fail to compile; they are not run.
export const wrongCalls = () => {
  const concord = world();
  // @ts-expect-error a call without a scope
  concord.bindings.DEVICES.find({}, [key]);
  // @ts-expect-error no such source
  concord.bindings.DEVICES.find(ops, ["nobody:1"]);
  // @ts-expect-error no such status
  concord.bindings.DEVICES.count(ops, { status: "BROKEN" });
  // @ts-expect-error no such method
  concord.fail("DEVICES.acknowledge");
  // @ts-expect-error no such service
  concord.hang("METRICS");
};
