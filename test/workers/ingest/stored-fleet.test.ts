import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Device } from "#domain/device.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { EMPTY_FLEET, merge } from "#domain/fleet.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { type StoredDevice, StoredFleetRepository } from "#repositories/stored-fleet.ts";
import { StoredFleetWrites } from "#repositories/stored-fleet-writes.ts";
import { LiveCounts } from "../../../workers/archive/repositories/live-counts.ts";
import { eventOf } from "../../support/records.ts";

const { DB } = env as unknown as { DB: D1Database };
const fleet = new FleetRepository(DB);
const stored = new StoredFleetRepository(DB);
const writes = new StoredFleetWrites(DB);

const KEY = "elt:T-1" as DeviceKey;
const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
const event = (topic: string, minute: number, data?: unknown) =>
  eventOf({ topic: `device.elt.${topic}`, deviceId: "T-1", occurredAt: at(minute), data });

const HISTORY: ConcordEvent[] = [
  event("registration.created", 1),
  event("dealer.assigned", 2, { dealer: { dealerId: "D-1", name: "Arctic Air" } }),
  event("customer.assigned", 3, { customer: { customerId: "C-1", name: "Ada Lovelace" } }),
  event("profile.updated", 4, { name: "Hall" }),
  event("status.reported", 5, { online: true, indoorTemperatureC: 20 }),
  event("alert.raised", 6, { alertId: "A-1", code: "E-1", severity: "critical", text: "It is wrong." }),
  event("alert.raised", 7, { alertId: "A-2", code: "E-2", severity: "info", text: "It is wrong." }),
  event("alert.cleared", 8, { alertId: "A-2" }),
];

const right = merge(EMPTY_FLEET, HISTORY).fleet.devices.get(KEY) as Device;
const read = async (): Promise<StoredDevice> => (await stored.findDevices([KEY])).get(KEY) as StoredDevice;
const differingCounts = async () => {
  const { pairs } = await new LiveCounts(DB).read("D-1");
  return pairs?.filter(({ kept, counted }) => kept !== counted);
};
const sql = (text: string) => DB.prepare(text).run();

beforeEach(async () => {
  await writes.removeDevices([KEY]);
  while (!(await writes.removeOthers(100)));
  await fleet.merge(HISTORY);
});

describe("rows of a device that are replaced", () => {
  it("are what they were if nothing was wrong, and no row is written", async () => {
    const before = await read();
    expect(await writes.replaceDevice(before, right)).toBe(true);
    expect(await read()).toEqual(before);
  });

  it.each([
    ["a lost row", "DELETE FROM devices WHERE key = 'elt:T-1'"],
    ["a lost alert", "DELETE FROM alerts WHERE alert_id = 'A-1'"],
    ["a column that does not follow from its state", "UPDATE devices SET status = 'OFFLINE', dealer_id = 'D-9'"],
    ["an alert whose end was ignored", "UPDATE alerts SET alert = json_remove(alert, '$.progress'), state = 'OPEN'"],
    ["a lost aspect", "UPDATE devices SET aspects = json_remove(aspects, '$.profile')"],
    ["another dealer", "UPDATE assignments SET dealer_id = 'D-9'"],
    ["a wrong search text", "UPDATE device_texts SET name = 'Cellar'"],
    ["a lost search text", "DELETE FROM device_texts"],
  ])("come back from %s, and the counts and the search follow", async (_, fault) => {
    const before = withoutRevisions(await read());
    await sql(fault);
    const found = await read();
    expect(withoutRevisions(found)).not.toEqual(before);
    expect(await writes.replaceDevice(found, right)).toBe(true);
    expect(withoutRevisions(await read())).toEqual(before);
    expect(await differingCounts()).toEqual([]);
  });

  it("keep what a consumer writes meanwhile", async () => {
    const before = await read();
    await sql("UPDATE devices SET status = 'OFFLINE'");
    const found = await read();
    await fleet.merge([event("status.reported", 9, { online: false })]);
    expect(await writes.replaceDevice(found, right)).toBe(false);
    expect((await read()).row?.latest).not.toBe(before.row?.latest);
    await sql("DELETE FROM alerts WHERE alert_id = 'A-1'");
    const lost = await read();
    await fleet.merge(HISTORY);
    const adopted = { ...right, aspects: lost.row?.aspects ?? {}, latest: lost.row?.latest ?? right.latest };
    expect(await writes.replaceDevice(lost, adopted)).toBe(false);
  });
});

describe("records of parties that are replaced", () => {
  it("come back, unless they were written meanwhile", async () => {
    const [party] = await stored.partiesAfter("customer", ["", ""], 10);
    if (!party) throw new Error("no customer");
    await sql(
      "UPDATE customer_records SET value = json_set(value, '$.name', 'Eve'), name = 'Eve' WHERE customer_id = 'C-1'",
    );
    const [wrong] = await stored.partiesAfter("customer", ["", ""], 10);
    expect(await writes.replaceParty("customer", party, wrong ?? null, party)).toBe(true);
    expect((await stored.partiesAfter("customer", ["", ""], 10))[0]).toEqual(party);
    expect(await writes.replaceParty("customer", party, null, party)).toBe(false);
    expect(await writes.replaceParty("customer", party, { ...party, version: right.latest }, party)).toBe(false);
    await sql("DELETE FROM customer_records");
    expect(await writes.replaceParty("customer", party, null, party)).toBe(true);
    expect(await stored.findParties("customer", [party.key])).toEqual(new Map([[party.key, party]]));
  });
});

describe("kept counts", () => {
  it("are compared with counting, and counted again from nothing", async () => {
    expect(await differingCounts()).toEqual([]);
    await sql("UPDATE device_counts SET devices = devices + 3 WHERE devices > 0");
    await sql("DELETE FROM open_alert_counts");
    expect(await differingCounts()).toEqual([
      { kind: "deviceCount", group: "dealer D-1, elt ONLINE", kept: 4, counted: 1 },
      { kind: "alertCount", group: "dealer D-1, elt critical raised under D-1", kept: 0, counted: 1 },
    ]);
    await writes.forgetCounts();
    expect(await new LiveCounts(DB).areFilled()).toBe(false);
    expect(await writes.countSome()).toBe(true);
    expect(await differingCounts()).toEqual([]);
  });
});

it("a database that is emptied has no row of the fleet left, and counts none", async () => {
  expect(await stored.isEmpty()).toBe(false);
  await writes.removeDevices(await stored.keysAfter("", 100));
  while (!(await writes.removeOthers(1)));
  expect(await stored.isEmpty()).toBe(true);
  for (const table of ["device_counts", "open_alert_counts", "device_texts", "assignments"]) {
    expect(await DB.prepare(`SELECT count(*) AS n FROM ${table}`).first("n")).toBe(0);
  }
  expect(await differingCounts()).toEqual([]);
});

const withoutRevisions = ({ row, alerts, ...rest }: StoredDevice) => ({
  ...rest,
  row: row && { ...row, revision: 0 },
  alerts: alerts.map((alert) => ({ ...alert, revision: 0 })),
});
