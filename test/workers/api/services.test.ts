import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { connectConcord } from "#services/connect.ts";
import { OWN, seedWorld } from "./list-world.ts";
import { AlertsService, CustomersService, DealersService, DevicesService } from "./main.ts";
import { at, env, version } from "./support.ts";

describe("a Worker that binds to the services", () => {
  beforeAll(seedWorld);

  const bound = <T>(Service: new (context: ExecutionContext, its: typeof env) => T) =>
    new Service(createExecutionContext(), env);
  const call = { scope: OWN };

  it("pages through lists with the cursors of their answers", async () => {
    const devices = bound(DevicesService);
    const listing = { filter: { status: "REGISTERED" }, order: { field: "UPDATED", direction: "DESC" } } as const;
    const { value: first } = await devices.list(call, { first: 1 }, listing);
    const { value: rest } = await devices.list(call, { first: 9, after: first.pageInfo.endCursor }, listing);
    expect([...first.edges, ...rest.edges].map(({ node }) => node.key)).toEqual(["ecobee:1", "elt:6"]);
    const { value: history } = await devices.history(call, "elt:6", { last: 1 }, { occurred: { from: at(2) } });
    expect(history.edges.map(({ node }) => node.version)).toEqual([version(5)]);
  });

  it("counts devices and reads statistics", async () => {
    const [dealers, customers, alerts] = [bound(DealersService), bound(CustomersService), bound(AlertsService)];
    expect((await bound(DevicesService).count(call, { source: "elt" })).value).toBe(4);
    expect((await bound(DevicesService).count(call, { source: "elt", keyPrefix: "elt:1" })).value).toBe(1);
    expect((await bound(DevicesService).count(call, { source: "elt", keyPrefix: "e" })).value).toBe(4);
    expect((await bound(DevicesService).count(call, { source: "elt", keyPrefix: "ecobee:" })).value).toBe(0);
    expect((await alerts.count(call, { state: "OPEN" })).value).toBe(3);
    expect((await dealers.count(call)).value).toBe(1);
    expect((await customers.count(call, { namePrefix: "A" })).value).toBe(2);
    expect((await alerts.list(call, { last: 1 })).value.edges[0]?.node).toMatchObject({
      alertId: "a-1",
      severity: "critical",
    });
    expect((await dealers.list(call, {})).value.edges[0]?.node.dealerId).toBe("D-1");
    expect((await customers.list(call, { first: 1 })).value.edges[0]?.node.customerId).toBe("C-1");
    expect((await dealers.statistics(call, ["D-1", "D-2"])).value.get("D-1")?.devices).toBe(7);
  });

  it("carries its scope and what it has seen from call to call when it connects to them", async () => {
    const concord = connectConcord({ DEVICES: bound(DevicesService), DEALERS: bound(DealersService) }, call);
    expect(concord.consistencyToken).toBeNull();
    const [device] = await concord.devices.find(["elt:6"]);
    const first = concord.consistencyToken ?? "";
    expect([device?.key, first]).toEqual(["elt:6", expect.stringMatching(/^[0-9a-f-]{59}$/)]);
    expect((await concord.dealers.list({})).edges.map(({ node }) => node.dealerId)).toEqual(["D-1"]);
    expect((concord.consistencyToken ?? "") >= first).toBe(true);
    const later = connectConcord({ DEVICES: bound(DevicesService) }, { ...call, consistency: "made up" });
    await expect(later.devices.find(["elt:6"])).rejects.toThrow("is not a consistency token");
  });

  it("that asks for the same twice gets it as if it had asked once", async () => {
    const [dealers, devices] = [bound(DealersService), bound(DevicesService)];
    expect((await dealers.statistics(call, ["D-1", "D-1"])).value).toEqual(
      (await dealers.statistics(call, ["D-1"])).value,
    );
    expect((await devices.assignments(call, ["elt:6", "elt:6"], {})).value).toEqual(
      (await devices.assignments(call, ["elt:6"], {})).value,
    );
  });

  it("gets a RangeError that names the problem of its page", async () => {
    await expect(bound(DealersService).list(call, { first: 1.5 })).rejects.toThrow(RangeError);
    await expect(bound(AlertsService).list(call, { after: "x" })).rejects.toThrow("`after` is not a cursor");
  });
});
