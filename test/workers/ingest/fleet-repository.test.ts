import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { eventOf } from "../../support/records.ts";

const { DB } = env as unknown as { DB: D1Database };
const fleet = new FleetRepository(DB);

let devices = 0;
const freshDevice = () => `fleet-${++devices}`;

const status = (
  deviceId: string,
  minute: number,
  data: object = { online: true, mode: "heat", indoorTemperatureC: minute },
) => eventOf({ topic: "device.elt.status.reported", deviceId, occurredAt: at(minute), data });
const assigned = (deviceId: string, minute: number, dealerId: string) =>
  eventOf({
    topic: "device.elt.dealer.assigned",
    deviceId,
    occurredAt: at(minute),
    data: { dealer: { dealerId, name: `Dealer ${dealerId}` } },
  });
const registered = (deviceId: string, minute: number) =>
  eventOf({ topic: "device.elt.registration.created", deviceId, occurredAt: at(minute) });
const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();

const row = (deviceId: string) =>
  DB.prepare("SELECT * FROM devices WHERE key = ?").bind(`elt:${deviceId}`).first<Record<string, string | number>>();

describe("the fleet in D1", () => {
  it("applies a first event, and writes nothing if it is delivered again", async () => {
    const event = status(freshDevice(), 1);
    expect((await fleet.merge([event])).outcomes).toEqual(["applied"]);
    expect(await fleet.merge([event])).toMatchObject({ outcomes: ["duplicate"], rowsWritten: 0 });
  });

  it("writes seven rows for a device never seen, and its entries and counts when it gets a dealer", async () => {
    const device = freshDevice();
    await fleet.merge([status(freshDevice(), 1)]);
    // The device, its status, its day, that nobody has it, where lists sort it by serial number and by registration
    // without having them, and the count of its kind.
    expect((await fleet.merge([status(device, 1)])).rowsWritten).toBe(7);
    await fleet.merge([assigned(freshDevice(), 1, "D-first")]);
    await fleet.merge([status(freshDevice(), 1)]);
    // The device, its entry by dealer, its assignment, the dealer's version, and the two counts that it goes between.
    expect((await fleet.merge([assigned(device, 2, "D-first")])).rowsWritten).toBe(6);
  });

  it("writes nothing for a superseded event", async () => {
    const device = freshDevice();
    await fleet.merge([status(device, 5)]);
    expect(await fleet.merge([status(device, 4)])).toMatchObject({ outcomes: ["superseded"], rowsWritten: 0 });
  });

  it("writes one row for a newer event with the same content, so that a late one from in between loses", async () => {
    const device = freshDevice();
    const same = { online: true, indoorTemperatureC: 20 };
    await fleet.merge([status(device, 1, same)]);
    expect(await fleet.merge([status(device, 9, same)])).toMatchObject({ outcomes: ["unchanged"], rowsWritten: 1 });
    expect((await fleet.merge([status(device, 5)])).outcomes).toEqual(["superseded"]);
  });

  it("writes one row for a report that changes no indexed column, and one more for each that does", async () => {
    const device = freshDevice();
    await fleet.merge([registered(device, 0), status(device, 1)]);
    expect((await fleet.merge([status(device, 2)])).rowsWritten).toBe(1);
    // The device, its status, and the two counts that it goes between.
    expect((await fleet.merge([status(device, 3, { online: false })])).rowsWritten).toBe(4);
    expect((await row(device))?.status).toBe("OFFLINE");
  });

  it("writes one more row for the first report of a day, and none for the others", async () => {
    const device = freshDevice();
    const day = 24 * 60;
    await fleet.merge([registered(device, 0), status(device, 1)]);
    expect((await row(device))?.updated_on).toBe("2026-11-01");
    expect((await fleet.merge([status(device, day, { online: true })])).rowsWritten).toBe(2);
    expect((await fleet.merge([status(device, day + 1, { online: true, humidityPct: 9 })])).rowsWritten).toBe(1);
    expect((await row(device))?.updated_on).toBe("2026-11-02");
    expect((await fleet.merge([status(device, 2)])).rowsWritten).toBe(0);
  });

  it("writes one more row when a device is registered, and none for later events", async () => {
    const device = freshDevice();
    await fleet.merge([status(device, 0)]);
    // The device, its registration's time, its serial number, its customer, that customer with a name, and what the device
    // is found by, with its key. SQLite does not count what the full-text index writes.
    expect((await fleet.merge([registered(device, 1)])).rowsWritten).toBeLessThanOrEqual(8);
    expect((await row(device))?.registered_at).toBe("2026-03-02T09:15:00.000Z");
    expect((await fleet.merge([status(device, 2)])).rowsWritten).toBe(1);
  });

  it("writes one row for an unchanged dealer, and one more if its details change", async () => {
    const [first, second, third] = [freshDevice(), freshDevice(), freshDevice()];
    const dealer = (device: string, minute: number, phone: string) =>
      eventOf({
        topic: "device.elt.dealer.assigned",
        deviceId: device,
        occurredAt: at(minute),
        data: { dealer: { dealerId: "D-named", name: "Named", phone } },
      });
    const costOf = async (event: ConcordEvent) => (await fleet.merge([event])).rowsWritten;
    const changing = dealer(third, 3, "2");
    const begun = await costOf(dealer(first, 1, "1"));
    const again = await costOf(dealer(second, 2, "1"));
    const changed = await costOf(changing);
    expect([begun - again, changed - again]).toEqual([1, 1]);
    const stored = await DB.prepare(
      "SELECT version, value, name FROM dealer_records WHERE dealer_id = 'D-named'",
    ).first();
    expect(stored).toMatchObject({ name: "Named", value: expect.stringContaining('"phone":"2"') });
    expect(await costOf(changing)).toBe(0);
  });

  it("writes one more row for an open alert, and none once it is closed", async () => {
    const device = freshDevice();
    await fleet.merge([status(device, 0)]);
    const raise = eventOf({ topic: "device.elt.alert.raised", deviceId: device, occurredAt: at(1) });
    const clear = eventOf({ topic: "device.elt.alert.cleared", deviceId: device, occurredAt: at(2) });
    // The device, the alert, its four indexes, and the count; then all of them but two of the indexes.
    expect((await fleet.merge([raise])).rowsWritten).toBe(7);
    expect((await fleet.merge([clear])).rowsWritten).toBe(5);
  });

  it("writes a device once for all its events in a batch", async () => {
    const device = freshDevice();
    await fleet.merge([status(device, 0)]);
    const reports = Array.from({ length: 50 }, (_, i) => status(device, i + 1));
    expect(await fleet.merge(reports)).toMatchObject({ rowsWritten: 1, outcomes: reports.map(() => "applied") });
  });

  it("stores a late assignment, because it changes the device's intervals", async () => {
    const device = freshDevice();
    await fleet.merge([assigned(device, 10, "D-1")]);
    expect((await fleet.merge([assigned(device, 5, "D-2")])).outcomes).toEqual(["applied"]);
    expect((await row(device))?.dealer_id).toBe("D-1");
    const kept = await DB.prepare("SELECT dealer_id FROM assignments WHERE device_key = ? ORDER BY version")
      .bind(`elt:${device}`)
      .all();
    expect(kept.results).toEqual([{ dealer_id: "D-2" }, { dealer_id: "D-1" }]);
  });

  it("closes an alert whose clear arrived before its raise", async () => {
    const device = freshDevice();
    const raise = eventOf({ topic: "device.elt.alert.raised", deviceId: device, occurredAt: at(1) });
    const clear = eventOf({ topic: "device.elt.alert.cleared", deviceId: device, occurredAt: at(2) });
    expect((await fleet.merge([clear])).outcomes).toEqual(["applied"]);
    expect((await fleet.merge([raise])).outcomes).toEqual(["applied"]);
    const alert = await DB.prepare("SELECT state, severity FROM alerts WHERE device_key = ?")
      .bind(`elt:${device}`)
      .first();
    expect(alert).toEqual({ state: "CLEARED", severity: "warning" });
    expect(await fleet.merge([raise, clear])).toMatchObject({ outcomes: ["duplicate", "duplicate"], rowsWritten: 0 });
  });

  it("loses no event when two consumers write the same devices at once", async () => {
    const names = Array.from({ length: 20 }, freshDevice);
    const streams = [0, 1, 2].map((stream) =>
      names.flatMap((device): ConcordEvent[] => [
        stream === 0 ? registered(device, 1) : stream === 1 ? status(device, 2) : assigned(device, 3, "D-9"),
        eventOf({ topic: "device.elt.alert.raised", deviceId: device, occurredAt: at(4 + stream) }),
      ]),
    );
    await Promise.all(streams.map((events) => fleet.merge(events)));
    for (const device of names) {
      const stored = await row(device);
      expect(Object.keys(JSON.parse(String(stored?.aspects))).sort()).toEqual([
        "customer",
        "dealer",
        "registration",
        "status",
      ]);
    }
    for (const events of streams) expect((await fleet.merge(events)).rowsWritten).toBe(0);
  });

  it("calls an alert applied even if its device's row lost to another consumer at first", async () => {
    for (let round = 0; round < 5; round++) {
      const deviceId = freshDevice();
      const raised = [1, 2].map((minute) =>
        eventOf({
          topic: "device.elt.alert.raised",
          deviceId,
          occurredAt: at(minute),
          data: { alertId: `a-${minute}`, code: "C", severity: "info", text: "x" },
        }),
      );
      const reports = await Promise.all(raised.map((event) => fleet.merge([event])));
      expect(reports.map(({ outcomes }) => outcomes)).toEqual([["applied"], ["applied"]]);
    }
  });

  it("breaks a tie between two details of a dealer like the domain, in either order", async () => {
    const tie = (name: string, device: string) =>
      eventOf({
        topic: "device.elt.dealer.assigned",
        eventId: "tie",
        deviceId: device,
        occurredAt: at(1),
        data: { dealer: { dealerId: `tie-${device.slice(-1)}`, name } },
      });
    await fleet.merge([tie("Älpha 😀", "x-1")]);
    await fleet.merge([tie("Älpha ﬁ", "y-1")]);
    await fleet.merge([tie("Älpha ﬁ", "x-2")]);
    await fleet.merge([tie("Älpha 😀", "y-2")]);
    const { results } = await DB.prepare("SELECT value FROM dealer_records WHERE dealer_id LIKE 'tie-%'").all<{
      value: string;
    }>();
    expect(results.map(({ value }) => JSON.parse(value).name)).toEqual(["Älpha 😀", "Älpha 😀"]);
  });

  it("breaks a tie between a dealer and none like the domain, in either order", async () => {
    const tie = (device: string, topic: string, data: object) =>
      eventOf({ topic, eventId: "tie", deviceId: device, occurredAt: at(1), data });
    const give = (device: string) =>
      tie(device, "device.elt.dealer.assigned", { dealer: { dealerId: "D-tie", name: "Tie" } });
    const take = (device: string) => tie(device, "device.elt.dealer.unassigned", {});
    const [first, second] = [freshDevice(), freshDevice()];
    // At once, so that both read before either writes and SQLite has to break the tie.
    await Promise.all([give(first), take(first)].map((event) => fleet.merge([event])));
    await Promise.all([take(second), give(second)].map((event) => fleet.merge([event])));
    const { results } = await DB.prepare(
      "SELECT d.dealer_id AS device, a.dealer_id AS assignment FROM devices d JOIN assignments a ON a.device_key = d.key WHERE d.key IN (?, ?)",
    )
      .bind(`elt:${first}`, `elt:${second}`)
      .all();
    expect(results).toEqual([
      { device: null, assignment: null },
      { device: null, assignment: null },
    ]);
  });
});
