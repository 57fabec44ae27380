import { beforeEach, describe, expect, it, vi } from "vitest";
import { at, emptyTables, registered, seedAlerts, seedDealers, seedDevices, seedHistory, version } from "../seeds.ts";
import { D1, get } from "./device-requests.ts";
import { env } from "./support.ts";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyTables();
});

describe("a device", () => {
  it("is shown with its twin, its assignments and its alerts", async () => {
    await seedDealers({ dealerId: "D-1", name: "Arctic Air" });
    await seedDevices({
      key: "elt:1",
      aspects: {
        ...registered("S-1"),
        status: { version: version(5), value: { online: true, mode: "heat", heatSetpointC: 20 } },
        desired: { version: version(6), value: { mode: "heat", heatSetpointC: 22 } },
      },
      dealers: [
        [1, "D-1"],
        [3, null],
        [4, "D-2"],
      ],
      customerId: "C-1",
      updated: 6,
    });
    await seedAlerts(
      { deviceKey: "elt:1", alertId: "a-1", raised: 2 },
      { deviceKey: "elt:1", alertId: "a-2", raised: 1, cleared: 3, severity: "critical" },
      { deviceKey: "elt:2", alertId: "a-3", raised: 1 },
    );
    const { body } = await get("/elt:1");
    expect(body).toMatchObject({
      key: "elt:1",
      source: "elt",
      deviceId: "1",
      status: "ONLINE",
      model: "M-1",
      serialNumber: "S-1",
      name: null,
      dealerId: "D-2",
      customerId: "C-1",
      updatedAt: at(6),
      report: { online: true, mode: "heat", heatSetpointC: 20, reportedAt: at(5) },
      twin: {
        version: version(6),
        desired: { mode: "heat", heatSetpointC: 22 },
        reported: { mode: "heat", heatSetpointC: 20 },
        delta: { heatSetpointC: 22 },
      },
      assignments: [
        { dealerId: "D-1", dealerName: "Arctic Air", from: at(1), to: at(3) },
        { dealerId: null, dealerName: null, from: at(3), to: at(4) },
        { dealerId: "D-2", dealerName: null, from: at(4), to: null },
      ],
      counts: { alerts: 2, openAlerts: 1, assignments: 3 },
    });
    expect(body.alerts).toEqual([
      expect.objectContaining({ alertId: "a-1", state: "OPEN", severity: "warning", raisedAt: at(2), clearedAt: null }),
      expect.objectContaining({ alertId: "a-2", state: "CLEARED", raisedAt: at(1), clearedAt: at(3) }),
    ]);
  });

  it("has its dealer's name from the sources that share a register with its own", async () => {
    await seedDealers({ dealerId: "D-1", name: "Arctic Air", source: "infinity" });
    await seedDevices({ key: "elt:1", dealers: D1 });
    const nameIn = async (its: typeof env) => (await get("/elt:1", { its })).body.assignments[0].dealerName;
    expect(await nameIn(env)).toBeNull();
    expect(await nameIn({ ...env, SHARED_REGISTERS: "infinity+elt" })).toBe("Arctic Air");
  });

  it.each(["/elt:none", "/elt:none/events", "/elt:none/live", "/nonsense", "/nonsense/live"])(
    "is 404 if there is none with that key: %s",
    async (path) => {
      const { status, body } = await get(path);
      expect([status, body.error.code]).toEqual([404, "not_found"]);
    },
  );

  it.each(["/elt:1?unmask=why", "/elt:1/events?first=x", "/elt:1/events?after=x", "/elt:1/live?after=x"])(
    "refuses an unknown or malformed parameter: %s",
    async (path) => {
      await seedDevices({ key: "elt:1" });
      expect((await get(path)).body.error.code).toBe("invalid_parameter");
    },
  );

  it("lists its events newest first, in pages", async () => {
    await seedDevices({ key: "elt:told" });
    await seedHistory("elt:told", 1, 2, 3, 4, 5);
    const first = (await get("/elt:told/events?first=2")).body;
    expect(first.events.map(({ eventId }: { eventId: string }) => eventId)).toEqual(["evt-5", "evt-4"]);
    expect(first.events[0]).toEqual({
      eventId: "evt-5",
      topic: "device.elt.status.reported",
      occurredAt: at(5),
      data: { online: true, "•••1": "••• number" },
    });
    const second = (await get(`/elt:told/events?first=3&after=${first.nextCursor}`)).body;
    expect(second.events.map(({ occurredAt }: { occurredAt: string }) => occurredAt)).toEqual([at(3), at(2), at(1)]);
    expect(second.nextCursor).toBeNull();
  });
});
