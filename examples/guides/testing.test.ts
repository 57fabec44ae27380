import { connectConcord, isOutage } from "concord-sdk/services";
import { aDevice, aFleet, anEvent, edgeEvents, FakeConcord } from "concord-sdk/testing";
import { expect, it } from "vitest";

/* The code of docs/testing.md. scripts/guides.test.ts compares the two. */

it("asks a Worker for what it needs, and looks at what it asked", async () => {
  const concord = new FakeConcord({
    records: aDevice({ key: "ecobee:t-1", dealer: "D-7", alerts: [{ alertId: "A-1", severity: "critical" }] }),
  });
  const { alerts } = connectConcord(concord.bindings, { scope: { role: "dealer", dealerIds: ["D-7"] } });
  const page = await alerts.list({ first: 10 }, { state: "OPEN" });
  expect(page.edges.map(({ node }) => node.alertId)).toEqual(["A-1"]);
  expect(concord.calls.map(({ method }) => method)).toEqual(["ALERTS.list"]);
});

it("hands a device over, and the former dealer sees it no longer", async () => {
  const concord = new FakeConcord({ records: aDevice({ key: "elt:1", dealer: ["D-1", "D-2"] }) });
  const seenBy = (dealerId: string) =>
    connectConcord(concord.bindings, { scope: { role: "dealer", dealerIds: [dealerId] } }).devices.find(["elt:1"]);
  expect(await seenBy("D-1")).toEqual([]);
  expect(await seenBy("D-2")).toMatchObject([{ key: "elt:1" }]);
});

it("delivers what arrives later, in any order and twice", async () => {
  const concord = new FakeConcord({ records: aFleet({ devices: 5, seed: 7 }) });
  const offline = anEvent("device.elt.status.reported", { deviceId: "1", data: { online: false } });
  expect(concord.deliver([offline, offline]).map(({ outcome }) => outcome)).toEqual(["applied", "duplicate"]);
});

it("writes, and reads its own write while the replica lags behind", async () => {
  const concord = new FakeConcord({ records: aDevice({ key: "elt:1", dealer: "D-1" }) });
  concord.fleet.holdReplica();
  const mine = connectConcord(concord.bindings, { scope: { role: "ops" } });
  const set = await mine.devices.setDesired({ key: "elt:1", desired: { mode: "heat" }, expectedVersion: null });
  expect(set.kind).toBe("set");
  expect((await mine.devices.find(["elt:1"]))[0]?.desired?.value).toEqual({ mode: "heat" });
  const again = await mine.devices.setDesired({ key: "elt:1", desired: { mode: "off" }, expectedVersion: null });
  expect(again.kind).toBe("conflict");
});

it("meets an outage, an answer that was lost, and one that does not come", async () => {
  const concord = new FakeConcord({ records: aDevice({ key: "elt:1", alerts: [{ alertId: "A-1" }] }) });
  const { devices, alerts } = connectConcord(concord.bindings, { scope: { role: "ops" } });

  concord.fail("DEVICES.find", { times: 1 });
  expect(isOutage(await devices.find(["elt:1"]).catch((thrown: unknown) => thrown))).toBe(true);

  concord.fail("ALERTS.acknowledge", { times: 1, when: "after" });
  await expect(alerts.acknowledge({ deviceKey: "elt:1", alertId: "A-1" })).rejects.toThrow();
  expect(await alerts.acknowledge({ deviceKey: "elt:1", alertId: "A-1" })).toMatchObject({ outcome: "unchanged" });

  concord.hang("DEVICES");
  const waiting = devices.count();
  concord.recover();
  expect(await waiting).toBe(1);
});

it.each(edgeEvents("device.elt.status.reported"))("reads a report in which $about", ({ record }) => {
  expect(record.event.change.status?.online).toEqual(expect.any(Boolean));
});
